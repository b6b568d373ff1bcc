"""Providers are called in the process or over a channel, and behave the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from sandbox.engine import ConfigError, ProviderClient, ProviderError, attach, in_process, plugins
from sandbox.engine.plugins import GRPC_OPTIONS, debug_providers
from sandbox.protos import provider_pb2, provider_pb2_grpc
from tests.sandbox.engine.lab import Lab, errors, ok, ops
from tests.sandbox.engine.memory_provider import MemoryProvider


@contextmanager
def serving(provider: MemoryProvider) -> Iterator[int]:
    """Serve a provider; gives its port."""
    server = grpc.server(futures.ThreadPoolExecutor(8), options=list(GRPC_OPTIONS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield number
    server.stop(0).wait()


@pytest.fixture
def port() -> Iterator[tuple[int, MemoryProvider]]:
    provider = MemoryProvider()
    with serving(provider) as number:
        yield number, provider


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


class Silent(MemoryProvider):
    """Takes every creation, and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        super().Create(request, context)
        self.over.wait()
        raise NotImplementedError


def test_an_attached_provider_that_never_answers_is_one_error_and_nothing_is_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "_WORK_TIMEOUT_S", 0.5)
    silent = Silent()
    with serving(silent) as number:
        monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"test:{number}")
        result = lab.up('Thing("a"); Thing("b")')
        silent.over.set()
    assert result.exit_code == 1
    assert errors(result) == [f"the provider on 127.0.0.1:{number} hasn't answered Create within 0.5 s"]
    assert {op["type"] for op in lab.state.export()["deployment"]["pending_operations"]} == {"creating"}
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS")
    lab.provider.things = silent.things
    ok(lab.up())
    assert lab.provider.named("Create") == []
    assert {"a", "b"} <= set(lab.resources())


def test_a_port_where_nobody_speaks_the_protocol_is_an_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "_ANSWER_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        number = mute.getsockname()[1]
        monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"test:{number}")
        (message,) = errors(lab.preview('Thing("a"); Thing("b")'))
    assert message == f"the provider on 127.0.0.1:{number} hasn't answered Handshake within 0.5 s"
