from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import grants
from components.grants import ACTIONS_ON_ANY_RESOURCE, Grant, policy_document
from components.naming import Names
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE

BUCKET = "arn:aws:s3:::uploads"
NAMES = Names(scope=SCOPE, service="worker")

actions = st.from_regex(r"[a-z0-9-]{1,12}:[A-Z][A-Za-z]{0,20}", fullmatch=True)
arns = st.builds(
    "arn:aws:{}:eu-west-1:123456789012:{}/{}".format,
    st.sampled_from(["dynamodb", "sqs", "lambda"]),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
)


def grant(**changes: object) -> Grant:
    arguments = {"sid": "Read", "actions": ("s3:GetObject",), "resources": (f"{BUCKET}/a.txt",), **changes}
    return Grant(**arguments)  # type: ignore[arg-type]


def test_a_statement() -> None:
    given = grant(
        actions=("s3:PutObject", "s3:GetObject"), conditions={"Bool": {"aws:SecureTransport": "true"}}
    )
    assert given.statement() == {
        "Sid": "Read",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": ["arn:aws:s3:::uploads/a.txt"],
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }


@pytest.mark.parametrize("action", ["*", "s3:*", "s3:Get*", "s3:GetObjec?", "*:*"])
def test_a_wildcard_in_an_action_is_refused(action: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        grant(actions=("s3:GetObject", action))
    assert str(error.value) == (
        f"grant Read: an action is {action!r}; allowed: exact actions, without wildcards. "
        "Name each action that the service's code calls."
    )


@pytest.mark.parametrize("action", ["GetObject", "s3.GetObject", "", "s3:"])
def test_what_is_no_action_is_refused(action: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="'<service>:<Action>', as 's3:GetObject'"):
        grant(actions=(action,))


def test_any_resource_is_refused_with_an_action_that_has_resources() -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        grant(actions=("xray:PutTraceSegments", "s3:GetObject"), resources=("*",))
    assert str(error.value) == (
        "grant Read: the resource of s3:GetObject is '*'; allowed: exact ARNs. Name the resources; only "
        "actions that have none (ACTIONS_ON_ANY_RESOURCE) stand with '*'."
    )


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:log-stream:*",
        f"{BUCKET}/uploads/*",
        f"{BUCKET}/*",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/texts/index/*",
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/*/GET/texts",
    ],
)
def test_a_wildcard_below_a_fully_named_parent_is_taken(resource: str) -> None:
    assert grant(resources=(resource,)).resources == (resource,)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:logs:eu-west-1:123456789012:log-group:*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/*",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/*:log-stream:*",
        "arn:aws:logs:*:123456789012:log-group:/aws/lambda/f:log-stream:*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::uploads*",
        "arn:aws:s3:::up?oads/a.txt",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/*",
        "arn:aws:dynamodb:eu-west-1:123456789012:table/texts*",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-??????",
        "arn:aws:sqs:*:*:*",
        "arn:aws:*:eu-west-1:123456789012:texts",
    ],
)
def test_any_other_wildcard_in_a_resource_is_refused(resource: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="a wildcard only below a fully named parent"):
        grant(resources=(resource,))


@pytest.mark.parametrize("resource", ["uploads", "", "arn:aws:s3", "arn:aws:s3:::"])
def test_what_is_no_arn_is_refused(resource: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="allowed: an ARN"):
        grant(resources=(resource,))


@pytest.mark.parametrize(("change", "what"), [({"actions": ()}, "actions"), ({"resources": ()}, "resources")])
def test_nothing_granted_is_refused(change: dict[str, tuple[str, ...]], what: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=f"{what} is empty; allowed: at least one"):
        grant(**change)


def test_an_impossible_sid_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="sid is 'read-it'; allowed: 1 to 100 letters and digits"):
        grant(sid="read-it")


def test_all_problems_of_a_grant_are_told_at_once() -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        Grant(sid="?", actions=("s3:*",), resources=("arn:aws:s3:::*", "x"))
    assert len(error.value.problems) == 4


def test_what_stands_with_any_resource_has_a_reason() -> None:
    assert set(ACTIONS_ON_ANY_RESOURCE) == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
        "ecr:GetAuthorizationToken",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    assert grants.write_traces().reasons == {
        "xray:PutTelemetryRecords": "AWS defines no resource type for this action",
        "xray:PutTraceSegments": "AWS defines no resource type for this action",
    }
    assert grant().reasons == {}


def test_network_interfaces_are_for_lambda_and_not_for_the_code() -> None:
    interface_actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ]
    assert [given.statement() for given in grants.manage_network_interfaces(NAMES)] == [
        {
            "Sid": "ManageNetworkInterfaces",
            "Effect": "Allow",
            "Action": interface_actions,
            "Resource": ["*"],
        },
        {
            "Sid": "DenyNetworkInterfacesToCode",
            "Effect": "Deny",
            "Action": interface_actions,
            "Resource": ["*"],
            "Condition": {
                "ArnEquals": {
                    "lambda:SourceFunctionArn": (
                        "arn:aws:lambda:ap-southeast-1:123456789012:function:typerush-dev-worker"
                    )
                }
            },
        },
    ]


def test_documents() -> None:
    assert json.loads(policy_document([grant()])) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::uploads/a.txt"],
            }
        ],
    }
    assert json.loads(grants.trust_document("lambda.amazonaws.com")) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }


@given(
    allowed=st.lists(actions, min_size=1, max_size=3, unique=True),
    resources=st.lists(arns, min_size=1, max_size=3, unique=True),
)
def test_a_document_depends_on_what_is_granted_and_not_on_the_order(
    allowed: list[str], resources: list[str]
) -> None:
    documents = {
        policy_document([Grant(sid="S", actions=ordered, resources=tuple(resources))])
        for ordered in permutations(allowed)
    }
    documents |= {
        policy_document([Grant(sid="S", actions=tuple(allowed), resources=ordered)])
        for ordered in permutations(resources)
    }
    assert len(documents) == 1
    (statement,) = json.loads(documents.pop())["Statement"]
    assert (set(statement["Action"]), set(statement["Resource"])) == (set(allowed), set(resources))


@given(action=actions, at=st.integers(min_value=0), wildcard=st.sampled_from("*?"))
def test_no_wildcard_gets_into_an_action(action: str, at: int, wildcard: str) -> None:
    cut = at % (len(action) + 1)
    with pytest.raises(InvalidArgumentsError):
        grant(actions=(action[:cut] + wildcard + action[cut:],))


@given(arn=arns, at=st.integers(min_value=0), wildcard=st.sampled_from("*?"))
def test_no_wildcard_gets_into_a_whole_resource(arn: str, at: int, wildcard: str) -> None:
    cut = at % (len(arn) + 1)
    with pytest.raises(InvalidArgumentsError):
        grant(resources=(arn[:cut] + wildcard + arn[cut:],))
