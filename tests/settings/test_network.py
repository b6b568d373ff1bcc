from __future__ import annotations

from typing import Any

import pytest

from components.network import Nat, Network, NetworkArgs
from components.systems.typerush import CALLED_SERVICES, TypeRushArgs
from tests.settings import sample
from tests.settings.sample import REMOVED, changed

NETWORK = "lambda-fleet:typerush.network"


def network(value: dict[str, Any]) -> Network | NetworkArgs:
    args = sample.load(changed({NETWORK: value})).systems["typerush"]
    assert isinstance(args, TypeRushArgs)
    return args.network


def test_a_network_that_the_program_makes() -> None:
    made = network({"create": {}})
    assert isinstance(made, NetworkArgs)
    assert (made.scope.system, made.scope.region) == ("typerush", "ap-southeast-1")
    assert made.services == CALLED_SERVICES
    assert (made.zones, made.cidr, made.nat) == (("a", "b"), "10.0.0.0/16", Nat.NONE)


def test_its_choices() -> None:
    made = network({"create": {"zones": ["b", "c"], "cidr": "10.8.0.0/18", "nat": "onePerZone"}})
    assert isinstance(made, NetworkArgs)
    assert (made.zones, made.cidr, made.nat) == (("b", "c"), "10.8.0.0/18", Nat.ONE_PER_ZONE)


@pytest.mark.parametrize(
    ("path", "value", "found", "allowed"),
    [
        ("create", {"nat": "two"}, "'two'", "one of none, single, onePerZone"),
        ("create", {"zones": ["a"]}, "'a'", "2 to 6 zones"),
        ("create", {"cidr": "10.0.0.0/8"}, "'10.0.0.0/8'", "an IPv4 network of 16 to 20 bits"),
        ("create", {"zone": ["a"]}, "a key that nothing reads", "zones, cidr, nat"),
        ("vpcId", REMOVED, "nothing", "the id of the VPC"),
    ],
)
def test_mistakes(path: str, value: Any, found: str, allowed: str) -> None:
    base: Any = {NETWORK: {}} if path == "create" else {}
    (mistake,) = sample.mistakes(changed(base | {f"{NETWORK}.{path}": value}))
    assert mistake.path.startswith(f"{NETWORK}.{path}")
    assert found in mistake.found
    assert allowed in mistake.allowed


def test_ids_and_a_network_to_be_made_contradict_each_other() -> None:
    mistakes = sample.mistakes(changed({f"{NETWORK}.create": {}}))
    assert [each.path for each in mistakes] == [
        f"{NETWORK}.{key}" for key in ("vpcId", "subnetIds", "securityGroupId")
    ]
    assert {each.found for each in mistakes} == {"an id beside create"}
