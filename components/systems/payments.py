"""Payments: a service that charges from an API and a queue, one that makes thumbnails, one for accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.asynchronous import AsyncArgs
from components.data.bucket import Bucket, BucketArgs
from components.data.queue import Queue, QueueArgs
from components.data.table import Index, Key, Table, TableArgs
from components.data.user_pool import UserPool, UserPoolArgs
from components.network import Network, NetworkArgs
from components.problems import Problem
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, System, SystemArgs, SystemService, url_problems
from components.triggers.api import Route, Throttling
from components.triggers.event_rule import EventRule, EventRuleArgs
from components.triggers.http_api import HttpApi, HttpApiArgs, JwtAuthorizer
from components.triggers.queue_source import QueueSource, QueueSourceArgs

PAYMENT_PROCESSOR = "payment-processor"
IMAGE_PROCESSOR = "image-processor"
ACCOUNTS = "accounts"

ROUTES = (
    Route(key="POST /payments", service=PAYMENT_PROCESSOR, exact=True),
    Route(key="PUT /users/{id}", service=ACCOUNTS, exact=True),
    Route(key="GET /users/{id}", service=ACCOUNTS, exact=True),
    Route(key="GET /users/{id}/orders", service=ACCOUNTS, exact=True),
    Route(key="GET /users", service=ACCOUNTS, exact=True),
)

CALLED_SERVICES = ("sqs", "xray", "logs")
"""What payment-processor calls beside the tables, by the names of the services' endpoints."""

_RUNTIME = "python3.12"
_HANDLER = "handler.handler"
_PAYMENT_PROCESSOR = ServiceArgs(runtime=_RUNTIME, memory_mb=512, timeout_s=30, reserved_concurrency=100)
_IMAGE_PROCESSOR = ServiceArgs(runtime=_RUNTIME, memory_mb=1024, timeout_s=60, reserved_concurrency=20)
_ACCOUNTS = ServiceArgs(runtime=_RUNTIME, memory_mb=256, timeout_s=10)
_MAX_RECEIVES = 5
_BY_GSI1 = Index(name="GSI1", hash_key=Key(name="GSI1PK"), range_key=Key(name="GSI1SK"))
_UPLOADS, _THUMBNAILS = "uploads/", "thumbnails/"


@dataclass(frozen=True, kw_only=True)
class PaymentsArgs(SystemArgs):
    """What Payments is told in a stage.

    network: where payment-processor runs.
    password_sign_in: whether users may sign in by sending their password, as scripts and tests do.
    """

    network: Network | NetworkArgs
    throttling: Throttling = field(default_factory=Throttling)
    password_sign_in: bool = False
    payment_processor: ServiceArgs = _PAYMENT_PROCESSOR
    image_processor: ServiceArgs = _IMAGE_PROCESSOR
    accounts: ServiceArgs = _ACCOUNTS

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the choices that no part knows."""
        if isinstance(self.network, NetworkArgs):
            yield from self.network.problems()
        yield from url_problems(
            f"system {self.scope.system}",
            "The API, the queue and the rule call the services.",
            payment_processor=self.payment_processor,
            image_processor=self.image_processor,
            accounts=self.accounts,
        )


@dataclass(frozen=True, kw_only=True)
class PaymentsParts(Parts[PaymentsArgs]):
    """What Payments is made of beside its services."""

    payments: TableArgs
    app: TableArgs
    idempotency: TableArgs
    input: QueueArgs
    results: QueueArgs
    uploads: BucketArgs
    users: UserPoolArgs
    api: HttpApiArgs
    source: QueueSourceArgs
    image_upload: EventRuleArgs


class PaymentProcessor(SystemService[PaymentsParts]):
    """Charges payments, each once, from the API and from the queue."""

    PULUMI_TYPE = "fleet:payments:PaymentProcessor"

    @staticmethod
    def arguments(parts: PaymentsParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args, chosen = parts.args, parts.args.payment_processor
        return chosen.applied_to(
            LambdaServiceArgs(
                scope=args.scope,
                service=PAYMENT_PROCESSOR,
                description="Payments: charges payments, each once",
                code=chosen.code("functions/payments/payment_processor", args.common.packages),
                handler=_HANDLER,
                network=args.network,
                environment={
                    "TABLE_NAME": parts.payments.name,
                    "APP_TABLE_NAME": parts.app.name,
                    "IDEMPOTENCY_TABLE_NAME": parts.idempotency.name,
                    "QUEUE_URL": parts.results.url,
                    "POWERTOOLS_SERVICE_NAME": PAYMENT_PROCESSOR,
                    "LOG_LEVEL": chosen.log_level.upper(),
                },
                grants=(
                    parts.payments.grant_put(),
                    parts.payments.grant_get(),
                    parts.payments.grant_update(),
                    parts.app.grant_put(),
                    parts.idempotency.grant_get(),
                    parts.idempotency.grant_put(),
                    parts.idempotency.grant_update(),
                    parts.idempotency.grant_delete(),
                    *parts.input.grant_receive(),
                    *parts.results.grant_send(),
                ),
                asynchronous=AsyncArgs(),
            )
        )


class ImageProcessor(SystemService[PaymentsParts]):
    """Makes a thumbnail of each picture that is uploaded."""

    PULUMI_TYPE = "fleet:payments:ImageProcessor"

    @staticmethod
    def arguments(parts: PaymentsParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args, chosen = parts.args, parts.args.image_processor
        return chosen.applied_to(
            LambdaServiceArgs(
                scope=args.scope,
                service=IMAGE_PROCESSOR,
                description="Payments: a thumbnail of each picture",
                code=chosen.code("functions/payments/image_processor", args.common.packages),
                handler=_HANDLER,
                environment={"UPLOADS_BUCKET": parts.uploads.name, "LOG_LEVEL": chosen.log_level.upper()},
                grants=(*parts.uploads.grant_read(_UPLOADS), *parts.uploads.grant_put(_THUMBNAILS)),
                asynchronous=AsyncArgs(),
            )
        )


class Accounts(SystemService[PaymentsParts]):
    """Keeps users, and tells their orders."""

    PULUMI_TYPE = "fleet:payments:Accounts"

    @staticmethod
    def arguments(parts: PaymentsParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args, chosen = parts.args, parts.args.accounts
        return chosen.applied_to(
            LambdaServiceArgs(
                scope=args.scope,
                service=ACCOUNTS,
                description="Payments: users and their orders",
                code=chosen.code("functions/payments/accounts", args.common.packages),
                handler=_HANDLER,
                environment={"TABLE_NAME": parts.app.name, "LOG_LEVEL": chosen.log_level.upper()},
                grants=(
                    parts.app.grant_put(),
                    parts.app.grant_read(),
                    parts.app.grant_query_index(_BY_GSI1.name),
                ),
            )
        )


class Payments(System[PaymentsArgs, PaymentsParts]):
    """The system: its three services, tables, queues and bucket, and the API with its users in front."""

    NAME = "payments"
    PULUMI_TYPE = "fleet:payments:Payments"
    SERVICES = {  # noqa: RUF012 -- never changed
        PAYMENT_PROCESSOR: PaymentProcessor,
        IMAGE_PROCESSOR: ImageProcessor,
        ACCOUNTS: Accounts,
    }

    @staticmethod
    def describe(args: PaymentsArgs) -> PaymentsParts:
        """Say what the system is made of beside its services."""
        uploads = BucketArgs(
            scope=args.scope,
            what="uploads",
            events=True,
            kms_key_arn=args.common.kms_key_arn,
            protect=args.common.protect,
        )
        source = QueueSourceArgs(scope=args.scope, what="input", service=PAYMENT_PROCESSOR)
        return PaymentsParts(
            args=args,
            payments=_table(args, "payments", Key(name="payment_id")),
            app=replace(_table(args, "app", Key(name="PK")), range_key=Key(name="SK"), indexes=(_BY_GSI1,)),
            # Powertools' own: https://docs.powertools.aws.dev/lambda/python/latest/utilities/idempotency/
            idempotency=replace(_table(args, "idempotency", Key(name="id")), expires_by="expiration"),
            input=replace(
                _queue(args, "input"),
                service=PAYMENT_PROCESSOR,
                # Both change together, so that a message is never seen while it may still be worked on.
                visibility_timeout_s=source.least_visibility_s(args.payment_processor.timeout_s),
                max_receives=_MAX_RECEIVES,
            ),
            results=_queue(args, "results"),
            uploads=uploads,
            users=UserPoolArgs(
                scope=args.scope, password_flow=args.password_sign_in, protect=args.common.protect
            ),
            api=HttpApiArgs(
                scope=args.scope,
                routes=ROUTES,
                throttling=args.throttling,
                log_retention_days=args.common.log_retention_days,
                kms_key_arn=args.common.kms_key_arn,
                protect=args.common.protect,
            ),
            source=source,
            image_upload=_image_upload(args, uploads),
        )

    def make(self, parts: PaymentsParts) -> None:
        """Register the parts."""
        for what in ("payments", "app", "idempotency"):
            Table(self.child(what), getattr(parts, what), self.here())
        self._input = Queue(self.child("input"), parts.input, self.here())
        self._results = Queue(self.child("results"), parts.results, self.here())
        Bucket(self.child("uploads"), parts.uploads, self.here())
        self._users = UserPool(self.child("users"), parts.users, self.here())
        self.serve()
        authorizer = JwtAuthorizer(issuer=self._users.issuer, audience=(self._users.client_id,))
        api = replace(parts.api, authorizer=authorizer)
        self._api = HttpApi(self.child("api"), api, self.services, self.here())
        processor = self.services[PAYMENT_PROCESSOR]
        QueueSource(self.child("source"), parts.source, self._input, processor, self.here())
        images = self.services[IMAGE_PROCESSOR]
        EventRule(self.child(parts.image_upload.what), parts.image_upload, images, self.here())
        self._names = {what: getattr(parts, what).name for what in ("payments", "app", "idempotency")}
        self._bucket_name = parts.uploads.name

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says about the system: its API and users, its data, its functions."""
        return {
            "apiUrl": self._api.url,
            "userPool": {"id": self._users.pool.id, "clientId": self._users.client_id},
            "tables": self._names,
            "queues": {"input": self._input.queue.url, "results": self._results.queue.url},
            "uploadsBucket": self._bucket_name,
            **super().outputs,
        }


def _table(args: PaymentsArgs, what: str, hash_key: Key) -> TableArgs:
    return TableArgs(scope=args.scope, what=what, hash_key=hash_key, protect=args.common.protect)


def _queue(args: PaymentsArgs, what: str) -> QueueArgs:
    return QueueArgs(
        scope=args.scope, what=what, kms_key_arn=args.common.kms_key_arn, protect=args.common.protect
    )


def _image_upload(args: PaymentsArgs, uploads: BucketArgs) -> EventRuleArgs:
    # One pattern with both ends: a prefix and a suffix side by side would be an OR, and match the thumbnails.
    keys = [{"wildcard": f"{_UPLOADS}*.jpg"}, {"wildcard": f"{_UPLOADS}*.png"}]
    return EventRuleArgs(
        scope=args.scope,
        what="s3-image-upload",
        service=IMAGE_PROCESSOR,
        description="a picture is uploaded",
        pattern={
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [uploads.name]}, "object": {"key": keys}},
        },
        target_id="ProcessImage",
        retries=2,
        max_age_s=3_600,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )
