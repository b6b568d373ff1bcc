"""DDB-01, DDB-02, DDB-03: tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import shown
from policies.view import Resource

TABLE: Final = "aws:dynamodb/table:Table"


def _demand(path: str) -> Callable[[Resource, Context], Iterator[Finding]]:
    """Demand that a flag is true."""

    def check(table: Resource, context: Context) -> Iterator[Finding]:
        value = table.flag(path)
        if value is not True:
            yield Finding(resource=table, subject=path, found=shown(path, value), allowed="true")

    return check


DDB_01 = Rule(
    id="DDB-01",
    title="A table can't be restored to a point in time",
    severity=Severity.HIGH,
    what="Every DynamoDB table has point-in-time recovery.",
    why="What a faulty deployment overwrites or deletes is otherwise gone.",
    mend='Set point_in_time_recovery={"enabled": True}.',
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
    over=resources(TABLE),
    check=_demand("pointInTimeRecovery.enabled"),
    early=True,
)

DDB_02 = Rule(
    id="DDB-02",
    title="A table isn't encrypted with a key of the account",
    severity=Severity.MEDIUM,
    what="Every DynamoDB table is encrypted with a KMS key of the account: AWS's managed one or one's own.",
    why="The default key belongs to AWS: its use can't be seen, restricted or withdrawn.",
    mend='Set server_side_encryption={"enabled": True}, with kms_key_arn for a key of one\'s own.',
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html",
    over=resources(TABLE),
    check=_demand("serverSideEncryption.enabled"),
    early=True,
)

DDB_03 = Rule(
    id="DDB-03",
    title="A table can be deleted by mistake",
    severity=Severity.MEDIUM,
    what="Every DynamoDB table has deletion protection. It is for prod: other stages disable the rule.",
    why="A rename in the program is a replacement, which deletes the table with all that is in it.",
    mend="Set deletion_protection_enabled=True.",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection",
    over=resources(TABLE),
    check=_demand("deletionProtectionEnabled"),
    early=True,
)
