"""AWS's limits on what a service may ask for: one value each, with the page that it comes from.

Settings and components read the same numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Range:
    """The whole numbers from `low` to `high`, both allowed, counted in `unit`."""

    low: int
    high: int
    unit: str

    def __contains__(self, number: int) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.low} to {self.high} {self.unit}".rstrip()


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MEMORY_MB: Final = Range(128, 10_240, "MB")
TIMEOUT_S: Final = Range(1, 900, "seconds")
EPHEMERAL_STORAGE_MB: Final = Range(512, 10_240, "MB")
LAYERS: Final = 5
ENVIRONMENT_BYTES: Final = 4_096

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
DESCRIPTION_CHARACTERS: Final = 256
HANDLER_CHARACTERS: Final = 128
SUBNETS: Final = Range(2, 16, "subnets")  # one subnet would be one availability zone

# A sixteenth of it for each private subnet, and a 256th, at least /28, for each of the NAT gateways'.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
NETWORK_BITS: Final = Range(16, 20, "bits")
NETWORK_ZONES: Final = Range(2, 6, "zones")

# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
ASYNC_EVENT_AGE_S: Final = Range(60, 21_600, "seconds")
ASYNC_RETRIES: Final = Range(0, 2, "retries")

# A regional quota that can be raised: concurrent executions of an account.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#compute-and-storage
ACCOUNT_CONCURRENCY: Final = 1_000

# https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html#managing-provisioned-concurency
# "LambdaProvisionedConcurrencyUtilization": a target between 10 % and 90 %.
PROVISIONED_UTILIZATION_PERCENT: Final = Range(10, 90, "%")

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

# The levels of Lambda's JSON logging configuration, for the application's own log lines.
# https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html
LOG_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED_VARIABLES: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)

# Inline policies of a role in aggregate, white space not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
ROLE_POLICY_CHARACTERS: Final = 10_240

# An HTTP API gives up on an integration after 30 s, and that can't be raised.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
HTTP_API_TIMEOUT_MS: Final = 30_000

# "IntegerWithLengthBetweenMinus1And86400": -1 tells browsers to keep nothing.
# https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html
CORS_AGE_S: Final = Range(-1, 86_400, "seconds")

# A REST API gives up after 29 s, unless a regional quota was raised.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
REST_API_TIMEOUT_MS: Final = 29_000

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
QUEUE_RETENTION_S: Final = Range(60, 1_209_600, "seconds")
QUEUE_VISIBILITY_S: Final = Range(0, 43_200, "seconds")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
QUEUE_RECEIVES: Final = Range(1, 1_000, "tries")

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
QUEUE_BATCH: Final = Range(1, 10_000, "messages")
QUEUE_BATCH_AT_ONCE: Final = 10  # larger ones take a window to gather them
QUEUE_WINDOW_S: Final = Range(0, 300, "seconds")
QUEUE_CONCURRENCY: Final = Range(2, 1_000, "calls at once")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
QUEUE_VISIBILITY_FACTOR: Final = 6

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
RULE_RETRIES: Final = Range(0, 185, "retries")
RULE_EVENT_AGE_S: Final = Range(60, 86_400, "seconds")

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
RULE_DESCRIPTION_CHARACTERS: Final = 512
RULE_PATTERN_CHARACTERS: Final = 4_096

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
TARGET_INPUT_CHARACTERS: Final = 8_192

# https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TimeBasedCanary.html
DEPLOYMENT_MINUTES: Final = Range(1, 2_880, "minutes")
TRAFFIC_PERCENT: Final = Range(1, 99, "%")

# Access and ID tokens of a user pool's client.
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
TOKEN_MINUTES: Final = Range(5, 1_440, "minutes")

# Before objects may go to the class for infrequent access.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
BUCKET_INFREQUENT_DAYS: Final = 30

# "countNumber" of a lifecycle rule; the most here is more than anybody keeps.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
IMAGES_KEPT: Final = Range(1, 1_000, "images")
