"""One provider as the engine uses it: property values in and out (pkg/resource/plugin/provider_plugin.go)."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from google.protobuf.message import DecodeError

from sandbox.protos import errors_pb2, plugin_pb2, provider_pb2

from . import urn as urns
from .config import go_json
from .errors import EngineError, InitError, NonsenseError, ProviderError
from .events import PropertyDiff
from .plugins import ProviderClient
from .properties import (
    Marshal,
    PropertyMap,
    Unmarshal,
    annotate_secrets,
    contains_secret,
    contains_unknown,
    make_secret,
    marshal,
    restore_assets,
    unmarshal,
    unwrap,
)


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """Inputs as the provider wants them, or what is wrong with them: (property or "", reason)."""

    inputs: PropertyMap = field(default_factory=dict)
    failures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class DiffResult:
    """What a provider says about old state and new inputs.

    :ivar changes: ``None`` if it doesn't know
    """

    changes: bool | None = None
    replace_keys: Sequence[str] = ()
    stable_keys: Sequence[str] = ()
    changed_keys: Sequence[str] = ()
    detailed_diff: Mapping[str, PropertyDiff] | None = None
    delete_before_replace: bool = False

    @property
    def replace(self) -> bool:
        """Whether the resource must be replaced."""
        if self.replace_keys:
            return True
        return any(diff.kind.endswith("-replace") for diff in (self.detailed_diff or {}).values())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a provider says of a resource: id (``""``: it is no more), outputs, inputs if it gives them."""

    id: str = ""
    outputs: PropertyMap = field(default_factory=dict)
    inputs: PropertyMap | None = None
    refresh_before_update: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a creation that was cut off has made.

    :ivar finished: it is as the creation would have left it; else an update has to set everything again
    """

    id: str
    finished: bool


@dataclass(frozen=True, kw_only=True)
class InvokeResult:
    """What a function of a provider returns, or what is wrong with its arguments."""

    value: PropertyMap = field(default_factory=dict)
    failures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a provider takes, as its Handshake or Configure says."""

    secrets: bool = False
    resources: bool = False
    outputs: bool = False
    preview: bool = False


class DiffUnavailableError(EngineError):
    """A provider whose own configuration isn't known yet can't tell differences."""


_KINDS: Final = {
    0: "add",
    1: "add-replace",
    2: "delete",
    3: "delete-replace",
    4: "update",
    5: "update-replace",
}
_UNIMPLEMENTED: Final = "UNIMPLEMENTED"


class Provider:
    """A provider, configured or not yet. Safe to use from several threads."""

    def __init__(self, client: ProviderClient, package: str, engine_address: str) -> None:
        """Shake hands with it.

        :raises ProviderError: it refuses
        """
        self._client = client
        self.package = package
        self._protocol: Protocol | None = None
        self._known: bool | None = None
        self._configured = threading.Event()
        self._refusal: ProviderError | None = None
        try:
            answer = client.call(
                "Handshake",
                provider_pb2.ProviderHandshakeRequest(
                    engine_address=engine_address, configure_with_urn=True, invoke_with_preview=True
                ),
            )
        except ProviderError as error:
            if error.code != _UNIMPLEMENTED:
                raise
        else:
            self._protocol = Protocol(
                secrets=answer.accept_secrets,
                resources=answer.accept_resources,
                outputs=answer.accept_outputs,
                preview=True,
            )
        try:
            client.call("Attach", plugin_pb2.PluginAttach(address=engine_address))
        except ProviderError as error:
            if error.code != _UNIMPLEMENTED:
                raise

    # --- configuration ---------------------------------------------------------------------------------

    def check_config(self, urn: str, olds: PropertyMap, news: PropertyMap) -> CheckResult:
        """Validate the inputs of the provider itself."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            olds=marshal(olds, Marshal()),
            news=marshal(news, Marshal()),
        )
        try:
            answer = self._client.call("CheckConfig", request)
        except ProviderError as error:
            if error.code == _UNIMPLEMENTED:
                return CheckResult(inputs=news)
            raise
        inputs = self._taken("CheckConfig", answer.inputs) if answer.HasField("inputs") else {}
        annotate_secrets(inputs, news)
        return CheckResult(inputs=inputs, failures=_failures(answer))

    def diff_config(
        self,
        urn: str,
        old_inputs: PropertyMap,
        old_outputs: PropertyMap,
        new_inputs: PropertyMap,
        ignore_changes: Sequence[str] = (),
    ) -> DiffResult:
        """Compare the inputs of the provider itself."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            old_inputs=marshal(old_inputs, Marshal()),
            olds=marshal(old_outputs, Marshal()),
            news=marshal(new_inputs, Marshal()),
            ignoreChanges=ignore_changes,
        )
        try:
            return _diff_result(self._client.call("DiffConfig", request))
        except ProviderError as error:
            if error.code == _UNIMPLEMENTED:
                return DiffResult()
            raise

    def configure(self, urn: str, identity: str, inputs: PropertyMap) -> None:
        """Give it its configuration; with unknowns in it, it stays unconfigured and is asked nothing.

        If it refuses, so does everything that it is asked then: one that nobody needs stops nothing.
        """
        if any(contains_unknown(value) for key, value in inputs.items() if key != "version"):
            self._protocol = self._protocol or Protocol()
            self._known = False
            self._configured.set()
            return
        package = urns.provider_package(urns.type_of(urn))
        variables = {}
        for key, value in inputs.items():
            if key != "version":
                plain = unwrap(value)
                variables[f"{package}:config:{key}"] = plain if isinstance(plain, str) else go_json(plain)
        request = provider_pb2.ConfigureRequest(
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            id=identity,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            variables=variables,
            args=marshal(inputs, Marshal(secrets=True, resources=True)),
        )
        try:
            answer = self._client.call("Configure", request)
        except ProviderError as error:
            self._refusal = error
            if error.code == _UNIMPLEMENTED:
                self._refusal = ProviderError(
                    f"what is asked for the package {package!r} can't be configured: it isn't a resource"
                    f" provider ({error})"
                )
            return
        if self._protocol is None:
            self._protocol = Protocol(
                secrets=answer.acceptSecrets,
                resources=answer.acceptResources,
                outputs=answer.acceptOutputs,
                preview=answer.supportsPreview,
            )
        self._known = True
        self._configured.set()

    def _ready(self) -> tuple[Protocol, bool]:
        """What it takes, and whether its configuration is known.

        :raises ProviderError: it refused its configuration
        """
        if self._refusal is not None:
            raise self._refusal
        if not self._configured.is_set() or self._protocol is None or self._known is None:
            raise EngineError(f"the provider of {self.package!r} was asked before it was configured")
        return self._protocol, self._known

    def _options(self, protocol: Protocol, *, unknowns: bool, elide: bool = False) -> Marshal:
        return Marshal(
            unknowns=unknowns, secrets=protocol.secrets, resources=protocol.resources, elide_assets=elide
        )

    # --- resources -------------------------------------------------------------------------------------

    def check(
        self, urn: str, olds: PropertyMap, news: PropertyMap, *, seed: bytes, preview: bool
    ) -> CheckResult:
        """Validate inputs and fill in defaults."""
        protocol, known = self._ready()
        if not known:
            return CheckResult(inputs=news)
        options = self._options(protocol, unknowns=preview)
        answer = self._client.call(
            "Check",
            provider_pb2.CheckRequest(
                urn=urn,
                name=urns.name(urn),
                type=urns.type_of(urn),
                olds=marshal(olds, options),
                news=marshal(news, options),
                randomSeed=seed,
            ),
        )
        inputs = self._taken("Check", answer.inputs, unknowns=preview) if answer.HasField("inputs") else {}
        if not protocol.secrets:
            annotate_secrets(inputs, news)
        return CheckResult(inputs=inputs, failures=_failures(answer))

    def diff(
        self,
        urn: str,
        identity: str,
        old_inputs: PropertyMap,
        old_outputs: PropertyMap,
        new_inputs: PropertyMap,
        *,
        unknowns: bool,
        ignore_changes: Sequence[str],
    ) -> DiffResult:
        """Compare the state with new inputs.

        :raises DiffUnavailableError: its configuration isn't known yet
        """
        protocol, known = self._ready()
        if not known:
            raise DiffUnavailableError(
                "The provider for this resource has inputs that are not known during preview.\n"
                "This preview may not correctly represent the changes that will be applied during an update."
            )
        options = self._options(protocol, unknowns=unknowns, elide=True)
        answer = self._client.call(
            "Diff",
            provider_pb2.DiffRequest(
                id=identity,
                urn=urn,
                name=urns.name(urn),
                type=urns.type_of(urn),
                old_inputs=marshal(old_inputs, options),
                olds=marshal(old_outputs, options),
                news=marshal(new_inputs, options),
                ignoreChanges=ignore_changes,
            ),
        )
        return _diff_result(answer)

    def create(self, urn: str, inputs: PropertyMap, *, timeout_s: float, preview: bool) -> Answer:
        """Create a resource; in a preview, say what is known of it.

        :raises InitError: it exists and isn't healthy
        """
        protocol, known = self._ready()
        if preview and not known:
            return Answer()
        if preview and not protocol.preview:
            return Answer(outputs=dict(inputs))
        request = provider_pb2.CreateRequest(
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            properties=marshal(inputs, self._options(protocol, unknowns=preview)),
            timeout=timeout_s,
            preview=preview,
        )
        answer = self._live("Create", request, inputs, unknowns=preview)
        if not answer.id and not preview:
            raise NonsenseError(f"plugin returned empty resource.ID from create '{urn}'")
        return answer

    def update(
        self,
        urn: str,
        identity: str,
        old_inputs: PropertyMap,
        old_outputs: PropertyMap,
        new_inputs: PropertyMap,
        *,
        timeout_s: float,
        ignore_changes: Sequence[str],
        preview: bool,
    ) -> Answer:
        """Change a resource; in a preview, say what is known of the result.

        :raises InitError: it was changed and isn't healthy
        """
        protocol, known = self._ready()
        if preview and not known:
            return Answer()
        if preview and not protocol.preview:
            return Answer(outputs=dict(new_inputs))
        elided = self._options(protocol, unknowns=False, elide=True)
        request = provider_pb2.UpdateRequest(
            id=identity,
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            old_inputs=marshal(old_inputs, elided),
            olds=marshal(old_outputs, elided),
            news=marshal(new_inputs, self._options(protocol, unknowns=preview)),
            timeout=timeout_s,
            ignoreChanges=ignore_changes,
            preview=preview,
        )
        return self._live("Update", request, new_inputs, unknowns=preview)

    def delete(
        self, urn: str, identity: str, inputs: PropertyMap, outputs: PropertyMap, *, timeout_s: float
    ) -> None:
        """Delete a resource."""
        protocol, _ = self._ready()
        options = self._options(protocol, unknowns=False, elide=True)
        self._client.call(
            "Delete",
            provider_pb2.DeleteRequest(
                id=identity,
                urn=urn,
                name=urns.name(urn),
                type=urns.type_of(urn),
                properties=marshal(outputs, options),
                old_inputs=marshal(inputs, options),
                timeout=timeout_s,
            ),
        )

    def read(
        self,
        urn: str,
        identity: str,
        inputs: PropertyMap | None,
        outputs: PropertyMap | None,
        *,
        timeout_s: float = 0.0,
    ) -> Answer:
        """Say what a resource is now; an answer without id: it is no more.

        :param inputs: as far as they are known; ``None`` for an import, as with the outputs
        :raises InitError: it isn't healthy
        """
        protocol, known = self._ready()
        if not known:
            return Answer(id=identity, inputs={})
        options = self._options(protocol, unknowns=False, elide=True)
        request = provider_pb2.ReadRequest(
            id=identity,
            urn=urn,
            name=urns.name(urn),
            type=urns.type_of(urn),
            properties=None if outputs is None else marshal(outputs, options),
            inputs=None if inputs is None else marshal(inputs, options),
            timeout=timeout_s,
        )
        inputs = inputs or {}
        try:
            return self._restored(
                self._live("Read", request, outputs or {}, unknowns=False, old_inputs=inputs), inputs
            )
        except InitError as error:
            error.answer = self._restored(error.answer, inputs)
            raise

    def find(
        self, urn: str, inputs: PropertyMap, others: Sequence[tuple[str, PropertyMap]] = ()
    ) -> Found | None:
        """What an interrupted creation with these inputs has made; ``None``: nothing is there.

        Pulumi's protocol has no such question; it is asked as a function ``<package>:fleet:find``.

        :param others: ids and inputs of the other resources of the type: none of them is meant
        :raises ProviderError: the provider can't tell
        """
        protocol, _ = self._ready()
        options = self._options(protocol, unknowns=False)
        elided = self._options(protocol, unknowns=False, elide=True)
        arguments = marshal({"type": urns.type_of(urn), "urn": urn, "inputs": inputs}, options)
        known = marshal({"others": [{"id": identity, "inputs": each} for identity, each in others]}, elided)
        arguments.MergeFrom(known)
        request = provider_pb2.InvokeRequest(tok=f"{self.package}:fleet:find", args=arguments)
        answer = getattr(self._client.call("Invoke", request), "return").fields
        identity = answer["id"].string_value if "id" in answer else ""
        finished = "finished" in answer and answer["finished"].bool_value
        return Found(id=identity, finished=finished) if identity else None

    @staticmethod
    def _restored(answer: Answer, inputs: PropertyMap) -> Answer:
        """The answer with the assets' contents, which weren't sent."""
        return replace(
            answer,
            outputs=restore_assets(inputs, answer.outputs),
            inputs=None if answer.inputs is None else restore_assets(inputs, answer.inputs),
        )

    def _live(
        self,
        method: str,
        request: Any,
        secret_like: PropertyMap,
        *,
        unknowns: bool,
        old_inputs: PropertyMap | None = None,
    ) -> Answer:
        """Call Create, Update or Read and take in the answer, or what there is after a failed init."""
        protocol, _ = self._ready()
        failure: list[str] | None = None
        try:
            message = self._client.call(method, request)
        except ProviderError as error:
            init = _init_failure(error)
            if init is None:
                raise _with_property_errors(error) from None
            failure, message = list(init.reasons), init
        outputs = self._taken(method, message.properties, unknowns=unknowns)
        has_inputs = "inputs" in message.DESCRIPTOR.fields_by_name and message.HasField("inputs")
        inputs = self._taken(method, message.inputs, unknowns=unknowns) if has_inputs else None
        if not protocol.secrets:
            annotate_secrets(outputs, secret_like)
            if inputs is not None and old_inputs is not None:
                annotate_secrets(inputs, old_inputs)
        answer = Answer(
            id=getattr(message, "id", ""),
            outputs=outputs,
            inputs=inputs,
            refresh_before_update=message.refresh_before_update,
        )
        if failure is not None:
            raise InitError(failure, answer)
        return answer

    def _taken(self, method: str, struct: Any, *, unknowns: bool = True) -> PropertyMap:
        """Property values of an answer.

        :raises NonsenseError: they are malformed, or unknown where they mustn't be
        """
        try:
            return unmarshal(struct, Unmarshal(unknowns=unknowns))
        except EngineError as error:
            message = f"the answer of the provider {self.package!r} to {method} can't be used: {error}"
            raise NonsenseError(message) from None

    # --- functions and components ----------------------------------------------------------------------

    def invoke(
        self, token: str, arguments: PropertyMap, *, preview: bool, unknowns: bool = False
    ) -> InvokeResult:
        """Call a function.

        :param unknowns: its answer may hold what isn't known
        """
        protocol, known = self._ready()
        if not known:
            return InvokeResult()
        answer = self._client.call(
            "Invoke",
            provider_pb2.InvokeRequest(
                tok=token, args=marshal(arguments, self._options(protocol, unknowns=False)), preview=preview
            ),
        )
        value = self._taken("Invoke", getattr(answer, "return"), unknowns=unknowns)
        if not protocol.secrets and contains_secret(arguments):
            value = {key: make_secret(item) for key, item in value.items()}
        return InvokeResult(value=value, failures=_failures(answer))

    def construct(self, request: Any, inputs: PropertyMap) -> Any:
        """Construct a remote component; ``request`` has everything but the inputs.

        :returns: the ``ConstructResponse``
        """
        protocol, known = self._ready()
        if not known:
            raise EngineError(
                f"component {request.name!r}: its provider's configuration isn't known during preview"
            )
        options = Marshal(secrets=protocol.secrets, resources=protocol.resources, outputs=protocol.outputs)
        request.inputs.CopyFrom(marshal(inputs, options))
        answer = self._client.call("Construct", request)
        if not urns.is_valid(answer.urn):
            raise NonsenseError(f"the provider's answer to Construct has no URN, but {answer.urn!r}")
        return answer

    def call(self, request: Any, arguments: PropertyMap) -> Any:
        """Call a method of a component; ``request`` has everything but the arguments.

        :returns: the ``CallResponse``
        """
        protocol, _ = self._ready()
        options = Marshal(secrets=protocol.secrets, resources=protocol.resources, outputs=protocol.outputs)
        request.args.CopyFrom(marshal(arguments, options))
        return self._client.call("Call", request)

    def cancel(self) -> None:
        """Ask it to stop what it is doing."""
        from google.protobuf import empty_pb2

        try:
            self._client.call("Cancel", empty_pb2.Empty())
        except ProviderError as error:
            if error.code not in (_UNIMPLEMENTED, "UNAVAILABLE"):
                raise

    def close(self) -> None:
        """Let go of it."""
        self._client.close()


def _failures(answer: Any) -> list[tuple[str, str]]:
    return [(failure.property, failure.reason) for failure in answer.failures]


def _diff_result(answer: Any) -> DiffResult:
    detailed = None
    if answer.hasDetailedDiff:
        detailed = {
            path: PropertyDiff(kind=_KINDS.get(diff.kind, "update"), input_diff=diff.inputDiff)
            for path, diff in sorted(answer.detailedDiff.items())
        }
    return DiffResult(
        changes={1: False, 2: True}.get(answer.changes),
        replace_keys=list(answer.replaces),
        stable_keys=list(answer.stables),
        changed_keys=list(answer.diffs),
        detailed_diff=detailed,
        delete_before_replace=answer.deleteBeforeReplace,
    )


def _init_failure(error: ProviderError) -> Any | None:
    for detail in error.details:
        if detail.Is(provider_pb2.ErrorResourceInitFailed.DESCRIPTOR):
            init = provider_pb2.ErrorResourceInitFailed()
            with suppress(DecodeError):  # then it is an error like any other
                detail.Unpack(init)
                return init
    return None


def _with_property_errors(error: ProviderError) -> ProviderError:
    """The error with what its details say about single properties."""
    lines = [str(error)]
    for detail in error.details:
        if detail.Is(errors_pb2.InputPropertiesError.DESCRIPTOR):
            wrong = errors_pb2.InputPropertiesError()
            with suppress(DecodeError):
                detail.Unpack(wrong)
            lines += [f"\t\t- property {e.property_path} has a problem: {e.reason}" for e in wrong.errors]
    if len(lines) == 1:
        return error
    return ProviderError("\n".join(lines), code=error.code)
