"""The routes."""

from __future__ import annotations

import os
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from spendsense import store
from spendsense.database import Database
from spendsense.errors import RefusedError, TimedOutError, UnavailableError
from spendsense.log import fields, log
from sqlalchemy import text

from app.tokens import Guard
from app.transactions import Batch

T = TypeVar("T")

UserId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.@:-]{1,64}$", description="as the transactions name it")]
Day = Annotated[date | None, Query(alias="date", description="the latest without one")]

METHODS = ("GET", "POST", "OPTIONS")
HEADERS = ("Authorization", "Content-Type")


def make_app(database: Database | None = None, guard: Guard | None = None) -> FastAPI:
    """Make the application. Routes are `async` though they block: a container has one request at a time."""
    data, tokens = database or Database(), guard or Guard()
    # No pages about itself: the API is described in the README, and those routes would be public.
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    @app.get("/api/v1/health")
    async def health() -> JSONResponse:
        try:
            with data.begin() as connection:
                connection.execute(text("SELECT 1"))
        except (UnavailableError, TimedOutError) as error:
            log.error("unhealthy: %s", error)
            return JSONResponse({"status": "unavailable", "database": "unavailable"}, 503)
        return JSONResponse(
            {"status": "ok", "database": "ok", "environment": os.environ.get("ENVIRONMENT", "")}
        )

    @app.post("/api/v1/transactions")
    async def add_transactions(request: Request, batch: Batch) -> JSONResponse:
        tokens.check(request, batch.user_id)
        given = batch.given()
        with data.begin() as connection:
            stored = store.add_transactions(connection, batch.user_id, given)
        answer = {"user_id": batch.user_id, "stored": stored, "known": len(given) - stored}
        return JSONResponse(answer | {"ids": [each.id for each in given]}, 201)

    @app.get("/api/v1/users/{user}/features")
    async def features(request: Request, user: UserId, day: Day = None) -> JSONResponse:
        tokens.check(request, user)
        with data.begin() as connection:
            of, known = _found(store.features_of(connection, user, day), "features", user, day)
        return _of(
            user,
            of,
            spend={name: float(spent) for name, spent in known.spend.items()},
            total_spend=float(known.total_spend),
            recurring_share=_number(known.recurring_share),
            income_regularity=_number(known.income_regularity),
            savings_rate=_number(known.savings_rate),
            history_days=known.history_days,
        )

    @app.get("/api/v1/users/{user}/persona")
    async def persona(request: Request, user: UserId, day: Day = None) -> JSONResponse:
        tokens.check(request, user)
        with data.begin() as connection:
            of, known = _found(store.persona_of(connection, user, day), "persona", user, day)
        return _of(user, of, persona=known.name, reason=known.reason)

    @app.get("/api/v1/users/{user}/recommendations")
    async def recommendations(request: Request, user: UserId, day: Day = None) -> JSONResponse:
        tokens.check(request, user)
        with data.begin() as connection:
            of, known = _found(store.recommendations_of(connection, user, day), "recommendations", user, day)
        return _of(user, of, recommendations=[{"code": each.code, "text": each.text} for each in known])

    _answer_errors(app)
    # What is added last is outermost: errors, too, say which origin may read them.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[each for each in os.environ.get("ALLOWED_ORIGINS", "").split(",") if each],
        allow_methods=METHODS,
        allow_headers=HEADERS,
        max_age=600,
    )
    return app


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(RefusedError)
    async def refused(_request: Request, refusal: RefusedError) -> JSONResponse:
        return _refuse(str(refusal), refusal.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return _refuse("; ".join(_told(each) for each in error.errors()), 400)

    @app.exception_handler(404)
    async def not_found(request: Request, _error: HTTPException) -> JSONResponse:
        return _refuse(f"nothing is at {request.scope['path'][:80]}", 404)

    @app.exception_handler(405)
    async def not_allowed(request: Request, _error: HTTPException) -> JSONResponse:
        return _refuse(f"{request.scope['path'][:80]} doesn't take {request.method[:10]}", 405)

    @app.exception_handler(UnavailableError)
    @app.exception_handler(TimedOutError)
    async def unavailable(_request: Request, error: Exception) -> JSONResponse:
        log.error("unavailable", exc_info=error)
        return JSONResponse({"error": "not available now; try again later"}, 503)

    # Starlette would raise an unexpected error again after answering it, so that the function failed.
    @app.middleware("http")
    async def fault(request: Request, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Exception:
            log.exception("fault", extra=fields(path=request.scope["path"]))
            return JSONResponse({"error": "internal error"}, 500)


def _refuse(message: str, status: int) -> JSONResponse:
    log.info("refused", extra=fields(status=status, error=message))
    return JSONResponse({"error": message}, status)


def _told(error: Any) -> str:
    """Say what is wrong with a field, without showing what was in it: it may be somebody's finances."""
    where = ".".join(str(part) for part in error["loc"][1:]) or "the body"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _found(known: tuple[date, T] | None, what: str, user: str, day: date | None) -> tuple[date, T]:
    if known is None:
        raise RefusedError(f"{user} has no {what}{f' of {day}' if day else ' yet'}", 404)
    return known


def _of(user: str, day: date, **content: Any) -> JSONResponse:
    return JSONResponse(
        {"user_id": user, "date": day.isoformat(), **content}, headers={"cache-control": "no-store"}
    )


def _number(share: Any) -> float | None:
    return None if share is None else float(share)
