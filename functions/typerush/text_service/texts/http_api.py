"""HTTP: routes for an HTTP API or a function URL.

Imported at the first such call, since FastAPI is most of a cold start and a direct invocation needs none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from mangum import Mangum

from texts.aws import Deadline
from texts.errors import BadRequestError, cut
from texts.service import Answer, Input, TextService, refuse


def make_adapter(service: TextService, deadline_of: Callable[[Any], Deadline]) -> Mangum:
    """Make the handler of what http_event.read gives. deadline_of: from Lambda's context of the call."""
    # No pages about itself: the API is described in the README, and those routes would be public.
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    def answer(request: Request, operation: str, given: Input) -> Response:
        return _response(service.answer(operation, given, deadline_of(request.scope["aws.context"])))

    @app.get("/health")
    @app.get("/texts/health")
    async def health(request: Request) -> Response:
        return answer(request, "health", {})

    @app.get("/texts/random")
    async def random(request: Request, difficulty: str | None = None) -> Response:
        return answer(request, "get_random_text", {"difficulty": difficulty})

    @app.post("/texts/generate")
    async def generate(request: Request) -> Response:
        return answer(request, "generate_text", _json_object(await request.body()))

    @app.get("/texts/{difficulty}/{text_id}")
    async def get(request: Request, difficulty: str, text_id: str) -> Response:
        return answer(request, "get_text", {"difficulty": difficulty, "text_id": text_id})

    @app.exception_handler(BadRequestError)
    async def bad_request(_request: Request, refusal: BadRequestError) -> Response:
        return _response(refuse(refusal))

    @app.exception_handler(404)
    async def not_found(request: Request, _error: HTTPException) -> Response:
        return _response(refuse(BadRequestError(f"nothing is at {cut(request.scope['path'])}", 404)))

    @app.exception_handler(405)
    async def not_allowed(request: Request, error: HTTPException) -> Response:
        path, method = cut(request.scope["path"]), cut(request.method)
        return _response(refuse(BadRequestError(f"{path} doesn't take {method}", 405)), error.headers)

    return Mangum(app, lifespan="off")


def _json_object(body: bytes) -> dict[str, object]:
    try:
        given = json.loads(body)
    except ValueError:
        raise BadRequestError("the body is not JSON") from None
    except RecursionError:
        raise BadRequestError("the body is nested too deeply") from None
    if not isinstance(given, dict):
        raise BadRequestError("the body must be a JSON object")
    return given


def _response(answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """Answer as a direct invocation is answered: in ASCII, which also shows half a surrogate pair."""
    status, body = answer
    return Response(
        json.dumps(body), status, {"cache-control": "no-store", **(headers or {})}, "application/json"
    )
