# ruff: noqa: D102, N802 - the services' methods have Pulumi's names, and are described there
"""What the program talks to: Pulumi's ResourceMonitor and Engine services (source_eval.go)."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

import grpc
from google.protobuf import empty_pb2

from sandbox.protos import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from . import urn as urns
from .assets import with_hashes
from .builtin import GET_RESOURCE, PACKAGE
from .errors import EngineError, ProviderError, UnsupportedError
from .events import Diagnostic, Severity
from .goals import Alias, Goal, ReadGoal, Registration
from .hooks import FIELDS, bound
from .packages import Package, Packages
from .properties import (
    Marshal,
    PropertyMap,
    Unmarshal,
    contains_unknown,
    downgrade,
    marshal,
    output_dependencies,
    unmarshal,
    unmarshal_value,
)
from .registry import set_download_url, set_version
from .state.store import engine_version
from .transforms import Transforms

if TYPE_CHECKING:
    from .deployment import Deployment

_FEATURES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    # Stands for package references as well. Parameterized packages are refused with an error of ours: without
    # the feature the SDK would tell the user to upgrade a command line that isn't there.
    "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
}
_UNNAMED_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_BYTE_STRING,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_PARENT,
)
_SEVERITIES: Final = {
    0: Severity.DEBUG,
    1: Severity.INFO,
    2: Severity.WARNING,
    3: Severity.ERROR,
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_UNITS_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SHUT_DOWN: Final = "resource monitor shut down"


class _ShutDown(Exception):  # noqa: N818 - not an error: the run is over
    """The run ends while the program still waits."""


def _served(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A service's method whose errors reach the program as gRPC statuses."""

    def serve(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request)
        except _ShutDown:
            context.abort(grpc.StatusCode.UNAVAILABLE, _SHUT_DOWN)
        except UnsupportedError as error:
            # Told here, not by the program: it could take the error for another, or hide it among frames.
            self.deployment.tell(Severity.ERROR, str(error), "")
            self.deployment.fail()
            self.deployment.wait_for_shutdown()
            context.abort(grpc.StatusCode.UNAVAILABLE, _SHUT_DOWN)
        except (EngineError, ValueError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Exception as error:
            self.deployment.broke(error)
            context.abort(grpc.StatusCode.INTERNAL, f"the engine failed: {error!r}")

    return serve


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Takes the program's registrations, and blocks each until its resource is there."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._root = deployment.project.root
        self._lock = threading.Lock()
        self._goals: dict[str, Goal] = {}
        self._component_providers: dict[str, dict[str, str]] = {}
        self._packages = Packages()
        self._transforms = Transforms(deployment.callbacks, self._root)
        self._waiting = False

    # --- the run ---------------------------------------------------------------------------------------

    @_served
    def SupportsFeature(self, request: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    @_served
    def GetDeploymentInfo(self, request: Any) -> Any:
        del request
        deployment = self.deployment
        return resource_pb2.DeploymentInfo(
            project=deployment.project.name,
            stack=deployment.stack,
            organization="organization",
            config=dict(deployment.config.values),
            configSecretKeys=sorted(deployment.config.secret_keys),
            dryRun=deployment.preview,
            parallel=deployment.parallel,
            supportedFeatures=[*_FEATURES.values(), *_UNNAMED_FEATURES],
        )

    @_served
    def SignalAndWaitForShutdown(self, request: Any) -> Any:
        del request
        with self._lock:
            if self._waiting:
                raise EngineError("Already waiting for shutdown")
            self._waiting = True
        self.deployment.program_finished()
        self.deployment.wait_for_shutdown()
        return empty_pb2.Empty()

    @_served
    def RegisterStackTransform(self, request: Any) -> Any:
        self._transforms.add(request)
        return empty_pb2.Empty()

    @_served
    def RegisterStackInvokeTransform(self, request: Any) -> Any:
        self._transforms.add_for_invokes(request)
        return empty_pb2.Empty()

    @_served
    def RegisterResourceHook(self, request: Any) -> Any:
        self.deployment.hooks.register(request)
        return empty_pb2.Empty()

    @_served
    def RegisterErrorHook(self, request: Any) -> Any:
        self.deployment.hooks.register(request)
        return empty_pb2.Empty()

    @_served
    def RegisterPackage(self, request: Any) -> Any:
        return resource_pb2.RegisterPackageResponse(ref=self._packages.register(request))

    # --- what isn't supported --------------------------------------------------------------------------

    @_served
    def ExistsResource(self, request: Any) -> Any:
        raise UnsupportedError(
            f"looking for existing resources ({request.type!r}) is not supported by this engine"
        )

    # --- resources -------------------------------------------------------------------------------------

    @_served
    def RegisterResource(self, request: Any) -> Any:
        parent_goal = self._goals.get(request.parent)
        if parent_goal is not None:
            _inherit(request, parent_goal)
        managed = request.custom or request.remote
        if managed and request.type.count(":") != 2:
            raise EngineError(f"Type {request.type!r} is not a valid type token")
        properties = with_hashes(unmarshal(request.object, Unmarshal(outputs=True)), self._root)
        if managed:
            request.provider = self._resolve_provider(
                request.provider, request.providers, request.parent, urns.package(request.type)
            )
        own_transforms = self._transforms.own(request)
        transforms = self._transforms.all(own_transforms, request.parent)
        if transforms:
            _, property_dependencies = _dependencies(request, properties)
            properties = self._transforms.apply(request, transforms, properties, property_dependencies)
        _refuse_unsupported(request)
        dependencies, property_dependencies = _dependencies(request, properties)
        providers = dict(request.providers)
        if not request.custom:
            for package, reference in self._component_providers.get(request.parent, {}).items():
                providers.setdefault(package, reference)
        reference = ""
        wanted = self._packages.of(request, urns.package(request.type))
        if managed and not (request.custom and urns.is_provider(request.type)):
            reference = self._reference(request.provider, wanted, request.type)
        if urns.is_provider(request.type):
            if wanted.version:
                set_version(properties, wanted.version)
            if wanted.download_url:
                set_download_url(properties, wanted.download_url)
        if request.remote:
            answer = self._construct(
                request, properties, dependencies, property_dependencies, reference, providers
            )
            self._transforms.registered(answer.urn, request.parent, own_transforms)
            return answer
        source_position, stack_trace = self._positions(request)
        goal = Goal(
            type=request.type,
            name=request.name,
            custom=request.custom,
            properties=downgrade(properties),
            parent=request.parent,
            import_id=request.importId,
            protect=request.protect if request.HasField("protect") else None,
            dependencies=dependencies,
            provider=reference,
            property_dependencies=property_dependencies,
            delete_before_replace=(
                request.deleteBeforeReplace
                if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
                else None
            ),
            ignore_changes=list(request.ignoreChanges),
            additional_secret_outputs=list(request.additionalSecretOutputs),
            aliases=_aliases(request),
            custom_timeouts=_timeouts(request),
            replace_on_changes=list(request.replaceOnChanges),
            replacement_trigger=(
                downgrade(unmarshal_value(request.replacement_trigger, Unmarshal(), "replacementTrigger"))
                if request.HasField("replacement_trigger")
                else None
            ),
            retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
            deleted_with=request.deletedWith,
            replace_with=list(request.replace_with),
            hide_diff=list(request.hideDiffs),
            resource_hooks=bound(request.hooks),
            source_position=source_position,
            stack_trace=stack_trace,
        )
        registration = Registration()
        self.deployment.register(goal, registration)
        state = registration.state
        if state is None:
            self.deployment.wait_for_shutdown()
            raise _ShutDown
        self._transforms.registered(state.urn, request.parent, own_transforms)
        with self._lock:
            self._goals[state.urn] = goal
            if not goal.custom:
                self._component_providers[state.urn] = providers
        outputs = state.outputs if goal.custom else {}
        if not request.supportsPartialValues:
            outputs = {key: value for key, value in outputs.items() if not contains_unknown(value)}
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=marshal(outputs, _answering(request)),
            unknown=registration.unknown,
        )

    def _construct(
        self,
        request: Any,
        properties: PropertyMap,
        dependencies: list[str],
        property_dependencies: Mapping[str, list[str]],
        reference: str,
        providers: Mapping[str, str],
    ) -> Any:
        """Let a provider construct a component, which it does by registering resources here."""
        provider = self.deployment.registry.get(reference)
        if provider is None:
            raise EngineError(f"unknown provider '{reference}'")
        deployment = self.deployment
        construct = provider_pb2.ConstructRequest(
            project=deployment.project.name,
            stack=deployment.stack,
            organization="organization",
            config=dict(deployment.config.values),
            configSecretKeys=sorted(deployment.config.secret_keys),
            dryRun=deployment.preview,
            parallel=deployment.parallel,
            monitorEndpoint=deployment.address,
            type=request.type,
            name=request.name,
            parent=request.parent,
            providers={
                package: self._reference(given, Package(name=package), request.type)
                for package, given in providers.items()
            },
            inputDependencies={
                key: provider_pb2.ConstructRequest.PropertyDependencies(urns=found)
                for key, found in property_dependencies.items()
            },
            aliases=request.aliases,
            dependencies=dependencies,
            additionalSecretOutputs=request.additionalSecretOutputs,
            deletedWith=request.deletedWith,
            replace_with=request.replace_with,
            ignoreChanges=request.ignoreChanges,
            replaceOnChanges=request.replaceOnChanges,
            accepts_output_values=True,
        )
        for field in FIELDS:
            getattr(construct.resource_hooks, field).extend(getattr(request.hooks, field))
        if request.HasField("protect"):
            construct.protect = request.protect
        if request.HasField("retainOnDelete"):
            construct.retainOnDelete = request.retainOnDelete
        if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
            construct.deleteBeforeReplace = request.deleteBeforeReplace
        if request.HasField("replacement_trigger"):
            construct.replacement_trigger.CopyFrom(request.replacement_trigger)
        if request.HasField("customTimeouts"):
            timeouts = request.customTimeouts
            construct.customTimeouts.create = timeouts.create
            construct.customTimeouts.update = timeouts.update
            construct.customTimeouts.delete = timeouts.delete
            construct.customTimeouts.read = timeouts.read
        try:
            answer = provider.construct(construct, properties)
        except EngineError as error:
            self.deployment.tell(
                Severity.ERROR, f"{request.type} resource '{request.name}' has a problem: {error}", ""
            )
            self.deployment.fail()
            self.deployment.wait_for_shutdown()
            raise _ShutDown from None
        outputs = unmarshal(answer.state, Unmarshal(outputs=True))
        found = {key: set(deps.urns) for key, deps in answer.stateDependencies.items()}
        for key, value in outputs.items():
            found.setdefault(key, set()).update(output_dependencies(value))
        with self._lock:
            self._component_providers[answer.urn] = dict(providers)
        response = resource_pb2.RegisterResourceResponse
        return response(
            urn=answer.urn,
            object=marshal(outputs, _answering(request)),
            propertyDependencies={
                key: response.PropertyDependencies(urns=sorted(urns_)) for key, urns_ in found.items()
            },
        )

    @_served
    def ReadResource(self, request: Any) -> Any:
        package = self._packages.of(request, urns.package(request.type))
        provider = request.provider or self._reference("", package, request.type)
        source_position, stack_trace = self._positions(request)
        goal = ReadGoal(
            type=request.type,
            name=request.name,
            id=request.id,
            properties=unmarshal(request.properties, Unmarshal()),
            parent=request.parent,
            dependencies=sorted(set(request.dependencies)),
            provider=provider,
            additional_secret_outputs=list(request.additionalSecretOutputs),
            source_position=source_position,
            stack_trace=stack_trace,
        )
        registration = Registration()
        self.deployment.read(goal, registration)
        state = registration.state
        if state is None:
            self.deployment.wait_for_shutdown()
            raise _ShutDown
        return resource_pb2.ReadResourceResponse(
            urn=state.urn, properties=marshal(state.outputs, _answering(request)), id=state.id
        )

    @_served
    def RegisterResourceOutputs(self, request: Any) -> Any:
        outputs = with_hashes(unmarshal(request.outputs, Unmarshal()), self._root)
        self.deployment.register_outputs(request.urn, outputs)
        return empty_pb2.Empty()

    # --- functions -------------------------------------------------------------------------------------

    @_served
    def Invoke(self, request: Any) -> Any:
        package = urns.package(request.tok)
        request.provider = self._resolve_provider(request.provider, {}, request.parent, package)
        arguments = self._transforms.apply_to_invoke(request, unmarshal(request.args, Unmarshal()))
        reference = self._reference(request.provider, self._packages.of(request, package), request.tok)
        found = self.deployment.registry.get(reference)
        if found is None:
            raise EngineError(f"Invoke: unknown provider '{request.provider}' -> '{reference}'")
        preview = self.deployment.preview
        unknowns = preview and package == PACKAGE  # Pulumi's own tell of runs, whose end isn't known yet
        try:
            result = found.invoke(request.tok, arguments, preview=preview, unknowns=unknowns)
        except EngineError as error:
            if isinstance(error, ProviderError) and error.code == "UNIMPLEMENTED":
                raise UnsupportedError(str(error)) from None
            raise EngineError(f"invocation of {request.tok} returned an error: {error}") from None
        answer = resource_pb2.ResourceInvokeResponse(
            failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in result.failures]
        )
        options = Marshal(secrets=True, resources=request.acceptResources or request.tok == GET_RESOURCE)
        getattr(answer, "return").CopyFrom(marshal(result.value, options))
        return answer

    @_served
    def Call(self, request: Any) -> Any:
        arguments = unmarshal(request.args, Unmarshal(outputs=True))
        me = arguments.get("__self__")
        given = request.provider
        if not given and me is not None:
            goal = self._goals.get(getattr(me, "urn", ""))
            given = goal.provider if goal is not None else ""
        package = self._packages.of(request, urns.package(request.tok))
        reference = self._reference(given, package, request.tok)
        provider = self.deployment.registry.get(reference)
        if provider is None:
            raise EngineError(f"Call: unknown provider '{reference}'")
        deployment = self.deployment
        found = {key: set(deps.urns) for key, deps in request.argDependencies.items()}
        for key, value in arguments.items():
            found.setdefault(key, set()).update(output_dependencies(value))
        call = provider_pb2.CallRequest(
            tok=request.tok,
            argDependencies={
                key: provider_pb2.CallRequest.ArgumentDependencies(urns=sorted(deps))
                for key, deps in found.items()
            },
            project=deployment.project.name,
            stack=deployment.stack,
            organization="organization",
            config=dict(deployment.config.values),
            configSecretKeys=sorted(deployment.config.secret_keys),
            dryRun=deployment.preview,
            parallel=deployment.parallel,
            monitorEndpoint=deployment.address,
            accepts_output_values=True,
        )
        try:
            answer = provider.call(call, arguments)
        except EngineError as error:
            raise EngineError(f"call of {request.tok} returned an error: {error}") from None
        result = provider_pb2.CallResponse(failures=answer.failures)
        value = unmarshal(getattr(answer, "return"), Unmarshal(outputs=True))
        for key, item in value.items():
            deps = {*answer.returnDependencies[key].urns} if key in answer.returnDependencies else set()
            deps |= output_dependencies(item)
            result.returnDependencies[key].urns.extend(sorted(deps))
        getattr(result, "return").CopyFrom(marshal(value, Marshal(secrets=True, resources=True)))
        return result

    # --- providers -------------------------------------------------------------------------------------

    def _resolve_provider(
        self, provider: str, providers: Mapping[str, str], parent: str, package: str
    ) -> str:
        """The explicit provider of a resource: its own, or that of its package from its parent."""
        if provider:
            return provider
        return providers.get(package) or self._component_providers.get(parent, {}).get(package, "")

    def _reference(self, provider: str, package: Package, what: str) -> str:
        """A provider reference: the explicit one, or that of the default provider."""
        if provider:
            urns.split_reference(provider)
            return provider
        return self.deployment.default_provider(package.name, package.version, package.download_url, what)

    # --- positions -------------------------------------------------------------------------------------

    def _positions(self, request: Any) -> tuple[str, list[str]]:
        """Where in the program a request comes from, relative to the project, and the way there."""
        position = ""
        if request.HasField("sourcePosition"):
            position = self._position(request.sourcePosition)
        trace = []
        if request.HasField("stackTrace"):
            trace = [self._position(frame.pc) for frame in request.stackTrace.frames]
        return position, trace

    def _position(self, raw: Any) -> str:
        return _position(str(self._root), raw.uri, raw.line, raw.column)


@lru_cache(maxsize=4096)
def _position(root: str, uri: str, line: int, column: int) -> str:
    parts = urlsplit(uri)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or not path.is_absolute() or line < 0 or column < 0:
        return ""
    relative = quote(os.path.relpath(path, root), safe="/@:$&+,;=~.-_")
    return f"project:///{relative}#{line}" + (f",{column}" if column else "")


def _refuse_unsupported(request: Any) -> None:
    name = f"{request.type} {request.name!r}"
    if request.state_migrations:
        raise UnsupportedError(f"{name}: state migrations are not supported by this engine")
    if request.snippetId:
        raise UnsupportedError(f"{name}: snippets are not supported by this engine")
    if request.envVarMappings:
        raise UnsupportedError(f"{name}: the option `env_var_mappings` is not supported by this engine")


def _inherit(request: Any, parent: Goal) -> None:
    """Take over the parent's options that children have (``inheritFromParent``)."""
    if not request.deletedWith:
        request.deletedWith = parent.deleted_with
    if not request.HasField("protect") and parent.protect is not None:
        request.protect = parent.protect
    if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
        request.retainOnDelete = parent.retain_on_delete
    if not request.provider and parent.provider:
        package = urns.provider_package(urns.type_of(urns.split_reference(parent.provider)[0]))
        if not (request.custom or request.remote) or package == urns.package(request.type):
            request.provider = parent.provider


def _dependencies(request: Any, properties: PropertyMap) -> tuple[list[str], dict[str, list[str]]]:
    """Dependencies of the resource and of each property, sorted."""
    dependencies = set(request.dependencies)
    if not request.propertyDependencies and not request.remote:
        found = {key: set(dependencies) for key in properties}
    else:
        found = {key: set(deps.urns) for key, deps in request.propertyDependencies.items()}
    for key, value in properties.items():
        found.setdefault(key, set()).update(output_dependencies(value))
    for urn in dependencies.union(*found.values()):
        if not urns.is_valid(urn):
            raise EngineError(f"invalid dependency URN: {urn!r}")
    return sorted(dependencies), {key: sorted(deps) for key, deps in sorted(found.items())}


def _aliases(request: Any) -> list[Alias]:
    found = [Alias(urn=urn) for urn in request.aliasURNs]
    for alias in request.aliases:
        if alias.WhichOneof("alias") == "spec":
            spec = alias.spec
            found.append(
                Alias(
                    name=spec.name,
                    type=spec.type,
                    stack=spec.stack,
                    project=spec.project,
                    parent=spec.parentUrn,
                    no_parent=spec.noParent,
                )
            )
        else:
            found.append(Alias(urn=alias.urn))
    return found


def _timeouts(request: Any) -> dict[str, float]:
    if not request.HasField("customTimeouts"):
        return {}
    found = {}
    for name in ("create", "update", "delete", "read"):
        text = getattr(request.customTimeouts, name)
        if text:
            found[name] = duration_s(text)
    return found


def duration_s(text: str) -> float:
    """Seconds of a Go duration such as ``1h30m``.

    :raises EngineError: it isn't one
    """
    if not text or _DURATION.sub("", text):
        raise EngineError(f"unable to parse customTimeout Value {text}")
    seconds: float = sum(float(number) * _UNITS_S[unit] for number, unit in _DURATION.findall(text))
    return int(seconds) if seconds.is_integer() else seconds


def _answering(request: Any) -> Marshal:
    return Marshal(secrets=request.acceptSecrets, resources=request.acceptResources)


class EngineService(engine_pb2_grpc.EngineServicer):
    """The program's (and providers') way to log, and to know the stack's resource."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._root_urn = ""

    @_served
    def Log(self, request: Any) -> Any:
        self.deployment.log(
            Diagnostic(
                severity=_SEVERITIES.get(request.severity, Severity.INFO),
                message=request.message,
                urn=request.urn,
                ephemeral=request.ephemeral,
            )
        )
        return empty_pb2.Empty()

    @_served
    def GetRootResource(self, request: Any) -> Any:
        del request
        return engine_pb2.GetRootResourceResponse(urn=self._root_urn)

    @_served
    def SetRootResource(self, request: Any) -> Any:
        self._root_urn = request.urn
        return engine_pb2.SetRootResourceResponse()

    @_served
    def StartDebugging(self, request: Any) -> Any:
        del request
        raise UnsupportedError("attaching a debugger is not supported by this engine")

    @_served
    def RequirePulumiVersion(self, request: Any) -> Any:
        version = engine_version()
        if not _in_range(version, request.pulumi_version_range):
            raise EngineError(
                f"Pulumi CLI version {version.removeprefix('v')} does not satisfy the version range"
                f" {request.pulumi_version_range!r}"
            )
        return engine_pb2.RequirePulumiVersionResponse()


def _in_range(version: str, wanted: str) -> bool:
    """Whether a version is in a range such as ``>=3.5.0 !3.7.7 || <3.4.0``."""

    def numbers(text: str) -> tuple[int, ...]:
        found = [int(part) for part in re.findall(r"\d+", text.partition("-")[0])[:3]]
        return tuple([*found, 0, 0, 0][:3])

    compare: dict[str, Callable[[Any, Any], bool]] = {
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        "!": lambda a, b: a != b,
        "!=": lambda a, b: a != b,
        "": lambda a, b: a == b,
        "=": lambda a, b: a == b,
        "==": lambda a, b: a == b,
    }

    def holds(condition: str) -> bool:
        match = re.fullmatch(r"(>=|<=|>|<|!=|!|==|=|)\s*v?(\d[\w.+-]*)", condition)
        if match is None:
            raise EngineError(f"failed to parse version range: {wanted!r}")
        return compare[match[1]](numbers(version), numbers(match[2]))

    return any(all(holds(part) for part in option.split()) for option in wanted.split("||"))
