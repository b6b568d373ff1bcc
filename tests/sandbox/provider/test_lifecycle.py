"""What crosses types: regions, accounts, secrets, unfinished creations, many at once."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from sandbox.protos import provider_pb2 as pb
from sandbox.protos import status_pb2
from sandbox.provider import Endpoint, prepare
from sandbox.provider.clients import client as aws_client
from sandbox.provider.errors import ProviderError
from sandbox.provider.services.lambda_.function import Function
from sandbox.provider.values import UNKNOWN, Archive, Secret, decode
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.graphs import ALIAS, FUNCTION, ROLE, TRUST, function_inputs, package, role

GROUP = "aws:cloudwatch/logGroup:LogGroup"


def test_an_account_that_is_not_allowed(live: Client, endpoint: Endpoint) -> None:
    prepare(endpoint)
    live.configure(allowedAccountIds=["000000000000"])
    with pytest.raises(
        RefusedError, match="embedded AWS is account 000000000000; this stage allows 123456789012"
    ):
        live.configure(allowedAccountIds=["123456789012"])
    with pytest.raises(RefusedError, match="forbids 000000000000"):
        live.configure(forbiddenAccountIds=["000000000000"])


def test_caller_identity(live: Client) -> None:
    found = live.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert found["accountId"] == "000000000000"
    assert found["arn"] == "arn:aws:iam::000000000000:root"


def test_each_region_has_its_own(live: Client, endpoint: Endpoint) -> None:
    live.configure(region="ap-southeast-1")
    made = live.create(GROUP, {"name": "/regions/a"})
    assert made.outputs["arn"].startswith("arn:aws:logs:ap-southeast-1:")
    other = live.create(GROUP, {"name": "/regions/a", "region": "eu-west-1"})
    assert other.outputs["region"] == "eu-west-1"
    live.configure(region="us-east-1")
    # Where it lives is part of its state: reading and deleting don't follow the provider's region.
    assert live.read(made).outputs == made.outputs
    live.delete(made)
    names = aws_client(endpoint, "logs", "eu-west-1").describe_log_groups()["logGroups"]
    assert [each["logGroupName"] for each in names] == ["/regions/a"]
    live.delete(other)


def test_a_secret_reaches_aws_and_stays_secret(live: Client, tmp_path: Path, endpoint: Endpoint) -> None:
    owner = role(live, "secretive")
    variables = {"KEY": Secret(element="s3cret"), "PLAIN": "x"}
    inputs = function_inputs(
        owner.outputs["arn"], package(tmp_path), name="secretive", environment={"variables": variables}
    )
    made = live.create(FUNCTION, inputs)
    assert made.outputs["environment"] == Secret(element={"variables": {"KEY": "s3cret", "PLAIN": "x"}})
    seen = live.read(made)
    assert seen.outputs == made.outputs
    assert seen.inputs == made.inputs
    assert not live.diff(made, inputs).diffs
    aws_client(endpoint, "lambda", "us-east-1").update_function_configuration(
        FunctionName="secretive", Environment={"Variables": {"KEY": "other"}}
    )
    assert live.read(made).inputs["environment"] == Secret(element={"variables": {"KEY": "other"}})


def test_a_creation_that_cannot_be_finished_is_kept(
    live: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS refuses to reserve what the account doesn't have: the function exists by then."""

    def refuse(*args: object) -> None:
        raise ProviderError("below its minimum value of [100]")

    monkeypatch.setattr(Function, "_reserve", staticmethod(refuse))
    owner = role(live, "unfinished")
    inputs = function_inputs(
        owner.outputs["arn"], package(tmp_path), name="unfinished", reservedConcurrentExecutions=100_000
    )
    with pytest.raises(RefusedError, match="below its minimum value") as caught:
        live.create(FUNCTION, inputs)
    status = status_pb2.Status.FromString(caught.value.metadata["grpc-status-details-bin"])
    detail = pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "unfinished"
    assert detail.reasons[0] == str(caught.value)
    kept = Made(
        type=FUNCTION,
        name="it",
        id=detail.id,
        inputs=decode(detail.inputs),
        outputs=decode(detail.properties),
    )
    assert kept.outputs["arn"].endswith(":unfinished")
    assert kept.outputs["reservedConcurrentExecutions"] == -1
    monkeypatch.undo()
    mended = live.update(kept, inputs | {"reservedConcurrentExecutions": 2})
    assert live.read(mended).outputs["reservedConcurrentExecutions"] == 2
    live.delete(mended)


def test_an_unfinished_one_is_set_again_without_any_change(live: Client, endpoint: Endpoint) -> None:
    made = live.create(GROUP, {"name": "/unfinished", "retentionInDays": 7})
    aws_client(endpoint, "logs", "us-east-1").delete_retention_policy(logGroupName="/unfinished")
    live.update(made, {"name": "/unfinished", "retentionInDays": 7})
    assert live.read(made).outputs["retentionInDays"] == 7
    live.delete(made)


def test_what_is_unknown_is_refused_outside_of_previews(live: Client) -> None:
    with pytest.raises(RefusedError, match="retentionInDays aren't known, which only a preview may have"):
        live.create(GROUP, {"name": "/unknown", "retentionInDays": UNKNOWN})


def test_code_that_is_not_there(live: Client) -> None:
    owner = role(live, "codeless")
    with pytest.raises(
        RefusedError, match=r"creating .*: .*nowhere\.zip doesn't exist; build the packages with"
    ):
        live.create(
            FUNCTION, function_inputs(owner.outputs["arn"], Archive(path="nowhere.zip"), name="codeless")
        )


def test_an_aws_that_does_not_answer(live_port: int) -> None:
    from sandbox.provider import serve

    server, port = serve(0, Endpoint(url="http://127.0.0.1:9"))
    client = Client(port)
    client.configure()
    with pytest.raises(RefusedError, match=r"the embedded AWS doesn't answer.*`fleet up` starts it again"):
        client.create(GROUP, {"name": "/nobody"})
    with pytest.raises(RefusedError, match="the embedded AWS doesn't answer"):
        client.configure(allowedAccountIds=["000000000000"])
    client.close()
    server.stop(None).wait()


def test_an_aws_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.provider import clients, serve

    monkeypatch.setattr(clients, "READ_TIMEOUT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, and nothing else
        server, port = serve(0, Endpoint(url=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        client = Client(port)
        client.configure()
        with pytest.raises(RefusedError, match="doesn't answer: it was ended, or it hangs") as caught:
            client.create(GROUP, {"name": "/nobody"})
        assert caught.value.code is grpc.StatusCode.UNAVAILABLE, "so that the engine keeps it in mind"
        client.close()
        server.stop(None).wait()


def test_replacing_a_function_replaces_what_lives_in_it(live: Client, tmp_path: Path) -> None:
    """In the engine's order: the dependents' diffs with an unknown, deletions, creations."""
    owner = role(live, "replaced")
    inputs = function_inputs(owner.outputs["arn"], package(tmp_path), name="replaced", publish=True)
    function = live.create(FUNCTION, inputs)
    inside = {"functionName": function.outputs["name"], "name": "live", "functionVersion": "1"}
    alias = live.create(ALIAS, inside)
    renamed = inputs | {"name": "replaced-2"}
    assert list(live.diff(function, renamed).replaces) == ["name"]
    assert list(live.diff(alias, inside | {"functionName": UNKNOWN}).replaces) == ["functionName"]
    live.delete(alias)
    live.delete(function)
    function = live.create(FUNCTION, renamed)
    alias = live.create(ALIAS, inside | {"functionName": function.outputs["name"]})
    assert live.read(alias).outputs == alias.outputs


def test_many_at_once(live: Client) -> None:
    def life(index: int) -> bool:
        inputs = {"name": f"parallel-{index}", "assumeRolePolicy": TRUST}
        made = live.create(ROLE, inputs, name=f"role-{index}")
        same = live.read(made).outputs == made.outputs
        live.delete(made)
        return same and not live.read(made).id

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(life, range(40)))
