"""How the engine calls providers: in its own process, or over a channel on the loopback."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn, Protocol, TypeAlias

from google.protobuf.message import DecodeError

from sandbox.protos import status_pb2

from .errors import ConfigError, EngineError, NonsenseError, ProviderError

os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # it would write of every service that goes away

GRPC_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),  # as Pulumi: large schemas and packages
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
)
_DEBUG_PROVIDERS: Final = "PULUMI_DEBUG_PROVIDERS"
_ANSWER_TIMEOUT_S: Final = 60.0
_WORK_TIMEOUT_S: Final = 3600.0
_WORK: Final = frozenset({"Create", "Read", "Update", "Delete", "Construct", "Call", "Invoke"})
"""What may take long at an attached provider; all other calls only ask it for its opinion."""
_STATUS_DETAILS: Final = "grpc-status-details-bin"


class ProviderClient(Protocol):
    """A provider as the engine calls it: Pulumi's ResourceProvider service, one method for all its calls."""

    def call(self, method: str, request: Any) -> Any:
        """Call e.g. ``"Check"`` with a ``CheckRequest``; the answer is its ``CheckResponse``.

        :raises ProviderError: the provider answered with an error
        """

    def close(self) -> None:
        """Let go of what it holds."""


ProviderFactory: TypeAlias = Callable[[str, str], ProviderClient]
"""(package, version or "") -> a client; asked once for each provider resource. Its errors are shown."""


def in_process(servicer: Any) -> ProviderClient:
    """A client that calls a ``ResourceProviderServicer`` in this process, without a socket."""
    return _InProcess(servicer)


def attach(port: int) -> ProviderClient:
    """A client of the provider that listens on 127.0.0.1:``port``."""
    return _Channel(port)


def debug_providers() -> dict[str, int]:
    """The providers that ``PULUMI_DEBUG_PROVIDERS`` names: package -> port.

    :raises ConfigError: it is malformed
    """
    found: dict[str, int] = {}
    for part in filter(None, os.environ.get(_DEBUG_PROVIDERS, "").split(",")):
        package, _, port = (text.strip() for text in part.partition(":"))
        if not package or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ConfigError(f"{_DEBUG_PROVIDERS}: expected <package>:<port>,..., got {part!r}")
        found.setdefault(package, int(port))  # the first counts, as for Pulumi
    return found


def with_debug_providers(factory: ProviderFactory) -> ProviderFactory:
    """The factory, except for the packages that are attached.

    :raises ConfigError: ``PULUMI_DEBUG_PROVIDERS`` is malformed
    """
    ports = debug_providers()

    def make(package: str, version: str) -> ProviderClient:
        return attach(ports[package]) if package in ports else factory(package, version)

    return make


class _Aborted(Exception):  # noqa: N818 - what a servicer raises by context.abort
    """A servicer has ended its call with an error status."""


class _Context:
    """The part of ``grpc.ServicerContext`` that providers use."""

    def __init__(self) -> None:
        self.code_name = "OK"
        self.message = ""
        self.trailing: tuple[tuple[str, Any], ...] = ()

    def set_code(self, code: Any) -> None:
        self.code_name = getattr(code, "name", str(code))

    def set_details(self, details: str) -> None:
        self.message = details

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.trailing = tuple(metadata)

    def abort(self, code: Any, details: str) -> NoReturn:
        self.set_code(code)
        self.set_details(details)
        raise _Aborted

    def abort_with_status(self, status: Any) -> NoReturn:
        self.set_trailing_metadata(status.trailing_metadata or ())
        self.abort(status.code, status.details)

    def code(self) -> Any:
        return self.code_name

    def details(self) -> str:
        return self.message

    def trailing_metadata(self) -> Any:
        return self.trailing

    def invocation_metadata(self) -> tuple[()]:
        return ()

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> None:
        return None

    def add_callback(self, callback: Callable[[], None]) -> bool:
        return bool(callback)

    def cancel(self) -> None:
        self.code_name = "CANCELLED"

    def peer(self) -> str:
        return "inprocess:"


class _InProcess:
    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer

    def call(self, method: str, request: Any) -> Any:
        context = _Context()
        try:
            answer = getattr(self._servicer, method)(request, context)
        except _Aborted:
            answer = None
        except NotImplementedError:
            raise ProviderError(f"the provider doesn't implement {method}", code="UNIMPLEMENTED") from None
        except EngineError:
            raise
        except Exception as error:
            if context.code_name == "OK":  # grpc's own words for what a servicer didn't expect
                raise ProviderError(f"Exception calling application: {error!r}") from error
        if context.code_name != "OK":
            raise _error(context.code_name, context.message, dict(context.trailing))
        return answer

    def close(self) -> None:
        """Nothing is held."""


class _Channel:
    def __init__(self, port: int) -> None:
        import grpc

        from sandbox.protos import provider_pb2_grpc

        self._grpc = grpc
        self._port = port
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=list(GRPC_OPTIONS))
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def call(self, method: str, request: Any) -> Any:
        timeout_s = _timeout_s(method, request)
        try:
            return getattr(self._stub, method)(request, timeout=timeout_s)
        except self._grpc.RpcError as error:
            code = error.code().name
            details = error.details() or ""
            if code == "INTERNAL" and details.startswith("Exception deserializing response"):  # grpc's words
                raise NonsenseError(
                    f"the provider on 127.0.0.1:{self._port} answers {method} with something else"
                ) from None
            if code in ("UNAVAILABLE", "CANCELLED"):
                details = f"the provider on 127.0.0.1:{self._port} doesn't answer: {details}"
            elif code == "DEADLINE_EXCEEDED":
                details = (
                    f"the provider on 127.0.0.1:{self._port} hasn't answered {method} within {timeout_s:g} s"
                )
            raise _error(
                code, details, {item.key: item.value for item in error.trailing_metadata() or ()}
            ) from None

    def close(self) -> None:
        self._channel.close()


def _timeout_s(method: str, request: Any) -> float:
    """How long to wait for an answer: what the resource asks for, or what such a call may take."""
    if method not in _WORK or getattr(request, "preview", False):
        return _ANSWER_TIMEOUT_S
    return float(getattr(request, "timeout", 0.0)) or _WORK_TIMEOUT_S


def _error(code: str, message: str, trailing: Mapping[str, Any]) -> ProviderError:
    error = ProviderError(message, code=code)
    raw = trailing.get(_STATUS_DETAILS)
    if raw:
        status = status_pb2.Status()
        with suppress(DecodeError):  # the message says enough
            status.ParseFromString(raw)
            error.details = tuple(status.details)
    return error
