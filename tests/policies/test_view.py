from __future__ import annotations

import pytest

from policies.view import UNKNOWN, Block, MalformedError, Resource, Secret
from policies.view.arn import Arn
from policies.view.graph import FUNCTION, QUEUE, ROLE
from policies.view.values import from_struct
from tests.policies import stacks
from tests.policies.stacks import ACCOUNT, REGION, Stack, secret, valid

QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-dev-orders"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
ALIAS = "aws:lambda/alias:Alias"


def _block(**values: object) -> Block:
    return Block(from_struct(stacks._struct(values)))


def test_values_are_plain_and_numbers_whole() -> None:
    block = _block(memory=512.0, ratio=0.5, names=["a", "b"], flag=True, nothing=None)
    assert (block.number("memory"), type(block.number("memory"))) == (512, int)
    assert block.number("ratio") == 0.5
    assert block.texts("names") == ["a", "b"]
    assert block.flag("flag") is True
    assert not block.has("nothing")


def test_unknown_is_a_value_and_absent_is_none() -> None:
    block = _block(name=stacks.UNKNOWN, inner={"mode": stacks.UNKNOWN}, items=["a", stacks.UNKNOWN])
    assert block.text("name") is UNKNOWN
    assert block.text("name.further.down") is UNKNOWN
    assert block.text("inner.mode") is UNKNOWN
    assert block.text("inner.other") is None
    assert block.text("other.mode") is None
    assert block.texts("items") == ["a", UNKNOWN]


def test_secrets_stay_wrapped_and_show_nothing() -> None:
    block = _block(password=secret("hunter2"), variables={"TOKEN": secret("hunter3")}, plain="x")
    assert repr(block.values["password"]) == "[secret]"
    assert isinstance(block.values["password"], Secret)
    assert "hunter" not in repr(block.values)
    assert block.text("password") == "hunter2"
    assert block.text("variables.TOKEN") == "hunter3"
    assert (block.is_secret("password"), block.is_secret("variables"), block.is_secret("plain")) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda b: b.text("n"), "n is a number, not a string"),
        (lambda b: b.number("s"), "s is a string, not a number"),
        (lambda b: b.number("f"), "f is a boolean, not a number"),
        (lambda b: b.flag("s"), "s is a string, not a boolean"),
        (lambda b: b.block("s"), "s is a string, not an object"),
        (lambda b: b.text("s.inner"), "s.inner is a string, not an object"),
        (lambda b: b.texts("s"), "s is a string, not a list of strings"),
        (lambda b: b.texts("l"), r"l\[0\] is a number, not a string"),
        (lambda b: b.blocks("l"), r"l\[0\] is a number, not an object"),
    ],
)
def test_wrong_types_are_said_without_the_value(read: object, problem: str) -> None:
    assert callable(read)
    with pytest.raises(MalformedError, match=f"^{problem}$"):
        read(_block(n=1, s="hunter2", f=True, l=[1]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (QUEUE_ARN, "jobs"),
        (FUNCTION_ARN, "shop-dev-orders"),
        (f"{FUNCTION_ARN}:live", "shop-dev-orders"),
        (f"arn:aws:iam::{ACCOUNT}:role/path/to/name", "name"),
        (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/1", "orders"),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/a:*", "/aws/lambda/a"),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/db-AbC123", "shop/db"),
        ("arn:aws:s3:::bucket/key", "bucket"),
    ],
)
def test_names_in_arns(text: str, name: str) -> None:
    arn = Arn.parse(text)
    assert arn is not None
    assert arn.name == name


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:sqs:r:a", "arn:aws:sqs:r:a:", "*", "urn:a:b:c:d:e"])
def test_what_is_no_arn(text: str) -> None:
    assert Arn.parse(text) is None


def _get(stack: Stack, name: str) -> Resource:
    resource = stack.graph().get(stack.resources[name].urn)
    assert resource is not None
    return resource


@pytest.mark.parametrize("value", [stacks.UNKNOWN, QUEUE_ARN, "jobs"])
@pytest.mark.parametrize(
    "function", [stacks.UNKNOWN, FUNCTION_ARN, f"{FUNCTION_ARN}:live", "shop-dev-orders"]
)
def test_the_queue_that_feeds_a_function(value: str, function: str) -> None:
    stack = valid()
    stack.add(QUEUE, "queue", {"name": "jobs"})
    stack.add(
        MAPPING,
        "mapping",
        {"eventSourceArn": value, "functionName": function},
        depends={"eventSourceArn": "queue", "functionName": "orders-function"},
    )
    graph = stack.graph()
    (fed,) = graph.of_type(FUNCTION)
    (feed,) = graph.feeds_of(fed)
    assert isinstance(feed.source, Resource)
    assert feed.source.name == "queue"


def test_a_queue_by_hand_that_is_elsewhere_stays_its_arn() -> None:
    stack = valid()
    stack.add(QUEUE, "queue", {"name": "other"})
    stack.add(MAPPING, "mapping", {"eventSourceArn": QUEUE_ARN, "functionName": "shop-dev-orders"})
    (feed,) = stack.graph().feeds
    assert feed.source == QUEUE_ARN


def test_a_function_through_its_alias() -> None:
    stack = valid()
    stack.add(
        ALIAS,
        "alias",
        {"name": "live", "functionName": stacks.UNKNOWN},
        depends={"functionName": "orders-function"},
    )
    stack.add(MAPPING, "mapping", {"functionName": stacks.UNKNOWN}, depends={"functionName": "alias"})
    (feed,) = stack.graph().feeds
    assert isinstance(feed.function, Resource)
    assert feed.function.name == "orders-function"
    assert feed.source is None


def test_policies_of_a_role() -> None:
    stack = valid()
    stack.add("aws:iam/policy:Policy", "managed", {"name": "managed", "policy": "{}"})
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    stack.add(
        attachment,
        "by-name",
        {"role": "shop-dev-orders", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/managed"},
    )
    stack.add(
        attachment,
        "by-arn",
        {"role": "shop-dev-orders", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    )
    graph = stack.graph()
    (role,) = graph.of_type(ROLE)
    names = [policy.name if isinstance(policy, Resource) else policy for policy in graph.policies_of(role)]
    assert names == ["orders-policy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "managed"]


def test_accounts_come_from_the_providers() -> None:
    assert valid().graph().accounts == {ACCOUNT}


def test_a_loop_of_parents_ends() -> None:
    stack = valid()
    first = stack.add("shop:index:A", "a", {})
    second = stack.add("shop:index:B", "b", {}, parent="a")
    first.parent = second.urn
    assert [above.name for above in stack.graph().ancestors(_get(stack, "a"))] == ["b"]
