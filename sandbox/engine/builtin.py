# ruff: noqa: ARG002, D102, N802 - the methods are those of Pulumi's ResourceProvider service
"""The provider of Pulumi's own package: stack references, stashes, and functions on them (builtins.go).

It is used as any other provider is, so everything that holds for their resources holds for its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import empty_pb2

from sandbox.protos import provider_pb2, provider_pb2_grpc

from .errors import EngineError, SecretsError
from .events import Severity
from .plugins import ProviderClient, ProviderFactory, in_process
from .properties import (
    Marshal,
    PropertyMap,
    Unmarshal,
    contains_secret,
    marshal,
    same,
    unmarshal,
    unwrap,
)
from .references import References

if TYPE_CHECKING:
    from .deployment import Deployment
    from .state import ResourceState

PACKAGE: Final = "pulumi"
GET_RESOURCE: Final = "pulumi:pulumi:getResource"
_STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
_STASH: Final = "pulumi:index:Stash"
_INPUT: Final = {_STACK_REFERENCE: "name", _STASH: "input"}
"""The one input of each type."""
_DEPRECATED: Final = (
    'The "pulumi:pulumi:StackReference" resource type is deprecated. Update your SDK or if already up to date'
    " raise an issue at https://github.com/pulumi/pulumi/issues."
)
"""Pulumi's words for one that is managed."""
_READ_OUTPUTS: Final = "pulumi:pulumi:readStackOutputs"
_READ_RESOURCES: Final = "pulumi:pulumi:readStackResourceOutputs"
_DIFF: Final = provider_pb2.DiffResponse
_OPTIONS: Final = Marshal(secrets=True, resources=True)


def with_builtins(factory: ProviderFactory, deployment: Deployment) -> ProviderFactory:
    """The factory, except for Pulumi's own package."""

    def make(package: str, version: str) -> ProviderClient:
        return in_process(Builtins(deployment)) if package == PACKAGE else factory(package, version)

    return make


class Builtins(provider_pb2_grpc.ResourceProviderServicer):
    """See the module."""

    def __init__(self, deployment: Deployment) -> None:
        self._references = References(deployment.state, project=deployment.project.name)
        self._resources: Mapping[str, ResourceState] = deployment.news
        self._tell: Callable[[Severity, str, str], None] = deployment.tell

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse()

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return _DIFF(changes=_DIFF.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # --- resources -------------------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> Any:
        wanted = _input(request.type)
        referring = request.type == _STACK_REFERENCE
        if referring:  # the SDK reads it
            self._tell(Severity.WARNING, _DEPRECATED, request.urn)
        answer = provider_pb2.CheckResponse(inputs=request.news)
        unknown = next((key for key in request.news.fields if key != wanted), None)
        if unknown is not None:
            answer.failures.add(property=unknown, reason=f'unknown property "{unknown}"')
        elif wanted not in request.news.fields:
            answer.failures.add(property=wanted, reason=f'missing required property "{wanted}"')
        elif referring and request.news.fields[wanted].WhichOneof("kind") != "string_value":
            answer.failures.add(property=wanted, reason=f'property "{wanted}" must be a string')
        return answer

    def Diff(self, request: Any, context: Any) -> Any:
        key = _input(request.type)
        if same(_taken(request.old_inputs).get(key), _taken(request.news).get(key)):
            return _DIFF(changes=_DIFF.DIFF_NONE)
        replaces = [key] if request.type == _STACK_REFERENCE else []
        return _DIFF(changes=_DIFF.DIFF_SOME, replaces=replaces, diffs=[] if replaces else [key])

    def Create(self, request: Any, context: Any) -> Any:
        inputs = _taken(request.properties)
        if request.type == _STACK_REFERENCE:
            outputs = self._stack(inputs)
        else:
            outputs = {"input": inputs.get("input"), "output": inputs.get("input")}
        return provider_pb2.CreateResponse(
            id="" if request.preview else str(uuid.uuid4()), properties=marshal(outputs, _OPTIONS)
        )

    def Update(self, request: Any, context: Any) -> Any:
        """A stash keeps the value that it was made with."""
        outputs = {"input": _taken(request.news).get("input"), "output": _taken(request.olds).get("output")}
        return provider_pb2.UpdateResponse(properties=marshal(outputs, _OPTIONS))

    def Read(self, request: Any, context: Any) -> Any:
        kind = "stack reference" if request.type == _STACK_REFERENCE else "stash"
        if _input(request.type) not in request.inputs.fields:
            raise EngineError(f"{kind} can not be imported")
        outputs = _taken(request.properties)
        if request.type == _STACK_REFERENCE:
            outputs = self._stack(outputs)
        return provider_pb2.ReadResponse(
            id=request.id, inputs=request.inputs, properties=marshal(outputs, _OPTIONS)
        )

    def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # --- functions -------------------------------------------------------------------------------------

    def Invoke(self, request: Any, context: Any) -> Any:
        arguments = _taken(request.args)
        if request.tok == _READ_OUTPUTS:
            found = self._stack(arguments)
        elif request.tok == _READ_RESOURCES:
            name = _text(arguments, "stackName")
            found = {"name": name, "outputs": self._references.resources(name)}
        elif request.tok == GET_RESOURCE:
            found = self._resource(_text(arguments, "urn"))
        else:
            raise EngineError(f"unrecognized function name: '{request.tok}'")
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").CopyFrom(marshal(found, _OPTIONS))
        return answer

    def _stack(self, arguments: PropertyMap) -> PropertyMap:
        name = _text(arguments, "name")

        def on_undecryptable(error: SecretsError) -> None:
            message = f"eliding undecryptable secrets for stack reference '{name}': {error}"
            self._tell(Severity.INFO, message, "")

        outputs = self._references.outputs(name, on_undecryptable)
        return {
            "name": name,
            "outputs": outputs,
            "secretOutputNames": sorted(key for key, value in outputs.items() if contains_secret(value)),
        }

    def _resource(self, urn: str) -> PropertyMap:
        """A resource of this run, for a program that met a reference to it."""
        state = self._resources.get(urn)
        if state is None:
            raise EngineError(f"unknown resource {urn}")
        return {"urn": urn, "id": state.id, "provider": state.provider, "state": state.outputs}


def _input(type_: str) -> str:
    if type_ not in _INPUT:
        raise EngineError(f"unrecognized resource type '{type_}'")
    return _INPUT[type_]


def _taken(struct: Any) -> PropertyMap:
    return unmarshal(struct, Unmarshal())


def _text(arguments: PropertyMap, key: str) -> str:
    value = unwrap(arguments.get(key))
    if not isinstance(value, str):
        raise EngineError(f"missing required property {key!r}: expected text")
    return value
