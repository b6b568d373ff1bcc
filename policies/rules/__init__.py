"""The rules, one topic a file. Their order is the order in which they are asked and documented.

How a rule is added:

1. Write it in the file of its topic (or a new one): a `Rule` with an id that is never used again, its texts,
   what it judges (`over=`) and a function that yields a `Finding` for each thing wrong.
   - `over=resources("aws:sqs/queue:Queue")` hands the function one resource after the other;
     `over=documents(Kind.IDENTITY)` one policy document; `over=stack` the graph as a whole.
   - The `Context` has the graph (`context.graph.role_of(function)`, `.feeds_of(function)`,
     `.link(resource, "property", *types)`), the stage, the day, and the rule's settings.
   - Read properties with `resource.text/number/flag/block/texts/blocks("path.to.it")`: None is absent,
     UNKNOWN can't be known at this preview. Say something about UNKNOWN: a mandatory rule is never silent
     about what it can't read, unless another rule speaks for it, as IAM-10 does.
   - `Finding.subject` is stable and names the thing (the action, the property): exceptions refer to it.
   - Never put a property's value that may be a secret into a text.
   - What a stage may change is a `Setting` in `settings=`; its default is the strict one.
2. List it in ALL.
3. Test it in tests/policies/rules/: a valid graph, one change, the exact finding; near misses; unknowns.
   Plant one fault of it in tests/policies/planted.py, which is judged over the real protocol.
4. Generate docs/policies.md anew.
"""

from __future__ import annotations

from typing import Any, Final

from policies.rule import Rule
from policies.rules import (
    alarms,
    apis,
    buckets,
    event_sources,
    events,
    iam_actions,
    iam_documents,
    iam_escalation,
    iam_managed,
    iam_negations,
    iam_passrole,
    iam_resources,
    iam_roles,
    iam_trust,
    lambda_architecture,
    lambda_concurrency,
    lambda_environment,
    lambda_failures,
    lambda_limits,
    lambda_network,
    lambda_permissions,
    lambda_role,
    lambda_runtime,
    lambda_signing,
    lambda_size,
    lambda_tracing,
    lambda_url,
    logs,
    queues,
    quotas,
    secret_values,
    tables,
    tags,
)

ALL: Final[tuple[Rule[Any], ...]] = (
    iam_actions.IAM_01,
    iam_resources.IAM_02,
    iam_managed.IAM_03,
    iam_passrole.IAM_04,
    iam_negations.IAM_05,
    iam_escalation.IAM_06,
    iam_resources.IAM_07,
    iam_trust.IAM_08,
    iam_documents.IAM_09,
    iam_documents.IAM_10,
    iam_roles.IAM_11,
    lambda_architecture.LAM_01,
    lambda_runtime.LAM_02,
    lambda_tracing.LAM_03,
    lambda_failures.LAM_04,
    lambda_concurrency.LAM_05,
    lambda_environment.LAM_06,
    lambda_url.LAM_07,
    lambda_permissions.LAM_08,
    lambda_network.LAM_09,
    lambda_signing.LAM_10,
    lambda_size.LAM_11,
    lambda_limits.LAM_12,
    lambda_role.LAM_13,
    logs.LOG_01,
    logs.LOG_02,
    event_sources.ESM_01,
    event_sources.ESM_02,
    queues.SQS_01,
    queues.SQS_02,
    queues.SQS_03,
    tables.DDB_01,
    tables.DDB_02,
    tables.DDB_03,
    buckets.S3_01,
    buckets.S3_02,
    buckets.S3_03,
    buckets.S3_04,
    apis.API_01,
    apis.API_02,
    apis.API_03,
    apis.API_04,
    events.EVT_01,
    events.EVT_02,
    secret_values.SEC_01,
    secret_values.SEC_02,
    secret_values.SEC_03,
    alarms.OPS_01,
    tags.OPS_02,
    quotas.OPS_03,
)
