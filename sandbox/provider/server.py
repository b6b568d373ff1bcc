"""The provider as Pulumi's engine calls it.

Only ``context.abort`` and ``context.abort_with_status`` of a call's context are used. A creation that AWS
began and that couldn't be finished carries ``ErrorResourceInitFailed`` (in a ``google.rpc.Status`` in the
trailing metadata ``grpc-status-details-bin``), so that the engine keeps what is there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty

from sandbox.protos import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from . import imports, invokes, ownership, state, table
from . import settings as configuration
from .check import Failure, check, discreet, sound_part
from .clients import Aws, account_id
from .compare import Change, changes, with_choices
from .endpoint import Endpoint
from .errors import ProviderError, UnansweredError, UnsupportedError, failure, is_missing, told
from .resource import ResourceType, Update
from .settings import Settings
from .values import UNKNOWN, PropertyMap, decode, encode, has_unknown, plain

R = TypeVar("R")

_FIND = "aws:fleet:find"
_DETAILS = "grpc-status-details-bin"


class _Status(grpc.Status):
    """A gRPC status with a ``google.rpc.Status`` for details."""

    def __init__(self, message: str, detail: Any) -> None:
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        status.details.add().Pack(detail)
        self.code = grpc.StatusCode.UNKNOWN
        self.details = message
        self.trailing_metadata = ((_DETAILS, status.SerializeToString()),)


class _UnfinishedError(Exception):
    """AWS made or changed the resource, and then something failed."""

    def __init__(self, message: str, detail: Any) -> None:
        super().__init__(message)
        self.detail = detail


def answers(method: Callable[[Any, Any, Any], R]) -> Callable[[Any, Any, Any], R]:
    """Turn what a method raises into gRPC errors for the user."""

    @wraps(method)
    def answering(self: Any, request: Any, context: Any) -> R:
        try:
            return method(self, request, context)
        except _UnfinishedError as error:
            context.abort_with_status(_Status(str(error), error.detail))
        except UnsupportedError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except UnansweredError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except ProviderError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        raise AssertionError("a context's abort doesn't return")

    return answering


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider ``aws``."""

    def __init__(
        self,
        endpoint: Endpoint | None,
        *,
        directory: Path | None = None,
        images: Mapping[str, str] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._directory = directory
        self._images = images or {}
        self._settings = Settings()

    # ---- the provider itself

    @answers
    def Handshake(self, request: Any, context: Any) -> Any:
        """Agree on what both sides understand."""
        if request.program_directory and self._directory is None:
            self._directory = Path(request.program_directory)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=True,
            accept_outputs=True,
            supports_autonaming_configuration=True,
        )

    def Attach(self, request: Any, context: Any) -> Any:
        """The engine attaches to a running provider; nothing is asked of the engine here."""
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version of the SDK that the programs use."""
        return plugin_pb2.PluginInfo(version=_sdk_version())

    def GetSchema(self, request: Any, context: Any) -> Any:
        """Name and version: programs use the real provider's SDK, which has the schema built in."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": _sdk_version()}))

    @answers
    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Whether this configuration may reach the embedded AWS."""
        inputs = decode(request.news)
        return _checked(request.news, list(configuration.failures(inputs)))

    @answers
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """A provider is never replaced: each of its resources knows whether a change of region moves it."""
        olds = configuration.parse(decode(request.old_inputs if request.old_inputs.fields else request.olds))
        found = changes(configuration.PROPS, olds, configuration.parse(decode(request.news)))
        return _diff(found, delete_first=False)

    @answers
    def Configure(self, request: Any, context: Any) -> Any:
        """Take the settings, and refuse an account that isn't allowed."""
        inputs = decode(request.args)
        if not inputs:
            inputs = {key.rsplit(":", 1)[-1]: value for key, value in request.variables.items()}
        problems = list(configuration.failures(inputs))
        if problems:
            raise ProviderError("; ".join(f"aws:{each.path}: {each.reason}" for each in problems))
        self._settings = configuration.settings(inputs)
        if self._endpoint:
            self._check_account(self._endpoint)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True,
            supportsPreview=True,
            acceptResources=True,
            acceptOutputs=True,
            supports_autonaming_configuration=True,
        )

    def _check_account(self, endpoint: Endpoint) -> None:
        if not self._settings.allowed_account_ids and not self._settings.forbidden_account_ids:
            return
        try:
            account = account_id(endpoint)
        except Exception as error:
            raise failure(error, "asking the embedded AWS for its account") from None
        allowed, forbidden = self._settings.allowed_account_ids, self._settings.forbidden_account_ids
        if (allowed and account not in allowed) or account in forbidden:
            raise ProviderError(
                f"aws:allowedAccountIds: the embedded AWS is account {account}; this stage allows "
                f"{', '.join(allowed) or 'any'} and forbids {', '.join(forbidden) or 'none'}. "
                "Only a stage of the sandbox's account can be deployed here"
            )

    def Cancel(self, request: Any, context: Any) -> Any:
        """Operations are short; they end by themselves."""
        return Empty()

    @answers
    def Invoke(self, request: Any, context: Any) -> Any:
        """Answer a function (a data source)."""
        if request.tok == _FIND:
            return self._find(decode(request.args))
        try:
            answer = invokes.invoke(request.tok, plain(decode(request.args)), self._settings, self._endpoint)
        except ProviderError:
            raise
        except Exception as error:
            raise failure(error, request.tok) from None
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer))
        return response

    def _find(self, args: PropertyMap) -> Any:
        """For an engine whose run was cut off: the id of what a creation has made, if it is there.

        ``urn`` and ``inputs`` are the creation's, ``others`` the other resources of its type that are known.
        What is found is finished, as the creation would have done; ``finished`` says whether it could be.
        """
        urn, inputs, others = str(plain(args["urn"])), args["inputs"], plain(args.get("others", []))
        assert isinstance(inputs, dict)  # noqa: S101 - the engine's
        kind = table.lookup(plain(args["type"]))
        doing = f"looking for {kind.token}"
        known, aws = self._known(kind, inputs, doing), self._aws(inputs, 0.0, doing)
        answer = {"id": "", "finished": False}
        try:
            for found in kind.find(aws, known, ownership.owner(urn)):
                attributes = self._attributes(kind, aws, found, known, doing)
                if (
                    attributes is not None
                    and not ownership.is_anothers(kind, found, known, others)
                    and ownership.is_ours(kind, inputs, attributes, urn, self._settings, aws.region)
                ):
                    finished = self._finished(kind, aws, found, ownership.marked(kind, known, urn))
                    answer = {"id": found, "finished": finished}
                    break
        except ProviderError:
            raise
        except Exception as error:
            if not is_missing(error):
                raise failure(error, doing) from None
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").update(answer)
        return response

    @staticmethod
    def _finished(kind: ResourceType, aws: Aws, found: str, inputs: dict[str, Any]) -> bool:
        """Whether it could be finished; if not, the next update sets all of it, and tells why."""
        try:
            kind.finish(aws, found, inputs)
        except Exception:
            return False
        return True

    # ---- resources

    @answers
    def Check(self, request: Any, context: Any) -> Any:
        """Validate the inputs; answer them with defaults."""
        kind = table.lookup(_token(request))
        given = decode(request.news)
        failures = list(self._name(kind, given, request))
        named = kind.autoname if kind.autoname and kind.autoname not in decode(request.news) else ""
        inputs = state.with_defaults(kind, given, self._settings)
        failures += check(kind.inputs, inputs, service=kind.service)
        sound = sound_part(kind.inputs, inputs, failures)
        failures += [discreet(each, inputs) for each in kind.check(plain(sound), self._settings)]
        if named and not failures:
            inputs[state.DEFAULTS] = sorted([*inputs[state.DEFAULTS], named])
        return _checked(encode(inputs), failures)

    def _name(self, kind: ResourceType, inputs: PropertyMap, request: Any) -> list[Failure]:
        """Give a name to what wants one and has none: the old one, or one made from the resource's."""
        key = kind.autoname
        if not key or key in inputs:
            return []
        olds = decode(request.olds)
        mode = request.autonaming.mode if request.HasField("autonaming") else None
        modes = provider_pb2.CheckRequest.AutonamingOptions
        if key in olds and key in olds.get(state.DEFAULTS, []):
            inputs[key] = olds[key]
        elif mode == modes.DISABLE:
            return [Failure(path=key, reason="missing; this project turns automatic names off: give one")]
        elif mode in {modes.ENFORCE, modes.PROPOSE}:
            inputs[key] = request.autonaming.proposed_name
        else:
            suffix = (
                hashlib.sha256(request.randomSeed).hexdigest()[:7]
                if request.randomSeed
                else secrets.token_hex(4)[:7]
            )
            inputs[key] = f"{_name(request)[: kind.autoname_limit - 8]}-{suffix}"
        return []

    @answers
    def Diff(self, request: Any, context: Any) -> Any:
        """What changed between the inputs, by path, and what it means."""
        kind = table.lookup(_token(request))
        outputs = decode(request.olds)
        olds = decode(request.old_inputs) or outputs
        news = decode(request.news)
        found = [
            each
            for each in self._changes(kind, olds, outputs, news)
            if not _ignored(each, request.ignoreChanges)
        ]
        delete_first = all(
            news.get(key) is UNKNOWN or plain(news.get(key)) == plain(olds.get(key)) for key in kind.identity
        )
        return _diff(found, delete_first=bool(kind.identity) and delete_first)

    def _changes(
        self, kind: ResourceType, olds: PropertyMap, outputs: PropertyMap, news: PropertyMap
    ) -> list[Change]:
        before = with_choices(kind.inputs, olds, outputs)
        found = [each for each in changes(kind.inputs, before, news) if each.top != "region"]
        lived = outputs.get("region") or olds.get("region") or self._settings.region
        lives = news.get("region") or self._settings.region
        if kind.regional and lived and lives and lived != lives:
            found.append(Change(path="region", kind="UPDATE", replaces=True))
        kind.check_change(plain(olds), plain(news))
        also = set(kind.also_replaces(plain(olds), plain(news)))
        return [replace(each, replaces=each.replaces or each.top in also) for each in found]

    @answers
    def Create(self, request: Any, context: Any) -> Any:
        """Make the resource, or in a preview predict it."""
        kind = table.lookup(_token(request))
        inputs = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=encode(state.predicted(kind, inputs, self._settings))
            )
        doing = f"creating {kind.token} {_name(request)!r}"
        known, aws = self._known(kind, inputs, doing), self._aws(inputs, request.timeout, doing)
        known = ownership.marked(kind, known, request.urn)
        try:
            made = kind.create(aws, known)
        except Exception as error:
            raise failure(error, doing) from None
        try:
            kind.finish(aws, made, known)
            outputs = self._seen(kind, aws, made, inputs)
        except Exception as error:
            raise self._unfinished(kind, aws, made, inputs, told(error, doing)) from None
        return provider_pb2.CreateResponse(id=made, properties=encode(outputs))

    def _unfinished(
        self, kind: ResourceType, aws: Aws, made: str, inputs: PropertyMap, reason: str
    ) -> _UnfinishedError:
        """It exists and isn't finished: the state keeps it, and the next update sets everything again."""
        try:
            outputs = self._seen(kind, aws, made, inputs)
        except Exception:
            outputs = {key: value for key, value in inputs.items() if key != state.DEFAULTS}
        detail = provider_pb2.ErrorResourceInitFailed(
            id=made, properties=encode(outputs), inputs=encode(inputs), reasons=[reason]
        )
        return _UnfinishedError(reason, detail)

    @answers
    def Update(self, request: Any, context: Any) -> Any:
        """Change the resource in place, or in a preview predict it."""
        kind = table.lookup(_token(request))
        outputs, inputs = decode(request.olds), decode(request.news)
        olds = with_choices(kind.inputs, decode(request.old_inputs) or outputs, outputs)
        found = changes(kind.inputs, olds, inputs)
        changed = frozenset(each.top for each in found if not _ignored(each, request.ignoreChanges))
        if request.preview:
            properties = state.predicted_update(kind, outputs, inputs, changed)
            return provider_pb2.UpdateResponse(properties=encode(properties))
        doing = f"updating {kind.token} {_name(request)!r} ({request.id})"
        if stuck := sorted(changed & set(kind.stuck)):
            raise ProviderError(
                f"{doing}: the embedded AWS doesn't change {', '.join(stuck)}: rename the resource, so that "
                "it is made anew"
            )
        known, aws = self._known(kind, inputs, doing), self._aws(outputs, request.timeout, doing)
        # With nothing changed, an earlier operation was left unfinished: everything is set again.
        every = changed or frozenset(inputs.keys() & kind.inputs.keys())
        try:
            olds, news = (ownership.marked(kind, each, request.urn) for each in (plain(outputs), known))
            kind.update(aws, Update(id=request.id, olds=olds, news=news, changed=every))
            outputs = self._seen(kind, aws, request.id, inputs)
        except Exception as error:
            raise failure(error, doing) from None
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    @answers
    def Read(self, request: Any, context: Any) -> Any:
        """Look at the resource in AWS: for a refresh, an import or a ``get``."""
        kind = table.lookup(_token(request))
        outputs, inputs = decode(request.properties), decode(request.inputs)
        doing = f"reading {kind.token} {_name(request)!r} ({request.id})"
        identity, known = request.id, plain(outputs)
        if not inputs and not outputs.keys() - {"region"}:
            identity, region = self._imported(kind, identity, doing)
            outputs, known = outputs | ({"region": region} if region else {}), {}
        aws = self._aws(outputs, request.timeout, doing)
        attributes = ownership.unmarked(self._attributes(kind, aws, identity, known, doing))
        if attributes is None:
            return provider_pb2.ReadResponse()
        found = state.read_inputs(kind, inputs, attributes, self._settings, aws.region)
        if not known and kind.regional and aws.region != self._settings.region:
            found["region"] = aws.region
        return provider_pb2.ReadResponse(
            id=attributes.get("id", identity),
            properties=encode(state.after(kind, outputs, attributes, self._settings, aws.region)),
            inputs=encode(found),
        )

    @staticmethod
    def _imported(kind: ResourceType, identity: str, doing: str) -> tuple[str, str]:
        try:
            return imports.place(kind, identity)
        except ProviderError as error:
            raise failure(error, doing) from None

    @answers
    def Delete(self, request: Any, context: Any) -> Any:
        """Delete the resource; one that isn't there is deleted."""
        kind = table.lookup(_token(request))
        outputs = decode(request.properties)
        doing = f"deleting {kind.token} {_name(request)!r} ({request.id})"
        aws = self._aws(outputs, request.timeout, doing)
        try:
            kind.delete(aws, request.id, plain(outputs))
        except Exception as error:
            if not is_missing(error):
                raise failure(error, doing) from None
        return Empty()

    def _known(self, kind: ResourceType, inputs: PropertyMap, doing: str) -> dict[str, Any]:
        """Plain inputs for AWS."""
        unknown = [key for key, value in inputs.items() if has_unknown(value)]
        if unknown:
            raise ProviderError(f"{doing}: {', '.join(unknown)} aren't known, which only a preview may have")
        known: dict[str, Any] = plain({key: value for key, value in inputs.items() if key in kind.inputs})
        return known

    def _aws(self, properties: PropertyMap, timeout_s: float, doing: str) -> Aws:
        if self._endpoint is None:
            raise ProviderError(
                f"{doing}: there is no embedded AWS here, only previews work; start it with `fleet up`"
            )
        region = plain(properties.get("region")) or self._settings.region
        return Aws(self._endpoint, region, timeout_s or 60.0, self._directory or Path(), self._images)

    @staticmethod
    def _attributes(kind: ResourceType, aws: Aws, made: str, known: Any, doing: str) -> dict[str, Any] | None:
        try:
            return kind.read(aws, made, known)
        except Exception as error:
            if is_missing(error):
                return None
            raise failure(error, doing) from None

    def _seen(self, kind: ResourceType, aws: Aws, made: str, inputs: PropertyMap) -> PropertyMap:
        attributes = ownership.unmarked(kind.read(aws, made, plain(inputs)))
        if attributes is None:
            raise ProviderError("AWS made it, and right after doesn't know it")
        return state.after(kind, inputs, attributes, self._settings, aws.region)


@cache
def _sdk_version() -> str:
    """The version of the installed SDK: programs name it when they ask for a provider."""
    from importlib.metadata import version

    return version("pulumi-aws")


def _token(request: Any) -> str:
    """The resource's type: newer engines give it, older ones only in the URN."""
    return str(request.type or request.urn.split("::")[2].rsplit("$", 1)[-1])


def _name(request: Any) -> str:
    return str(request.name or request.urn.rsplit("::", 1)[-1])


def _checked(inputs: Any, failures: list[Failure]) -> Any:
    found = [provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in failures]
    return provider_pb2.CheckResponse(inputs=None if found else inputs, failures=found)


def _ignored(change: Change, paths: Any) -> bool:
    return any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in paths)


def _diff(found: list[Change], *, delete_first: bool) -> Any:
    kinds = provider_pb2.PropertyDiff.Kind
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({each.top for each in found}),
        replaces=sorted({each.path for each in found if each.replaces}),
        deleteBeforeReplace=delete_first and any(each.replaces for each in found),
        detailedDiff={
            each.path: provider_pb2.PropertyDiff(
                kind=kinds.Value(f"{each.kind}_REPLACE" if each.replaces else each.kind), inputDiff=True
            )
            for each in found
        },
        hasDetailedDiff=True,
    )
