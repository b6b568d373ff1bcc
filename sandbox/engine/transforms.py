"""Functions of the program that change what it registers (``wrapTransformCallback``, source_eval.go).

A resource is changed by its own transforms, then by those of its parents from the inside out, then by the
stack's; a function call (invoke) by the stack's alone.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sandbox.protos import resource_pb2

from .assets import with_hashes
from .callbacks import Callback, Callbacks
from .errors import EngineError
from .properties import (
    Marshal,
    OutputValue,
    PropertyMap,
    Unmarshal,
    Value,
    marshal,
    output_dependencies,
    unmarshal,
    upgrade,
)

_OPTIONS: Final = {
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "deletedWith": "deleted_with",
    "dependencies": "depends_on",
    "hideDiffs": "hide_diff",
    "hooks": "hooks",
    "ignoreChanges": "ignore_changes",
    "importId": "import",
    "pluginChecksums": "plugin_checksums",
    "pluginDownloadURL": "plugin_download_url",
    "protect": "protect",
    "provider": "provider",
    "providers": "providers",
    "replaceOnChanges": "replace_on_changes",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
    "retainOnDelete": "retain_on_delete",
    "version": "version",
}
"""Field of a registration -> the option that a transform sees and may change."""
_INVOKE_OPTIONS: Final = {
    "pluginChecksums": "plugin_checksums",
    "pluginDownloadURL": "plugin_download_url",
    "provider": "provider",
    "version": "version",
}
_MARSHAL: Final = Marshal(secrets=True, resources=True, outputs=True)
_INVOKE_MARSHAL: Final = Marshal(secrets=True, resources=True)


class Transforms:
    """All transforms of a run. Safe to use from several threads."""

    def __init__(self, callbacks: Callbacks, root: Path) -> None:
        self._callbacks = callbacks
        self._root = root
        self._lock = threading.Lock()
        self._stack: list[Callback] = []
        self._invokes: list[Callback] = []
        self._own: dict[str, list[Callback]] = {}
        self._parents: dict[str, str] = {}
        self._pending: dict[tuple[str, str, str], list[Callback]] = {}

    def add(self, callback: Callback) -> None:
        """Transform every resource that is registered from now on."""
        self._stack.append(_valid(callback))

    def add_for_invokes(self, callback: Callback) -> None:
        """Transform every function call from now on."""
        self._invokes.append(_valid(callback))

    def own(self, request: Any) -> list[Callback]:
        """The transforms that a resource has by its option.

        A component that a provider constructs is registered twice: the second time it has those of the first.
        """
        key = (request.parent, request.type, request.name)
        with self._lock:
            pending = self._pending.pop(key, None)
            if pending is not None:
                return pending
            own = list(request.transforms)
            if request.remote and own:
                self._pending[key] = own
            return own

    def registered(self, urn: str, parent: str, own: list[Callback]) -> None:
        """Remember a resource: what is inside it is transformed as well."""
        with self._lock:
            self._own[urn] = own
            self._parents[urn] = parent

    def all(self, own: list[Callback], parent: str) -> list[Callback]:
        """The transforms of a resource in their order: its own, those of its parents, the stack's."""
        with self._lock:
            found = list(own)
            while parent:
                found += self._own.get(parent, ())
                parent = self._parents.get(parent, "")
            return found + self._stack

    def apply(
        self,
        request: Any,
        transforms: Sequence[Callback],
        properties: PropertyMap,
        property_dependencies: Mapping[str, list[str]],
    ) -> PropertyMap:
        """Let transforms change a ``RegisterResourceRequest`` in place.

        :param property_dependencies: of the request
        :returns: the changed properties, output values in them
        :raises EngineError: a transform failed
        """
        properties = upgrade(properties)
        if request.transforms:
            properties = _with_dependencies(properties, property_dependencies)
        options = _options(request)
        for callback in transforms:
            message = resource_pb2.TransformRequest(
                name=request.name,
                type=request.type,
                parent=request.parent,
                custom=request.custom,
                properties=marshal(properties, _MARSHAL),
                options=options,
            )
            try:
                answer = self._callbacks.call(callback, message, resource_pb2.TransformResponse())
                if answer.HasField("properties"):
                    properties = unmarshal(answer.properties, Unmarshal(outputs=True))
            except EngineError as error:
                raise EngineError(f"a transform of {request.type} {request.name!r} failed: {error}") from None
            properties = with_hashes(properties, self._root)
            if answer.HasField("options"):
                options = answer.options
        _take_over(request, options)
        if request.transforms:
            _depend_as_transformed(request, options, properties)
        else:
            for key in properties:
                request.propertyDependencies[key].urns[:] = property_dependencies.get(key, ())
        return properties

    def apply_to_invoke(self, request: Any, arguments: PropertyMap) -> PropertyMap:
        """Let the stack's transforms change a ``ResourceInvokeRequest`` in place.

        :returns: the changed arguments
        :raises EngineError: a transform failed
        """
        options = resource_pb2.TransformInvokeOptions()
        for field, option in _INVOKE_OPTIONS.items():
            _carry(request, field, options, option)
        for callback in list(self._invokes):
            message = resource_pb2.TransformInvokeRequest(
                token=request.tok, args=marshal(arguments, _INVOKE_MARSHAL), options=options
            )
            try:
                answer = self._callbacks.call(callback, message, resource_pb2.TransformInvokeResponse())
                if answer.HasField("args"):
                    arguments = unmarshal(answer.args, Unmarshal())
            except EngineError as error:
                raise EngineError(f"a transform of the function {request.tok} failed: {error}") from None
            if answer.HasField("options"):
                options = answer.options
        for field, option in _INVOKE_OPTIONS.items():
            _carry(options, option, request, field)
        return arguments


def _valid(callback: Callback) -> Callback:
    if not callback.target:
        raise EngineError("target must be specified")
    return callback


def _options(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions()
    for field, option in _OPTIONS.items():
        _carry(request, field, options, option)
    del options.aliases[:]
    for urn in request.aliasURNs:
        options.aliases.add(urn=urn)
    options.aliases.MergeFrom(request.aliases)
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _take_over(request: Any, options: Any) -> None:
    """Make the options those of the request; dependencies change by a resource's own transforms alone."""
    for field, option in _OPTIONS.items():
        if field != "dependencies":
            _carry(options, option, request, field)
    request.ClearField("aliasURNs")
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace


def _depend_as_transformed(request: Any, options: Any, properties: PropertyMap) -> None:
    """The dependencies are those of the values that the transforms have left."""
    found = {key: output_dependencies(value) for key, value in properties.items()}
    request.ClearField("dependencies")
    request.dependencies.extend(sorted({*options.depends_on}.union(*found.values())))
    request.ClearField("propertyDependencies")
    for key, urns in found.items():
        request.propertyDependencies[key].urns.extend(sorted(urns))


def _carry(source: Any, name: str, target: Any, other: str) -> None:
    """Set a field of a message to that of another message."""
    target.ClearField(other)
    if source.DESCRIPTOR.fields_by_name[name].has_presence and not source.HasField(name):
        return
    value = getattr(source, name)
    if hasattr(value, "MergeFrom"):
        getattr(target, other).MergeFrom(value)
    else:
        setattr(target, other, value)


def _with_dependencies(properties: PropertyMap, dependencies: Mapping[str, list[str]]) -> PropertyMap:
    """The properties as outputs that carry the dependencies of their names (``upgradeOutputValues``)."""

    def upgraded(value: Value, wanted: set[str]) -> Value:
        if wanted <= output_dependencies(value):
            return value
        output = value if isinstance(value, OutputValue) else OutputValue(element=value)
        merged = tuple(sorted({*output.dependencies, *wanted}))
        return OutputValue(element=output.element, secret=output.secret, dependencies=merged)

    return {key: upgraded(value, set(dependencies.get(key, ()))) for key, value in properties.items()}
