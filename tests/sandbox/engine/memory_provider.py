# ruff: noqa: N802 - the names are the protocol's
"""A provider named ``test`` that keeps its resources in memory and fails on demand.

``test:index:Thing`` takes ``label`` (changing it replaces), ``text``, ``tags``, ``data`` and whatever else is
given, and has an ``arn`` that is known only after creation. Special inputs: ``failOn`` (create, update,
delete, check), ``initErrors`` (the resource is made, but unhealthy), ``deleteFirst`` (a replacement deletes
first), ``waitFor`` (a name that the test must release before the creation ends).
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2

from sandbox.protos import (
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
    status_pb2,
)

_DIFF = provider_pb2.DiffResponse
_KIND = provider_pb2.PropertyDiff
_REPLACING = {
    _KIND.ADD: _KIND.ADD_REPLACE,
    _KIND.DELETE: _KIND.DELETE_REPLACE,
    _KIND.UPDATE: _KIND.UPDATE_REPLACE,
}


class MemoryProvider(provider_pb2_grpc.ResourceProviderServicer):
    """See the module. Thread-safe; every call is in ``calls``."""

    def __init__(self, *, accept_secrets: bool = True, region: str = "") -> None:
        self.calls: list[tuple[str, str]] = []
        self.requests: list[tuple[str, Any]] = []
        self.things: dict[str, dict[str, Any]] = {}
        self.configured: list[dict[str, Any]] = []
        self.gates: dict[str, threading.Event] = {}
        self.entered: dict[str, threading.Event] = {}
        self.cancelled = threading.Event()
        self.accept_secrets = accept_secrets
        self.region = region
        self.blind = False
        self.finishes = False
        self.refusing: set[tuple[str, str]] = set()
        """(method, name) of calls that fail"""
        self.unhealthy: dict[str, list[str]] = {}
        """id -> what a read finds to be wrong with it"""
        self.undecided: set[str] = set()
        """names whose diff is left to the engine"""
        self.import_ids: dict[str, str] = {}
        """what an import may call a resource -> its id"""
        self.inputs_unread = False
        """whether a read tells outputs only"""
        self.package = "test"
        self.failing: Counter[str] = Counter()
        """name -> how often it can't be created, updated or deleted"""
        self._lock = threading.Lock()
        self._made: Counter[str] = Counter()

    def gate(self, name: str) -> threading.Event:
        """Make creations that ``waitFor`` this name wait; set the event to let them go on."""
        self.gates[name], self.entered[name] = threading.Event(), threading.Event()
        return self.gates[name]

    def named(self, method: str) -> list[str]:
        """The resource names of the calls of a method, in order."""
        return [name for called, name in self.calls if called == method]

    def _note(self, method: str, request: Any, context: Any) -> None:
        with self._lock:
            name = getattr(request, "name", "") or getattr(request, "tok", "")
            self.calls.append((method, name))
            self.requests.append((method, request))
        if (method, name) in self.refusing:
            context.abort(_code("FAILED_PRECONDITION"), f"{method} of {name} is refused")

    def Attach(self, request: Any, context: Any) -> Any:
        from google.protobuf import empty_pb2

        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    # --- configuration ---------------------------------------------------------------------------------

    def CheckConfig(self, request: Any, context: Any) -> Any:
        self._note("CheckConfig", request, context)
        answer = provider_pb2.CheckResponse(inputs=request.news)
        if "forbidden" in request.news.fields:
            answer.failures.add(property="forbidden", reason="is not allowed here")
        return answer

    def DiffConfig(self, request: Any, context: Any) -> Any:
        self._note("DiffConfig", request, context)
        olds, news = _plain(request.old_inputs), _plain(request.news)
        replaces = ["region"] if olds.get("region") != news.get("region") else []
        changed = sorted(k for k in olds.keys() | news.keys() if olds.get(k) != news.get(k))
        return _DIFF(
            changes=_DIFF.DIFF_SOME if changed else _DIFF.DIFF_NONE, replaces=replaces, diffs=changed
        )

    def Configure(self, request: Any, context: Any) -> Any:
        self._note("Configure", request, context)
        self.configured.append(_plain(request.args))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.accept_secrets, acceptResources=True, supportsPreview=True, acceptOutputs=True
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        from google.protobuf import empty_pb2

        self.cancelled.set()
        for gate in self.gates.values():
            gate.set()
        return empty_pb2.Empty()

    # --- resources -------------------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> Any:
        self._note("Check", request, context)
        answer = provider_pb2.CheckResponse(inputs=request.news)
        if request.type not in (f"{self.package}:index:Thing", f"{self.package}:index:Other"):
            answer.failures.add(reason=f"type {request.type} is not supported by the test provider")
        if request.news.fields["failOn"].string_value == "check":
            answer.failures.add(property="failOn", reason="fails on check")
        if "failOn" not in request.news.fields and "failOn" in answer.inputs.fields:
            del answer.inputs.fields["failOn"]
        if answer.inputs.fields["failOn"].WhichOneof("kind") is None:
            del answer.inputs.fields["failOn"]
        return answer

    def Diff(self, request: Any, context: Any) -> Any:
        self._note("Diff", request, context)
        if request.name in self.undecided:
            return _DIFF(changes=_DIFF.DIFF_UNKNOWN)
        olds, news = _plain(request.old_inputs), _plain(request.news)
        changed = sorted(k for k in olds.keys() | news.keys() if olds.get(k) != news.get(k))
        replaces = [key for key in changed if key in ("label", "parentArn")]
        detailed: dict[str, Any] = {}
        for key in changed:
            kind = _KIND.UPDATE if key in olds and key in news else _KIND.ADD if key in news else _KIND.DELETE
            detailed[key] = _KIND(kind=_REPLACING[kind] if key in replaces else kind, inputDiff=True)
        return _DIFF(
            changes=_DIFF.DIFF_SOME if changed else _DIFF.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces and news.get("deleteFirst")),
        )

    def Create(self, request: Any, context: Any) -> Any:
        self._note("Preview" if request.preview else "Create", request, context)
        inputs = request.properties.fields
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        self._fail_for_now(request, context)
        waiting = inputs["waitFor"].string_value
        if waiting in self.gates:
            self.entered[waiting].set()
            assert self.gates[waiting].wait(30), f"nobody released {waiting}"
        if inputs["failOn"].string_value == "create":
            context.abort(_code("INVALID_ARGUMENT"), f"{request.name} fails on create")
        with self._lock:
            self._made[request.name] += 1
            identity = f"{request.name}-{self._made[request.name]}"
        outputs = self._outputs(identity, request.properties)
        self.things[identity] = _plain(outputs)
        self._maybe_unhealthy(context, identity, request.properties, outputs)
        return provider_pb2.CreateResponse(id=identity, properties=outputs)

    def _fail_for_now(self, request: Any, context: Any) -> None:
        with self._lock:
            fails = self.failing[request.name] > 0
            self.failing[request.name] -= fails
        if fails:
            context.abort(_code("INVALID_ARGUMENT"), f"{request.name} fails for now")

    def _outputs(self, identity: str, inputs: struct_pb2.Struct) -> struct_pb2.Struct:
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(inputs)
        if "failOn" in outputs.fields and outputs.fields["failOn"].WhichOneof("kind") is None:
            del outputs.fields["failOn"]
        for key in ("waitFor", "initErrors", "failOn"):
            if key in outputs.fields and outputs.fields[key].WhichOneof("kind") is None:
                del outputs.fields[key]
        outputs.fields["arn"].string_value = f"arn:test:{identity}"
        return outputs

    def _maybe_unhealthy(self, context: Any, identity: str, inputs: Any, outputs: Any) -> None:
        if "initErrors" in inputs.fields:
            reasons = [v.string_value for v in inputs.fields["initErrors"].list_value.values]
            self._unhealthy(context, identity, inputs, outputs, reasons)

    def _unhealthy(self, context: Any, identity: str, inputs: Any, outputs: Any, reasons: list[str]) -> None:
        if not reasons:
            return
        status = status_pb2.Status(code=2, message="the resource is unhealthy")
        detail = status.details.add()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=identity, properties=outputs, inputs=inputs, reasons=reasons
            )
        )
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(_code("UNKNOWN"), "the resource is unhealthy")

    def Update(self, request: Any, context: Any) -> Any:
        self._note("PreviewUpdate" if request.preview else "Update", request, context)
        if request.preview:
            outputs = struct_pb2.Struct()
            outputs.CopyFrom(request.news)
            outputs.fields["arn"].CopyFrom(request.olds.fields["arn"])
            return provider_pb2.UpdateResponse(properties=outputs)
        self._fail_for_now(request, context)
        if request.news.fields["failOn"].string_value == "update":
            context.abort(_code("INVALID_ARGUMENT"), f"{request.name} fails on update")
        outputs = self._outputs(request.id, request.news)
        self.things[request.id] = _plain(outputs)
        self._maybe_unhealthy(context, request.id, request.news, outputs)
        return provider_pb2.UpdateResponse(properties=outputs)

    def Read(self, request: Any, context: Any) -> Any:
        self._note("Read", request, context)
        answer = provider_pb2.ReadResponse()
        identity = self.import_ids.get(request.id, request.id)
        if identity in self.things:
            answer.id = identity
            answer.properties.update(self.things[identity])
            if not self.inputs_unread:
                answer.inputs.update({k: v for k, v in self.things[identity].items() if k != "arn"})
            reasons = self.unhealthy.get(identity, [])
            self._unhealthy(context, identity, answer.inputs, answer.properties, reasons)
        return answer

    def Delete(self, request: Any, context: Any) -> Any:
        from google.protobuf import empty_pb2

        self._note("Delete", request, context)
        self._fail_for_now(request, context)
        if request.properties.fields["failOn"].string_value == "delete":
            context.abort(_code("FAILED_PRECONDITION"), f"{request.name} fails on delete")
        self.things.pop(request.id, None)
        return empty_pb2.Empty()

    # --- functions -------------------------------------------------------------------------------------

    def Invoke(self, request: Any, context: Any) -> Any:
        self._note("Invoke", request, context)
        answer = provider_pb2.InvokeResponse()
        if request.tok == "test:fleet:find":
            if self.blind:
                context.abort(_code("FAILED_PRECONDITION"), "it has a name of its own")
            asked = _plain(request.args)
            others = {each["id"] for each in asked["others"]}
            found = (
                identity
                for identity, thing in self.things.items()
                if identity not in others and asked["inputs"].items() <= thing.items()
            )
            getattr(answer, "return").update({"id": next(found, ""), "finished": self.finishes})
        elif request.tok == "test:index:fail":
            answer.failures.add(property="x", reason="is wrong")
        elif request.tok == "test:index:echo":
            getattr(answer, "return").CopyFrom(request.args)
        else:
            context.abort(_code("UNIMPLEMENTED"), f"the function {request.tok} is not supported")
        return answer

    def Call(self, request: Any, context: Any) -> Any:
        answer = provider_pb2.CallResponse()
        getattr(answer, "return").update({"said": f"{request.tok} of {request.project}"})
        return answer

    def Construct(self, request: Any, context: Any) -> Any:
        """A component with one Thing inside, registered as a component provider does it."""
        self._note("Construct", request, context)
        if "fail" in request.inputs.fields:
            context.abort(_code("INVALID_ARGUMENT"), "it can't be constructed")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            monitor: Any = resource_pb2_grpc.ResourceMonitorStub(channel)
            register = resource_pb2.RegisterResourceRequest
            outer = monitor.RegisterResource(
                register(
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    providers=request.providers,
                    acceptSecrets=True,
                )
            )
            inner = monitor.RegisterResource(
                register(
                    type="test:index:Thing",
                    name=f"{request.name}-inner",
                    parent=outer.urn,
                    custom=True,
                    object=request.inputs,
                    acceptSecrets=True,
                    supportsPartialValues=True,
                )
            )
            outputs = struct_pb2.Struct()
            outputs.fields["arn"].CopyFrom(inner.object.fields["arn"])
            monitor.RegisterResourceOutputs(
                resource_pb2.RegisterResourceOutputsRequest(urn=outer.urn, outputs=outputs)
            )
        return provider_pb2.ConstructResponse(
            urn=outer.urn,
            state=outputs,
            stateDependencies={"arn": provider_pb2.ConstructResponse.PropertyDependencies(urns=[inner.urn])},
        )


def _plain(struct: Any) -> dict[str, Any]:
    return dict(json_format.MessageToDict(struct))


def _code(name: str) -> Any:
    return getattr(grpc.StatusCode, name)
