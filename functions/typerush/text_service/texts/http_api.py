"""HTTP: routes for an HTTP API or a function URL.

Imported at the first such call, since FastAPI is most of a cold start and a direct invocation needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from mangum import Mangum

from texts.aws import Deadline
from texts.service import Input, TextService


def make_adapter(service: TextService, deadline_of: Callable[[Any], Deadline]) -> Mangum:
    """Make the handler of HTTP events. deadline_of gives the deadline for Lambda's context of the call."""
    # No pages about itself: the API is described in the README, and those routes would be public.
    app = FastAPI(openapi_url=None)

    def answer(request: Request, operation: str, given: Input) -> JSONResponse:
        status, body = service.answer(operation, given, deadline_of(request.scope["aws.context"]))
        return JSONResponse(body, status_code=status, headers={"cache-control": "no-store"})

    @app.get("/health")
    @app.get("/texts/health")
    async def health(request: Request) -> JSONResponse:
        return answer(request, "health", {})

    @app.get("/texts/random")
    async def random(request: Request, difficulty: str | None = None) -> JSONResponse:
        return answer(request, "get_random_text", {"difficulty": difficulty})

    @app.post("/texts/generate")
    async def generate(request: Request) -> JSONResponse:
        try:
            given = await request.json()
        except ValueError:
            raise HTTPException(400, "the body is not JSON") from None
        if not isinstance(given, dict):
            raise HTTPException(400, "the body must be a JSON object")
        return answer(request, "generate_text", given)

    @app.get("/texts/{difficulty}/{text_id}")
    async def get(request: Request, difficulty: str, text_id: str) -> JSONResponse:
        return answer(request, "get_text", {"difficulty": difficulty, "text_id": text_id})

    @app.exception_handler(404)
    @app.exception_handler(405)
    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> JSONResponse:
        messages = {
            404: f"nothing is at {request.url.path}",
            405: f"{request.url.path} doesn't take {request.method}",
        }
        return JSONResponse(
            {"error": messages.get(error.status_code, error.detail)}, error.status_code, headers=error.headers
        )

    return Mangum(app, lifespan="off")
