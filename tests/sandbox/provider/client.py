"""A provider as the engine sees it: messages over a channel, and plain Python for the tests."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import grpc

from sandbox.protos import provider_pb2 as pb
from sandbox.protos import provider_pb2_grpc
from sandbox.provider.values import PropertyMap, decode, encode


class RefusedError(Exception):
    """The provider answered with an error."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.metadata = dict(error.trailing_metadata() or ())


class InvalidError(Exception):
    """Check found something."""

    def __init__(self, failures: Any) -> None:
        super().__init__("\n".join(f"{each.property}: {each.reason}" for each in failures))
        self.paths = [each.property for each in failures]


@dataclass
class Made:
    """A resource that a test made."""

    type: str
    name: str
    id: str
    inputs: PropertyMap
    outputs: PropertyMap


_STACKS = itertools.count(1)


class Client:
    """Calls a provider the way Pulumi's engine does, each for a stack of its own."""

    def __init__(self, port: int) -> None:
        self._stack = f"test-{next(_STACKS)}"
        # A connection of its own, as each of the engine's: else clients of one process share it.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def urn(self, type: str, name: str) -> str:
        """The URN of a resource in this client's stack: on an AWS that tests share, no other test has it."""
        return f"urn:pulumi:{self._stack}::shop::{type}::{name}"

    def close(self) -> None:
        self._channel.close()

    def call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise RefusedError(error) from None

    def configure(self, **inputs: Any) -> None:
        args = encode({"region": "us-east-1"} | inputs)
        self.call("Configure", pb.ConfigureRequest(args=args, acceptSecrets=True, acceptResources=True))

    def check_config(self, **inputs: Any) -> PropertyMap:
        return self._checked(self.call("CheckConfig", pb.CheckRequest(news=encode(inputs))))

    def check(
        self, type: str, inputs: PropertyMap, *, olds: PropertyMap | None = None, name: str = "it"
    ) -> PropertyMap:
        request = pb.CheckRequest(
            urn=self.urn(type, name),
            type=type,
            name=name,
            news=encode(inputs),
            olds=encode(olds or {}),
            randomSeed=b"seed",
        )
        return self._checked(self.call("Check", request))

    @staticmethod
    def _checked(response: Any) -> PropertyMap:
        if response.failures:
            raise InvalidError(response.failures)
        return decode(response.inputs)

    def diff(self, made: Made, inputs: PropertyMap, *, ignore: tuple[str, ...] = ()) -> Any:
        news = self.check(made.type, inputs, olds=made.inputs, name=made.name)
        return self.call(
            "Diff",
            pb.DiffRequest(
                id=made.id,
                urn=self.urn(made.type, made.name),
                type=made.type,
                name=made.name,
                olds=encode(made.outputs),
                old_inputs=encode(made.inputs),
                news=encode(news),
                ignoreChanges=ignore,
            ),
        )

    def create(self, type: str, inputs: PropertyMap, *, name: str = "it", preview: bool = False) -> Made:
        checked = self.check(type, inputs, name=name)
        response = self.call(
            "Create",
            pb.CreateRequest(
                urn=self.urn(type, name), type=type, name=name, properties=encode(checked), preview=preview
            ),
        )
        return Made(type=type, name=name, id=response.id, inputs=checked, outputs=decode(response.properties))

    def update(self, made: Made, inputs: PropertyMap, *, preview: bool = False) -> Made:
        news = self.check(made.type, inputs, olds=made.inputs, name=made.name)
        response = self.call(
            "Update",
            pb.UpdateRequest(
                id=made.id,
                urn=self.urn(made.type, made.name),
                type=made.type,
                name=made.name,
                olds=encode(made.outputs),
                old_inputs=encode(made.inputs),
                news=encode(news),
                preview=preview,
            ),
        )
        return Made(
            type=made.type, name=made.name, id=made.id, inputs=news, outputs=decode(response.properties)
        )

    def read(self, made: Made) -> Made:
        """As in a refresh."""
        response = self.call(
            "Read",
            pb.ReadRequest(
                id=made.id,
                urn=self.urn(made.type, made.name),
                type=made.type,
                name=made.name,
                properties=encode(made.outputs),
                inputs=encode(made.inputs),
            ),
        )
        return Made(
            type=made.type,
            name=made.name,
            id=response.id,
            inputs=decode(response.inputs),
            outputs=decode(response.properties),
        )

    def imported(self, type: str, id: str, *, name: str = "it") -> Made:
        """As in an import: nothing but the id is known."""
        return self.read(Made(type=type, name=name, id=id, inputs={}, outputs={}))

    def delete(self, made: Made) -> None:
        self.call(
            "Delete",
            pb.DeleteRequest(
                id=made.id,
                urn=self.urn(made.type, made.name),
                type=made.type,
                name=made.name,
                properties=encode(made.outputs),
                old_inputs=encode(made.inputs),
            ),
        )

    def invoke(self, token: str, **args: Any) -> PropertyMap:
        return decode(getattr(self.call("Invoke", pb.InvokeRequest(tok=token, args=encode(args))), "return"))
