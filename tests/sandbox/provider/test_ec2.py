from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from sandbox.provider.services.ec2 import SecurityGroupIngressRule
from sandbox.provider.settings import Settings
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
BASE: dict[str, Any] = {
    "securityGroupId": "sg-1",
    "referencedSecurityGroupId": "sg-2",
    "ipProtocol": "tcp",
    "fromPort": 5432,
    "toPort": 5432,
}


@pytest.fixture
def groups(endpoint: Endpoint) -> Iterator[tuple[str, str, str]]:
    ec2 = client(endpoint, "ec2", "us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = tuple(
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in "abc"
    )
    yield made
    for group in made:
        ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


@pytest.mark.parametrize("type", [INGRESS, EGRESS])
def test_a_life(live: Client, groups: tuple[str, str, str], type: str) -> None:
    one, two, three = groups
    base = BASE | {"securityGroupId": one, "referencedSecurityGroupId": two}
    made = walk(
        live,
        type,
        base,
        base | {"fromPort": 80, "toPort": 443, "description": "web", "tags": {"System": "shop"}},
        base | {"referencedSecurityGroupId": three},
        base | {"ipProtocol": "udp"},
        base | {"ipProtocol": "icmp", "fromPort": -1, "toPort": -1},
    )
    assert made.id.startswith("sgr-")
    assert made.outputs["securityGroupRuleId"] == made.id
    assert made.outputs["arn"] == f"arn:aws:ec2:us-east-1:000000000000:security-group-rule/{made.id}"


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ({"cidrIpv4": "10.0.0.0/16"}, {"cidrIpv4": "10.1.0.0/16"}),
        ({"cidrIpv6": "::/0"}, {"cidrIpv6": "fd00::/8"}),
    ],
)
def test_the_life_of_a_network(
    live: Client, groups: tuple[str, str, str], source: dict[str, str], other: dict[str, str]
) -> None:
    base = {"securityGroupId": groups[0], "ipProtocol": "-1"}
    walk(live, INGRESS, base | source | {"description": "all"}, base | other)


def test_a_rule_that_the_group_has_is_refused(live: Client, groups: tuple[str, str, str]) -> None:
    every = {"securityGroupId": groups[0], "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    with pytest.raises(RefusedError, match=r"the security group sg-\w+ has this rule already \(sgr-\w+\)"):
        live.create(EGRESS, every)
    live.delete(live.create(INGRESS, every))


def test_a_rule_whose_group_is_gone_is_gone(live: Client, endpoint: Endpoint) -> None:
    ec2 = client(endpoint, "ec2", "us-east-1")
    group = ec2.create_security_group(GroupName="going", Description="going")["GroupId"]
    rule = live.create(INGRESS, {"securityGroupId": group, "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"})
    ec2.delete_security_group(GroupId=group)
    assert live.read(rule).id == ""
    live.delete(rule)


def test_what_replaces(offline: Client) -> None:
    changes: dict[str, Any] = {
        "securityGroupId": "sg-3",
        "referencedSecurityGroupId": "sg-3",
        "fromPort": 1,
        "toPort": 5433,
        "ipProtocol": "udp",
        "description": "d",
        "region": "eu-west-1",
    }
    assert replaced(offline, INGRESS, BASE, **changes) == {"securityGroupId", "region"}


def test_another_kind_of_source_replaces(offline: Client) -> None:
    made = offline.create(INGRESS, BASE, preview=True)
    news = {key: value for key, value in BASE.items() if key != "referencedSecurityGroupId"}
    diff = offline.diff(made, news | {"cidrIpv4": "10.0.0.0/8"})
    assert list(diff.replaces) == ["cidrIpv4", "referencedSecurityGroupId"]
    assert not diff.deleteBeforeReplace


def test_preview(offline: Client) -> None:
    outputs = offline.create(INGRESS, BASE | {"securityGroupId": UNKNOWN}, preview=True).outputs
    assert {outputs[key] for key in ("arn", "securityGroupRuleId", "securityGroupId")} == {UNKNOWN}
    assert outputs["fromPort"] == 5432


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"cidrIpv4": "10.0.0.0/8"}, "", "found cidrIpv4 and referencedSecurityGroupId; give exactly one of"),
        ({"fromPort": 443, "toPort": 80}, "toPort", "443 to 80 isn't a range of ports"),
        ({"fromPort": 65_536}, "fromPort", "65536 isn't allowed; allowed: -1 to 65535"),
        ({"ipProtocol": "-1"}, "fromPort", "ipProtocol -1 has no ports"),
        ({"ipProtocol": "TCP"}, "ipProtocol", "allowed: -1 (all), tcp, udp, icmp, icmpv6, or the number"),
        ({"securityGroupId": "group"}, "securityGroupId", "allowed: sg-..."),
        ({"description": "ünsafe"}, "description", "allowed: letters, digits, spaces"),
        ({"prefixListId": "pl-1"}, "prefixListId", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, INGRESS, BASE | change)
    assert list(found) == [path]
    assert reason in found[path]


def test_ports_are_required_where_there_are_ports(offline: Client) -> None:
    inputs = {key: value for key, value in BASE.items() if key not in {"fromPort", "toPort"}}
    assert list(refused(offline, INGRESS, inputs)) == ["fromPort", "toPort"]
    assert list(refused(offline, INGRESS, inputs | {"ipProtocol": "icmp"})) == ["fromPort", "toPort"]
    assert not refused(offline, INGRESS, inputs | {"ipProtocol": "50"})


@given(network=st.ip_addresses(), bits=st.integers(0, 128))
def test_networks(network: Any, bits: int) -> None:
    four = network.version == 4
    key, whole = ("cidrIpv4", IPv4Network) if four else ("cidrIpv6", IPv6Network)
    bits = min(bits, 32) if four else bits
    inputs = {"securityGroupId": "sg-1", "ipProtocol": "-1"}
    rule = SecurityGroupIngressRule()
    exact = str(whole(f"{network}/{bits}", strict=False))
    assert not list(rule.check(inputs | {key: exact}, Settings()))
    with_host = f"{network}/{bits}"
    assert bool(list(rule.check(inputs | {key: with_host}, Settings()))) == (with_host != exact)
