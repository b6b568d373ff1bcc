from __future__ import annotations

import pytest

from components.permissions import FunctionUrlArgs, Invoker
from components.problems import InvalidArgumentsError
from tests.components.sample import GAME_ROLE

BUCKET = "arn:aws:s3:::uploads"


def test_a_service_is_named_with_its_source() -> None:
    invoker = Invoker.by_service(
        "AllowS3", "s3.amazonaws.com", source_arn=BUCKET, source_account="123456789012"
    )
    assert invoker == Invoker(
        statement_id="AllowS3",
        principal="s3.amazonaws.com",
        source_arn=BUCKET,
        source_account="123456789012",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Allow", "s3.amazonaws.com", None, None), "the source is none; allowed: the ARN of what makes"),
        (("Allow", GAME_ROLE, BUCKET, None), "A role is named by its ARN, with Invoker.by_role"),
        (("Allow", "*", BUCKET, None), "the principal is '*'; allowed: an AWS service"),
        (("Allow", "s3.amazonaws.com", None, "me"), "source_account is 'me'; allowed: twelve digits"),
        (("Allow", "s3.amazonaws.com", "arn:aws:s3:::*", "123456789012"), "source_arn is 'arn:aws:s3:::*';"),
        (
            ("Allow", "s3.amazonaws.com", "uploads", "123456789012"),
            "source_arn is 'uploads'; allowed: an ARN",
        ),
        (("Allow", "s3.amazonaws.com", BUCKET, None), "source_account is none; allowed: the account of"),
        (("Allow", "events.amazonaws.com", "arn:aws:events:*:123456789012:rule/r", None), "source_arn is"),
        (("Allow", "events.amazonaws.com", "arn:aws:events:eu-west-1:*:rule/r", None), "source_arn is"),
        (("Allow", "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:*", None), "source_arn is"),
        (
            ("Allow", "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/*", None),
            "source_arn is",
        ),
        (("Allow it", "s3.amazonaws.com", BUCKET, None), "the statement id is 'Allow it'; allowed: 1 to 100"),
    ],
)
def test_an_impossible_service_is_refused(
    arguments: tuple[str, str, str | None, str | None], message: str
) -> None:
    statement_id, service, source_arn, source_account = arguments
    with pytest.raises(InvalidArgumentsError) as error:
        Invoker.by_service(statement_id, service, source_arn=source_arn, source_account=source_account)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "source",
    [
        "arn:aws:events:eu-west-1:123456789012:rule/nightly",
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*/*",
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*/GET/records",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
    ],
)
def test_a_source_is_exact_or_below_what_is(source: str) -> None:
    assert Invoker.by_service("Allow", "x.amazonaws.com", source_arn=source).source_arn == source


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:user/me",
        "ecs-tasks.amazonaws.com",
    ],
)
def test_a_role_is_one_exact_role(principal: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="Name one role exactly"):
        Invoker.by_role("Allow", principal)


def test_callers_of_a_function_url_are_exact_roles() -> None:
    with pytest.raises(InvalidArgumentsError, match="Name one role exactly"):
        _ = FunctionUrlArgs(callers=(("Allow", "*"),)).invokers
