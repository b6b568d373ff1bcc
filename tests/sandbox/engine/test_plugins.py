"""Providers are called in the process or over a channel, and behave the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest

from sandbox.engine import ConfigError, ProviderClient, ProviderError, attach, in_process
from sandbox.engine.plugins import GRPC_OPTIONS, debug_providers
from sandbox.protos import provider_pb2, provider_pb2_grpc
from tests.sandbox.engine.lab import Lab, errors, ok, ops
from tests.sandbox.engine.memory_provider import MemoryProvider


@pytest.fixture
def port() -> Iterator[tuple[int, MemoryProvider]]:
    provider = MemoryProvider()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=list(GRPC_OPTIONS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield number, provider
    server.stop(0).wait()


@pytest.fixture(params=["in the process", "over a channel"])
def client(request: pytest.FixtureRequest, port: tuple[int, MemoryProvider]) -> Iterator[ProviderClient]:
    made = attach(port[0]) if request.param == "over a channel" else in_process(port[1])
    yield made
    made.close()


def test_answers_and_errors_are_the_same_both_ways(client: ProviderClient) -> None:
    request = provider_pb2.CreateRequest(name="n", type="test:index:Thing")
    request.properties.update({"text": "x"})
    assert client.call("Create", request).id == "n-1"
    request.properties.update({"failOn": "create"})
    with pytest.raises(ProviderError, match="n fails on create") as error:
        client.call("Create", request)
    assert error.value.code == "INVALID_ARGUMENT"
    request.properties.update({"failOn": "", "initErrors": ["cold"]})
    with pytest.raises(ProviderError) as error:
        client.call("Create", request)
    init = provider_pb2.ErrorResourceInitFailed()
    assert error.value.details[0].Unpack(init)
    assert list(init.reasons) == ["cold"]
    with pytest.raises(ProviderError) as error:
        client.call("GetSchema", provider_pb2.GetSchemaRequest())
    assert error.value.code == "UNIMPLEMENTED"


def test_a_provider_that_fails_unexpectedly_is_an_error_and_not_a_crash() -> None:
    class Broken(provider_pb2_grpc.ResourceProviderServicer):
        def Check(self, request: object, context: object) -> object:  # noqa: N802 - the protocol's name
            raise KeyError("oops")

    with pytest.raises(ProviderError, match=r"Exception calling application: KeyError\('oops'\)"):
        in_process(Broken()).call("Check", provider_pb2.CheckRequest())


def test_an_attached_provider_is_used_instead_of_ours(
    lab: Lab, port: tuple[int, MemoryProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"other:1,test:{port[0]}")
    assert ops(ok(lab.up('a = Thing("a"); Thing("b", text=a.arn)'))) == {"create": 3}
    assert port[1].named("Create") == ["a", "b"]
    assert lab.provider.calls == []
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "test:1")
    assert "the provider on 127.0.0.1:1 doesn't answer" in errors(lab.preview())[0]
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "test=1")
    with pytest.raises(ConfigError, match="expected <package>:<port>"):
        debug_providers()
