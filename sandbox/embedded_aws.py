"""Runs ministack, in the interpreter that it is installed in: `python -I embedded_aws.py`.

Its clients reach it over plain HTTP on loopback, where nobody listens in. So that policies that deny what
comes without TLS (``aws:SecureTransport``) can stand as they are, and functions still reach their buckets and
queues, a request counts as safe unless it says otherwise itself (``X-Forwarded-Proto: http``, as tests do).

And what was given to an alias asynchronously follows the alias's own configuration, as on AWS: ministack asks
for that of ``$LATEST`` alone.
"""

from __future__ import annotations

from contextvars import ContextVar
from importlib import import_module
from typing import Any

_plain: ContextVar[bool] = ContextVar("plain", default=False)
_HEADER = (b"x-forwarded-proto", b"http")


def _main() -> None:
    aws: Any = import_module("ministack.app")
    serve, pin = aws.app, aws.pin_request_origin

    async def app(scope: Any, receive: Any, send: Any) -> None:
        _plain.set(_HEADER in [(name.lower(), value.lower()) for name, value in scope.get("headers", ())])
        await serve(scope, receive, send)

    def pin_request_origin(source_ip: str, secure_transport: bool) -> None:
        pin(source_ip, secure_transport or not _plain.get())

    aws.app, aws.pin_request_origin = app, pin_request_origin
    _follow_aliases(import_module("ministack.services.lambda_svc"))
    aws.main()


def _follow_aliases(functions: Any) -> None:
    invoke = functions.invoke_async_with_retry

    def invoke_async_with_retry(function: dict[str, Any], event: dict[str, Any]) -> None:
        name, _, qualifier = function["config"]["FunctionArn"].partition(":function:")[2].partition(":")
        known = functions._functions.get(name, {}).get("event_invoke_configs") or {}  # noqa: SLF001
        configured = {"event_invoke_config": known[qualifier]} if qualifier in known else {}
        invoke({**function, **configured}, event)

    functions.invoke_async_with_retry = invoke_async_with_retry


if __name__ == "__main__":
    _main()
