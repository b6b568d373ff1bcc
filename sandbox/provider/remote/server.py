"""The package ``awsx`` as Pulumi's engine calls it: it only constructs."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final, TypeAlias

from google.protobuf.empty_pb2 import Empty

from sandbox.engine.properties import Marshal, PropertyMap, Unmarshal, marshal, output_dependencies, unmarshal
from sandbox.protos import plugin_pb2, provider_pb2, provider_pb2_grpc

from ..errors import ProviderError, UnsupportedError
from ..server import answers
from .children import Component

Construct: TypeAlias = Callable[[Component, str, PropertyMap], PropertyMap]
"""(the registered component, its name, its inputs) -> its outputs, after registering its children."""

COMPONENTS: Final = {"awsx:ec2:Vpc": "vpc", "awsx:ecr:Repository": "ecr"}
"""A component's token to the module beside this one that has its ``ARGUMENTS`` and ``construct``."""


class AwsxProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider ``awsx``. It has no configuration."""

    def Attach(self, request: Any, context: Any) -> Any:
        """The engine attaches to a running provider; nothing is asked of the engine here."""
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version of the SDK that the programs use."""
        from importlib.metadata import version

        return plugin_pb2.PluginInfo(version=version("pulumi-awsx"))

    @answers
    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Nothing can be configured."""
        given = sorted(set(request.news.fields) - {"version", "pluginDownloadURL"})
        failures = [
            provider_pb2.CheckFailure(property=key, reason="the package awsx has no such configuration")
            for key in given
        ]
        return provider_pb2.CheckResponse(inputs=None if failures else request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Nothing to differ in."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        """Say what is understood."""
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        """The engine ends what its monitor waits for."""
        return Empty()

    @answers
    def Construct(self, request: Any, context: Any) -> Any:
        """Register a component and its children."""
        arguments, construct = _lookup(request.type)
        inputs = unmarshal(request.inputs, Unmarshal(outputs=True))
        _refuse_others(request.type, arguments, inputs)
        with Component(request) as component:
            outputs = component.finish(construct(component, request.name, inputs))
            return provider_pb2.ConstructResponse(
                urn=component.urn,
                state=marshal(outputs, Marshal(secrets=True, resources=True)),
                stateDependencies={
                    key: provider_pb2.ConstructResponse.PropertyDependencies(
                        urns=sorted(output_dependencies(value))
                    )
                    for key, value in outputs.items()
                },
            )


def _lookup(token: str) -> tuple[frozenset[str], Construct]:
    if token not in COMPONENTS:
        raise UnsupportedError(
            f"the sandbox doesn't support the component {token}; supported here: {', '.join(COMPONENTS)}. "
            "Leave it out of the local stage, or add it to sandbox/provider/remote"
        )
    module = import_module(f".{COMPONENTS[token]}", __package__)
    return module.ARGUMENTS, module.construct


def _refuse_others(token: str, arguments: frozenset[str], inputs: PropertyMap) -> None:
    for key in sorted(key for key, value in inputs.items() if value is not None and key not in arguments):
        near = get_close_matches(key, arguments, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"supported: {', '.join(sorted(arguments))}"
        raise ProviderError(f"{key}: the sandbox doesn't support this argument of {token}; {hint}")
