from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network import Nat, NetworkArgs, NewNetwork
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.systems.typerush import TypeRush
from tests.components.sample import SCOPE, TYPERUSH, service_args
from tests.mocks import Graph, declare

ARGS = NetworkArgs(scope=SCOPE, services=("secretsmanager", "sqs"))
ENDPOINT = "com.amazonaws.ap-southeast-1"


def made(args: NetworkArgs = ARGS) -> Graph:
    return declare(lambda: NewNetwork("net", args))


def vpc_inputs(graph: Graph) -> dict[str, object]:
    (vpc,) = (each for each in graph.resources if each.type == "awsx:ec2:Vpc")
    return dict(vpc.inputs)


def test_private_subnets_and_no_way_to_the_internet() -> None:
    inputs = vpc_inputs(made())
    assert inputs["availabilityZoneNames"] == ["ap-southeast-1a", "ap-southeast-1b"]
    assert inputs["natGateways"] == {"strategy": "None"}
    assert inputs["subnetSpecs"] == [{"type": "Private", "cidrBlocks": ["10.0.0.0/20", "10.0.16.0/20"]}]
    assert inputs["enableDnsHostnames"] is inputs["enableDnsSupport"] is True


def test_aws_services_are_reached_by_endpoints() -> None:
    endpoints = made().of("VpcEndpoint")
    assert {name: each.inputs["serviceName"] for name, each in endpoints.items()} == {
        "net-s3": f"{ENDPOINT}.s3",
        "net-dynamodb": f"{ENDPOINT}.dynamodb",
        "net-secretsmanager": f"{ENDPOINT}.secretsmanager",
        "net-sqs": f"{ENDPOINT}.sqs",
    }
    assert endpoints["net-s3"].inputs["vpcEndpointType"] == "Gateway"
    queue = endpoints["net-sqs"].inputs
    assert queue["vpcEndpointType"] == "Interface"
    assert queue["privateDnsEnabled"] is True
    assert queue["subnetIds"] == ["net-vpc-private-1-id", "net-vpc-private-2-id"]
    assert queue["securityGroupIds"] == ["net-endpoints-id"]


def test_only_the_functions_reach_the_endpoints() -> None:
    (rule,) = made().of("SecurityGroupIngressRule").values()
    assert rule.inputs["securityGroupId"] == "net-endpoints-id"
    assert rule.inputs["referencedSecurityGroupId"] == "net-functions-id"
    assert (rule.inputs["fromPort"], rule.inputs["toPort"], rule.inputs["ipProtocol"]) == (443, 443, "tcp")


@pytest.mark.parametrize(("nat", "strategy"), [(Nat.SINGLE, "Single"), (Nat.ONE_PER_ZONE, "OnePerAz")])
def test_nat_takes_the_place_of_interface_endpoints(nat: Nat, strategy: str) -> None:
    graph = made(replace(ARGS, nat=nat))
    inputs = vpc_inputs(graph)
    assert inputs["natGateways"] == {"strategy": strategy}
    assert inputs["subnetSpecs"] == [
        {"type": "Private", "cidrBlocks": ["10.0.0.0/20", "10.0.16.0/20"]},
        {"type": "Public", "cidrBlocks": ["10.0.254.0/24", "10.0.255.0/24"]},
    ]
    assert sorted(graph.of("VpcEndpoint")) == ["net-dynamodb", "net-s3"]
    assert not graph.of("SecurityGroupIngressRule")


@pytest.mark.parametrize(
    ("args", "what", "allowed"),
    [
        (replace(ARGS, zones=("a",)), "network zones", "2 to 6 zones, each once"),
        (replace(ARGS, zones=("a", "a")), "network zones", "2 to 6 zones, each once"),
        (replace(ARGS, zones=("a", "us-east-1b")), "network zones", "a and b are ap-southeast-1a"),
        (replace(ARGS, cidr="10.0.0.0/24"), "network cidr", "an IPv4 network of 16 to 20 bits"),
        (replace(ARGS, cidr="10.0.0.1/16"), "network cidr", "without host bits"),
        (replace(ARGS, services=("com/",)), "network services", "such as 'secretsmanager'"),
    ],
)
def test_what_is_impossible_is_refused(args: NetworkArgs, what: str, allowed: str) -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        made(args)
    (problem,) = caught.value.problems
    assert problem.what == what
    assert allowed in problem.allowed


@given(bits=st.integers(16, 20), zones=st.integers(2, 6))
def test_subnets_are_apart_and_inside(bits: int, zones: int) -> None:
    args = replace(ARGS, cidr=f"10.64.0.0/{bits}", zones=tuple("abcdef"[:zones]))
    assert not list(args.problems())
    blocks = [IPv4Network(each) for each in (*args.private_blocks, *args.public_blocks)]
    assert len(blocks) == 2 * zones
    assert all(block.subnet_of(IPv4Network(args.cidr)) and block.prefixlen <= 28 for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_a_system_makes_its_network_once_for_all_its_services() -> None:
    graph = declare(lambda: TypeRush("typerush", replace(TYPERUSH, network=ARGS)))
    assert len([each for each in graph.resources if each.type == "awsx:ec2:Vpc"]) == 1
    for function in graph.of("Function").values():
        assert function.inputs["vpcConfig"] == {
            "subnetIds": ["typerush-network-vpc-private-1-id", "typerush-network-vpc-private-2-id"],
            "securityGroupIds": ["typerush-network-functions-id"],
        }
    egress = graph["typerush-database-access-egress"].inputs
    assert egress["securityGroupId"] == "typerush-network-functions-id"


def test_a_system_refuses_its_networks_problems_with_its_own() -> None:
    with pytest.raises(InvalidArgumentsError, match="network zones"):
        declare(lambda: TypeRush("typerush", replace(TYPERUSH, network=replace(ARGS, zones=()))))


def test_a_service_alone_takes_no_network_that_is_not_made() -> None:
    with pytest.raises(InvalidArgumentsError, match=r"network is one that isn't made yet"):
        declare(lambda: LambdaService("worker", service_args(network=ARGS)))
