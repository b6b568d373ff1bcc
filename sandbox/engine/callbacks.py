"""Calls functions of the program: it serves Pulumi's Callbacks, a token for each (``GetCallbacksClient``)."""

from __future__ import annotations

import re
import threading
from typing import Any, Final, TypeAlias, TypeVar

from google.protobuf.message import DecodeError, Message

from .errors import EngineError
from .plugins import GRPC_OPTIONS

Callback: TypeAlias = Any
"""A ``Callback`` message: the address of a service, and the token of a function there."""

_Answer = TypeVar("_Answer", bound=Message)

_PREFIX: Final = re.compile(r"Invoke callback [0-9a-f-]+ error: ")  # the SDK's; the token says nothing


class Callbacks:
    """The services that programs and components serve, a channel each. Safe to use from several threads."""

    def __init__(self) -> None:
        self._channels: dict[str, Any] = {}
        self._lock = threading.Lock()

    def call(self, callback: Callback, request: Message, answer: _Answer) -> _Answer:
        """Call a function; ``answer`` is filled with what it returns.

        :raises EngineError: it failed, or answers something else
        """
        import grpc

        from sandbox.protos import callback_pb2, callback_pb2_grpc

        stub: Any = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
        message = callback_pb2.CallbackInvokeRequest(
            token=callback.token, request=request.SerializeToString()
        )
        try:
            response = stub.Invoke(message)
        except grpc.RpcError as error:
            details = _PREFIX.sub("", error.details() or error.code().name)
            raise EngineError(details.removesuffix("\n")) from None
        try:
            answer.ParseFromString(response.response)
        except DecodeError:
            raise EngineError(f"its answer isn't a {type(answer).DESCRIPTOR.name}") from None
        return answer

    def _channel(self, target: str) -> Any:
        import grpc

        with self._lock:
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, options=list(GRPC_OPTIONS))
            return self._channels[target]

    def close(self) -> None:
        """Let go of the channels; what still waits for an answer fails."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()
