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

from sandbox.engine import ConfigError, Kind, ProviderClient, ProviderError, attach, in_process, plugins
from sandbox.engine.plugins import GRPC_OPTIONS
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


def test_several_providers_are_attached_at_once_and_the_first_of_a_name_counts(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = MemoryProvider(), MemoryProvider()
    two.package = "second"
    with serving(one) as first, serving(two) as second:
        monkeypatch.setenv(
            "PULUMI_DEBUG_PROVIDERS", f" test:{first} ,second:{second},test:{second},unused:1,"
        )
        ok(lab.up('a = Thing("a"); pulumi.CustomResource("second:index:Thing", "b", {"text": a.arn})'))
    assert (one.named("Create"), two.named("Create")) == (["a"], ["b"])


@pytest.mark.parametrize(
    "text", ["test", "test=1", "test:", ":1", "test:x", "test:1:2", "test:0", "test:65536"]
)
def test_a_list_of_attached_providers_that_is_malformed_is_an_error_before_anything_starts(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"other:1,{text}")
    with pytest.raises(ConfigError) as error:
        lab.preview('Thing("a")')
    assert str(error.value) == f"PULUMI_DEBUG_PROVIDERS: expected <package>:<port>,..., got {text!r}"


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


class Dying(Silent):
    """Ends, connections and all, while it creates ``b``."""

    server: grpc.Server

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = MemoryProvider.Create(self, request, context)
        if request.name == "b":
            self.server.stop(0)
            self.over.wait()
        return answer


def test_an_attached_provider_that_dies_is_one_error_and_nothing_is_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = Dying()
    dying.server = grpc.server(futures.ThreadPoolExecutor(8), options=list(GRPC_OPTIONS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(dying, dying.server)
    number = dying.server.add_insecure_port("127.0.0.1:0")
    dying.server.start()
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"test:{number}")
    result = lab.up('a = Thing("a"); b = Thing("b", text=a.arn); Thing("c", text=b.arn)')
    dying.over.set()
    dying.server.stop(0).wait()
    (message,) = errors(result)
    assert message.startswith(f"the provider on 127.0.0.1:{number} doesn't answer: ")
    (pending,) = lab.state.export()["deployment"]["pending_operations"]
    assert pending["type"] == "creating"
    assert pending["resource"]["urn"].endswith("::b")
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS")
    lab.provider.things = {"a-1": dying.things["a-1"], "b-1": dying.things["b-1"]}
    ok(lab.up())
    assert lab.provider.named("Create") == ["c"], "b was found"


SIG = "4dabf18193072939515e22adb298388d"
NONSENSE = {
    "an unknown value": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "a secret without a value": {SIG: "1b47061264138c4ac30d75fd1eb44270"},
    "an unknown signature": {SIG: "?"},
    "a reference without a URN": {SIG: "5cf8f73096256a8f31e491e813e4eb8e", "urn": 5},
    "an asset of the wrong type": {SIG: "c44067f5952c0a294b673a41bacd8c17", "hash": ["x"]},
    "an archive of the wrong type": {SIG: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": [1]},
    "an archive of something else": {SIG: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": {"x": 1}},
    "an output of the wrong type": {SIG: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "dependencies": 1},
    "bytes that are none": {SIG: "803fd3297a5875dc03ca845dda5d2a98", "value": "?"},
}


class Confused(MemoryProvider):
    """Answers some methods with ``nonsense`` among the properties."""

    def __init__(self, nonsense: Any = None) -> None:
        super().__init__()
        self.nonsense = nonsense
        self.confused: set[str] = set()

    def _answer(self, method: str, answer: Any, field: str = "properties") -> Any:
        if method in self.confused:
            getattr(answer, field).update({"data": self.nonsense})
        return answer

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return self._answer("Check", super().Check(request, context), "inputs")

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().Create(request, context)
        if self.nonsense is None and "Create" in self.confused:
            answer.id = ""
            return answer
        return answer if request.preview else self._answer("Create", answer)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().Update(request, context)
        return answer if request.preview else self._answer("Update", answer)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return self._answer("Read", super().Read(request, context))

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return self._answer("Invoke", super().Invoke(request, context), "return")


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_an_answer_that_makes_no_sense_is_one_error_and_nothing_is_lost(lab: Lab, nonsense: Any) -> None:
    provider = lab.provider = Confused(nonsense)
    provider.confused = {"Create"}
    (message,) = errors(lab.up('Thing("a", text="1")'))
    assert message.startswith("the answer of the provider 'test' to Create can't be used: ")
    assert "data" in message
    (pending,) = lab.state.export()["deployment"]["pending_operations"]
    assert pending["type"] == "creating"
    provider.confused.clear()
    ok(lab.up())
    assert provider.named("Create") == ["a"], "the next run found it"

    provider.confused = {"Update"}
    (message,) = errors(lab.up('Thing("a", text="2")'))
    assert message.startswith("the answer of the provider 'test' to Update can't be used: ")
    provider.confused.clear()
    ok(lab.up())
    assert lab.resources()["a"]["outputs"]["text"] == "2"
    assert provider.things.keys() == {"a-1"}

    before = lab.resources()
    provider.confused = {"Read"}
    (message,) = errors(lab.run(Kind.REFRESH))
    assert message.startswith("the answer of the provider 'test' to Read can't be used: ")
    provider.confused = {"Check"}
    (message,) = errors(lab.up('Thing("a", text="3")'))
    assert message.startswith("the answer of the provider 'test' to Check can't be used: ")
    provider.confused = {"Invoke"}
    (message,) = errors(lab.up('Thing("a", text="2"); pulumi.runtime.invoke("test:index:echo", {})'))
    assert "the answer of the provider 'test' to Invoke can't be used: " in message
    assert lab.resources() == before


def test_a_creation_without_an_id_is_looked_for_by_the_next_run(lab: Lab) -> None:
    provider = lab.provider = Confused()
    provider.confused = {"Create"}
    result = lab.up('Thing("a", text="1")')
    urn = "urn:pulumi:dev::lab::test:index:Thing::a"
    assert errors(result) == [f"plugin returned empty resource.ID from create '{urn}'"]
    provider.confused.clear()
    ok(lab.up())
    assert provider.named("Create") == ["a"]
    assert lab.resources()["a"]["id"] == "a-1"


def test_a_diff_that_says_nothing_is_made_by_the_engine(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    ok(lab.up('Thing("a", text="1")'))
    monkeypatch.setattr(MemoryProvider, "Diff", lambda self, request, context: provider_pb2.DiffResponse())
    assert ops(ok(lab.run())) == {"same": 2}
    result = ok(lab.up('Thing("a", text="2")'))
    assert ops(result) == {"update": 1, "same": 1}
    (step,) = (step for step in result.steps if step.urn.endswith("::a"))
    assert step.diffs == ("text",)


def test_details_of_an_error_that_are_damaged_leave_its_message(lab: Lab) -> None:
    class Damaged(MemoryProvider):
        def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
            context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "it can't be made")

    lab.provider = Damaged()
    assert errors(lab.preview('Thing("a")')) == ["it can't be made"]


def test_a_port_of_another_service_is_an_error_that_says_so(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(2))
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"test:{number}")
    (message,) = errors(lab.preview('Thing("a"); Thing("b")'))
    server.stop(0).wait()
    assert "package 'test'" in message
    assert "isn't a resource provider" in message
