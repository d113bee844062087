"""Errors as RFC 9457 problem details: the one place where they become HTTP answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.core.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    OfficeSearchError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
# A request may be wrong in thousands of places; a few are enough to correct it.
MOST_ERRORS = 20

_UNAVAILABLE = "A part of the service does not answer just now; try again in a few seconds."
_UNEXPECTED = "Something went wrong on our side; it has been logged. Tell us the request id if it happens again."

_log = structlog.get_logger(__name__)


class Problem(JSONResponse):
    """A problem as an HTTP answer. `more`: further members, such as `errors`."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> None:
        content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        super().__init__(content | more, status, headers)

    def render(self, content: object) -> bytes:
        # A text that quotes the caller may hold a lone surrogate, which UTF-8 cannot encode.
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Unexpected:
    """Middleware that logs an unforeseen error and answers 500 without details."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # An answer that has begun cannot be replaced, and a lifespan has no answer: leave both to the server.
            if started or scope["type"] != "http":
                raise
            _log.exception("unexpected_error")
            scope.setdefault("state", {})["problem"] = type(error).__name__
            await Problem(500, _UNEXPECTED)(scope, receive, send)


def install(app: FastAPI) -> None:
    """Turn every error of `app` into a problem. Call it before the edge is installed, which must be outside of this."""
    app.add_exception_handler(OfficeSearchError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_middleware(Unexpected)


async def _ours(request: Request, error: Exception) -> Problem:
    _note(request, error)
    match error:
        case BadRequest():
            return Problem(400, str(error))
        case Unauthenticated():
            return Problem(401, str(error), {"WWW-Authenticate": 'Bearer realm="office-search"'})
        case Forbidden():
            return Problem(403, str(error))
        case NotFound():
            return Problem(404, str(error))
        case TooManyRequests():
            return Problem(429, str(error), {"Retry-After": str(error.retry_after)})
        case Unavailable():
            # The text is meant for operators, as it may name hosts and commands; callers get a general one.
            _log.warning("unavailable", reason=str(error))
            return Problem(503, _UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_S)})
        case _:
            raise error


async def _http(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    _note(request, error)
    return Problem(error.status_code, str(error.detail), error.headers)


async def _validation(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    _note(request, error)
    errors = [_told(one) for one in error.errors()[:MOST_ERRORS]]
    return Problem(422, "; ".join(f"{one['where']}: {one['why']}" for one in errors[:3]), errors=errors)


def _note(request: Request, error: Exception) -> None:
    """Note the error's class for the audit log; its text may quote the caller."""
    request.state.problem = type(error).__name__


def _told(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where a validation error is and why, without the value, which may be long and need not be text."""
    return {"where": _path(error["loc"]), "why": str(error["msg"])}


def _path(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location)
