from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import Kind, Names, Scope
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE

words = st.from_regex(r"[a-z][a-z0-9]{0,40}(-[a-z0-9]{1,20}){0,2}", fullmatch=True)


def test_names_and_arns_of_a_service() -> None:
    names = Names(scope=SCOPE, service="record-service")

    assert names.function == "typerush-dev-record-service"
    assert names.function_arn == (
        "arn:aws:lambda:ap-southeast-1:123456789012:function:typerush-dev-record-service"
    )
    assert names.alias_arn == f"{names.function_arn}:live"
    assert names.role == "typerush-dev-record-service"
    assert names.role_arn == "arn:aws:iam::123456789012:role/typerush-dev-record-service"
    assert names.log_group == "/aws/lambda/typerush-dev-record-service"
    assert names.log_streams_arn == (
        "arn:aws:logs:ap-southeast-1:123456789012:"
        "log-group:/aws/lambda/typerush-dev-record-service:log-stream:*"
    )
    assert names.alarm("errors") == "typerush-dev-record-service-errors"
    assert list(names.problems()) == []


def test_a_prefix_and_a_log_group_of_ones_own() -> None:
    scope = replace(SCOPE, system="hoopstat", prefix="hoopstat-haus")
    names = Names(scope=scope, service="mcp-server", log_group_name="/hoopstat/mcp")

    assert names.function == "hoopstat-haus-dev-mcp-server"
    assert names.log_group == "/hoopstat/mcp"
    tags = {"System": "hoopstat", "Stage": "dev", "ManagedBy": "pulumi"}
    assert scope.tags("mcp-server") == {**tags, "Service": "mcp-server"}
    assert scope.tags() == {**tags, "Service": "shared"}


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partition_follows_the_region(region: str, partition: str) -> None:
    scope = replace(SCOPE, region=region)
    assert scope.partition == partition
    assert scope.arn("sqs", "q") == f"arn:{partition}:sqs:{region}:123456789012:q"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"system": "Type Rush"}, "system is 'Type Rush'; allowed: lower-case letters"),
        ({"stage": "dev-"}, "stage is 'dev-'; allowed: lower-case letters"),
        ({"prefix": "9x"}, "prefix is '9x'; allowed: lower-case letters"),
        ({"account": "12345"}, "account is '12345'; allowed: twelve digits"),
        ({"region": "mars"}, "region is 'mars'; allowed: the name of an AWS region"),
    ],
)
def test_a_scope_that_gives_no_names_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="system") as error:
        replace(SCOPE, **change)
    assert message in str(error.value)


def test_all_problems_of_a_scope_are_told_at_once() -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        Scope(system="X", stage="Y", account="Z", region="W")
    assert [problem.what for problem in error.value.problems] == ["system", "stage", "account", "region"]


def test_a_name_over_the_limit_says_which_how_long_and_the_limit() -> None:
    service = "a" * 60
    (problem,) = Names(scope=SCOPE, service=service).problems()
    assert str(problem) == (
        f"service {service}: the function name 'typerush-dev-{service}' is 73 characters long; "
        "allowed: at most 64. Shorten the system's, the stage's or the service's name."
    )


def test_impossible_log_group_names() -> None:
    problems = list(Names(scope=SCOPE, service="api", log_group_name="a b" * 200).problems())
    assert [problem.got for problem in problems] == ["600 characters long", repr("a b" * 200)]


@given(system=words, stage=words, service=words)
def test_a_name_fits_or_is_a_problem(system: str, stage: str, service: str) -> None:
    names = Names(
        scope=Scope(system=system, stage=stage, account="123456789012", region="eu-west-1"), service=service
    )
    fits = len(f"{system}-{stage}-{service}") <= Kind.FUNCTION.limit
    assert (list(names.problems()) == []) == fits
    assert names.alias_arn.split(":")[6:] == [f"{system}-{stage}-{service}", "live"]


@given(word=st.text(max_size=20))
def test_a_service_name_is_a_word_or_a_problem(word: str) -> None:
    possible = re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", word) is not None
    problems = [p for p in Names(scope=SCOPE, service=word).problems() if p.what == "service"]
    assert (problems == []) == possible
