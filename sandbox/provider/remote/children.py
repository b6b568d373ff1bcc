"""How a component registers itself and its children with the engine that asked for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import grpc

from sandbox.engine.properties import (
    UNKNOWN,
    Marshal,
    OutputValue,
    PropertyMap,
    ResourceReference,
    Secret,
    Unmarshal,
    Value,
    marshal,
    unmarshal,
)
from sandbox.protos import resource_pb2, resource_pb2_grpc

from ..errors import ProviderError

_SENT: Final = Marshal(secrets=True, resources=True, outputs=True)
_MESSAGES: Final = (("grpc.max_receive_message_length", -1),)


@dataclass(frozen=True, kw_only=True)
class Child:
    """A registered resource.

    :ivar id: ``UNKNOWN`` before it exists
    """

    urn: str
    id: Value
    outputs: PropertyMap

    def __getitem__(self, key: str) -> Value:
        """An output, which depends on the resource; unknown where a preview can't tell."""
        return self._output(self.outputs.get(key, UNKNOWN if self.id is UNKNOWN else None))

    @property
    def output_id(self) -> Value:
        """The id, as a value that depends on the resource."""
        return self._output(self.id)

    @property
    def reference(self) -> ResourceReference:
        """The resource itself, among a component's outputs."""
        return ResourceReference(urn=self.urn, id=self.id, package_version=sdk_version())

    def _output(self, value: Value) -> Value:
        secret = isinstance(value, Secret)
        element = value.element if isinstance(value, Secret) else value
        return OutputValue(element=element, secret=secret, dependencies=(self.urn,))


class Component:
    """A component under construction; use it as a context manager, which ends its connection.

    :ivar urn: once it is registered
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._channel = grpc.insecure_channel(request.monitorEndpoint, options=list(_MESSAGES))
        self._monitor: Any = resource_pb2_grpc.ResourceMonitorStub(self._channel)
        self.urn = ""

    def __enter__(self) -> Component:
        """Register the component itself, with the options that the program gave it."""
        asked = self._request
        message = resource_pb2.RegisterResourceRequest(
            type=asked.type,
            name=asked.name,
            parent=asked.parent,
            aliases=asked.aliases,
            providers=asked.providers,
            dependencies=asked.dependencies,
            deletedWith=asked.deletedWith,
            replace_with=asked.replace_with,
            ignoreChanges=asked.ignoreChanges,
            replaceOnChanges=asked.replaceOnChanges,
            additionalSecretOutputs=asked.additionalSecretOutputs,
            acceptSecrets=True,
            acceptResources=True,
            supportsPartialValues=True,
        )
        if asked.HasField("protect"):
            message.protect = asked.protect
        if asked.HasField("retainOnDelete"):
            message.retainOnDelete = asked.retainOnDelete
        self.urn = self._call(self._monitor.RegisterResource, message).urn
        return self

    def __exit__(self, *error: object) -> None:
        """End the connection."""
        self._channel.close()

    def add(
        self,
        type: str,
        name: str,
        inputs: PropertyMap,
        *,
        parent: Child | None = None,
        after: Iterable[Child] = (),
    ) -> Child:
        """Register a child and wait until the engine has made it.

        :param inputs: those that are ``None`` are left out, as the program's SDK does
        :param parent: another child; without one the component itself
        :param after: what must exist before
        """
        answer = self._call(
            self._monitor.RegisterResource,
            resource_pb2.RegisterResourceRequest(
                type=type,
                name=name,
                parent=parent.urn if parent else self.urn,
                custom=True,
                object=marshal({key: value for key, value in inputs.items() if value is not None}, _SENT),
                provider=self._request.providers.get(type.partition(":")[0], ""),
                version=sdk_version(),
                dependencies=[each.urn for each in after],
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
            ),
        )
        return Child(urn=answer.urn, id=answer.id or UNKNOWN, outputs=unmarshal(answer.object, Unmarshal()))

    def finish(self, outputs: PropertyMap) -> PropertyMap:
        """Tell the engine the component's outputs."""
        self._call(
            self._monitor.RegisterResourceOutputs,
            resource_pb2.RegisterResourceOutputsRequest(
                urn=self.urn, outputs=marshal(outputs, Marshal(secrets=True, resources=True))
            ),
        )
        return outputs

    def ask(self, token: str, args: PropertyMap) -> PropertyMap:
        """The answer of a function (a data source)."""
        package = token.partition(":")[0]
        answer = self._call(
            self._monitor.Invoke,
            resource_pb2.ResourceInvokeRequest(
                tok=token,
                args=marshal(args, _SENT),
                provider=self._request.providers.get(package, ""),
                version=sdk_version(),
                acceptResources=True,
            ),
        )
        if answer.failures:
            raise ProviderError(
                "; ".join(f"{token}: {each.property}: {each.reason}" for each in answer.failures)
            )
        return unmarshal(getattr(answer, "return"), Unmarshal())

    @staticmethod
    def _call(method: Any, message: Any) -> Any:
        try:
            return method(message)
        except grpc.RpcError as error:
            raise ProviderError(str(error.details())) from None


@cache
def sdk_version() -> str:
    """The version of ``aws`` that the children ask for: that of the program's SDK."""
    from importlib.metadata import version

    return version("pulumi-aws")
