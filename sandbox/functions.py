"""The functions that a stage has deployed: finding, calling and recycling them."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SandboxError
from .home import Home
from .processes import wait_ended
from .provider.clients import client
from .provider.endpoint import Endpoint

if TYPE_CHECKING:
    from .engine.state import ResourceState

ALIAS = "live"
_FUNCTION = "aws:lambda/function:Function"
_ALIAS = "aws:lambda/alias:Alias"
_PERMISSION = "aws:lambda/permission:Permission"
_URL = "aws:lambda/functionUrl:FunctionUrl"
_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_REST_API = "aws:apigateway/restApi:RestApi"
_FUNCTION_IN = {_PERMISSION: "function", _URL: "functionName", _MAPPING: "functionName"}
"""What calls a function, and its property that says which."""
_CALLERS = {"apigateway.amazonaws.com": "HTTP API", "events.amazonaws.com": "rule", "*": "anybody"}
_RECYCLE_TIMEOUT_S = 5.0


class UnknownFunctionError(SandboxError):
    """No function, or more than one, has that name."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class DeployedFunction:
    """A function of the state.

    :ivar name: its physical name
    :ivar service: what people call it: its tag ``Service``, else its physical name
    :ivar arn: of its alias ``live``, if it has that: what callers use
    :ivar triggers: who may call it, in words
    """

    name: str
    service: str
    system: str
    region: str
    arn: str
    log_group: str
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call gave.

    :ivar payload: its answer: JSON data, or text if it isn't JSON; ``None`` if it was called asynchronously
    :ivar error: ``""``, or the kind of error (``Unhandled``)
    :ivar log: the end of what it logged
    """

    payload: Any
    error: str
    log: str
    duration_s: float

    @property
    def ok(self) -> bool:
        """Whether it answered without an error, and not with an HTTP status that tells of one."""
        status = self.payload.get("statusCode") if isinstance(self.payload, dict) else None
        return not self.error and not (isinstance(status, int) and status >= 400)


def deployed(resources: Iterable[ResourceState]) -> list[DeployedFunction]:
    """The functions among the resources of a state, by service."""
    alive = [resource for resource in resources if not resource.delete]
    aliases = {
        _name(_text(r, "functionName")): _text(r, "arn")
        for r in alive
        if r.type == _ALIAS and _text(r, "name") == ALIAS
    }
    rest_apis = {_text(resource, "executionArn") for resource in alive if resource.type == _REST_API}
    triggers: dict[str, list[str]] = {}
    for resource in alive:
        if resource.type in _FUNCTION_IN:
            label = _trigger(resource, rest_apis)
            known = triggers.setdefault(_name(_text(resource, _FUNCTION_IN[resource.type])), [])
            if label not in known:
                known.append(label)
    functions = [
        _function(resource, aliases, triggers)
        for resource in alive
        if resource.type == _FUNCTION and resource.outputs
    ]
    return sorted(functions, key=lambda function: (function.system, function.service))


def _function(
    resource: ResourceState, aliases: Mapping[str, str], triggers: Mapping[str, Sequence[str]]
) -> DeployedFunction:
    name, arn = _text(resource, "name"), _text(resource, "arn")
    tags = _plain(resource.outputs.get("tagsAll")) or _plain(resource.outputs.get("tags")) or {}
    logging = _plain(resource.outputs.get("loggingConfig")) or {}
    return DeployedFunction(
        name=name,
        service=str(tags.get("Service") or name),
        system=str(tags.get("System") or ""),
        region=arn.split(":")[3],
        arn=aliases.get(name, arn),
        log_group=str(logging.get("logGroup") or f"/aws/lambda/{name}"),
        triggers=tuple(sorted(triggers.get(name, ()))),
    )


def find(name: str, functions: Sequence[DeployedFunction]) -> DeployedFunction:
    """The function that somebody means: its physical name, its service's name, or the end of either.

    :raises UnknownFunctionError: with those that there are
    """
    tests = (
        lambda f: name in (f.name, f"{f.system}-{f.service}", f"{f.system}/{f.service}"),
        lambda f: name == f.service,
        lambda f: f.name.endswith(name) or f.service.endswith(name),
    )
    for test in tests:
        matches = [function for function in functions if test(function)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(function.name for function in matches)
            raise UnknownFunctionError(f"{name!r} is more than one function: {names}; say which")
    known = [function.service for function in functions]
    close = get_close_matches(name, known + [function.name for function in functions], n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise UnknownFunctionError(f"no function is called {name!r}; there are: {', '.join(known)}.{hint}")


def invoke(
    endpoint: Endpoint, function: DeployedFunction, payload: bytes, *, asynchronous: bool = False
) -> Answer:
    """Call a function by the ARN of its alias.

    :raises SandboxError: the call was refused before the function ran
    """
    from botocore.exceptions import BotoCoreError, ClientError

    aws = client(endpoint, "lambda", function.region)
    kind = {"InvocationType": "Event"} if asynchronous else {"LogType": "Tail"}
    began = time.perf_counter()
    try:
        answer = aws.invoke(FunctionName=function.arn, Payload=payload, **kind)
        content = answer["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise SandboxError(f"calling {function.name} failed: {error}") from None
    return Answer(
        payload=None if asynchronous else _json(content),
        error=answer.get("FunctionError", ""),
        log=base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
        duration_s=time.perf_counter() - began,
    )


def recycle(home: Home, emulator_pid: int, function: DeployedFunction) -> None:
    """End a function's idle environments, as Lambda does after a while: its next call starts cold."""
    import psutil

    temporary = home.sandbox / "emulator" / "tmp"
    # ministack's folder of a worker: ministack-lambda-<function>-<8 random characters>/code
    folder = re.compile(re.escape(f"{temporary}/ministack-lambda-{function.name}-") + r"[a-z0-9_]{8}/code")
    ended = []
    for process in psutil.Process(emulator_pid).children():
        try:
            if folder.fullmatch(process.cwd()):
                process.terminate()
                ended.append(process)
        except psutil.Error:
            continue
    wait_ended(ended, _RECYCLE_TIMEOUT_S)


def events(project: Path, function: DeployedFunction) -> dict[str, Path]:
    """The test events of a function: name -> file, from ``functions/<system>/<service>/events``."""
    wanted = {function.service, f"{function.system}-{function.service}"}
    for folder in sorted((project / "functions").glob("*/*/events")):
        service, system = (part.name.replace("_", "-") for part in (folder.parent, folder.parent.parent))
        if wanted & {service, f"{system}-{service}"} and function.system in ("", system):
            return {path.stem: path for path in sorted(folder.glob("*.json"))}
    return {}


def _trigger(resource: ResourceState, rest_apis: Collection[str]) -> str:
    if resource.type == _URL:
        return "URL"
    if resource.type == _MAPPING:
        return "queue " + _text(resource, "eventSourceArn").rsplit(":", 1)[-1]
    if _text(resource, "sourceArn").split("/", 1)[0] in rest_apis:
        return "REST API"
    principal = _text(resource, "principal")
    return _CALLERS.get(principal) or principal.rsplit("/", 1)[-1]


def _name(text: str) -> str:
    """The function's name in an ARN or in a name (without its qualifier)."""
    return text.rsplit(":function:", 1)[-1].split(":", 1)[0]


def _text(resource: ResourceState, key: str) -> str:
    value = _plain(resource.outputs.get(key, resource.inputs.get(key)))
    return value if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    """A value without its secret's envelope."""
    return getattr(value, "element", value)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
