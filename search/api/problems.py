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
    ProblemType,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
# A request may be wrong in thousands of places; a few are enough to correct it.
MOST_ERRORS = 20

MEANINGS: Mapping[ProblemType, str] = {
    ProblemType.BAD_REQUEST: "the request as a whole, or a parameter, makes no sense",
    ProblemType.INVALID: "parameters have a wrong form; `errors` says which",
    ProblemType.TOKEN_MISSING: "there are no credentials",
    ProblemType.TOKEN_REFUSED: "the credentials prove nothing, or no longer do: get new ones",
    ProblemType.CALLER_NOT_ACTIVE: "the user is unknown or disabled",
    ProblemType.MODULE_MISSING: "none of the user's roles has the module, or the app was not granted it",
    ProblemType.SCOPE_MISSING: "the app was not granted the scope `search.personal`",
    ProblemType.ADMIN_REQUIRED: "this is for admins",
    ProblemType.NOT_FOUND: "there is no such thing, or the caller may not see it",
    ProblemType.TOO_SLOW: "the request did not arrive in time",
    ProblemType.TOO_LARGE: "body, address or headers are too large",
    ProblemType.TOO_MANY_REQUESTS: "the user or the app asks too often; `Retry-After` says for how long to wait",
    ProblemType.UNAVAILABLE: "not ready, or a part does not answer; try again after `Retry-After`",
    ProblemType.UNEXPECTED: "a fault of this service",
}
"""What each type means to a client, as the OpenAPI document and docs/operations.md have it."""

# Of what the framework refuses by status alone.
_BY_STATUS = {
    401: ProblemType.TOKEN_REFUSED,
    404: ProblemType.NOT_FOUND,
    408: ProblemType.TOO_SLOW,
    413: ProblemType.TOO_LARGE,
    422: ProblemType.INVALID,
    429: ProblemType.TOO_MANY_REQUESTS,
    503: ProblemType.UNAVAILABLE,
}

_UNAVAILABLE = "A part of the service does not answer just now; try again in a few seconds."
_UNEXPECTED = "Something went wrong on our side; it has been logged. Tell us the request id if it happens again."

_log = structlog.get_logger(__name__)


class Problem(JSONResponse):
    """A problem as an HTTP answer. `more`: further members, such as `errors`."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, type: ProblemType, detail: str, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        content = {"type": type.urn, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
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
            await Problem(500, ProblemType.UNEXPECTED, _UNEXPECTED)(scope, receive, send)


def install(app: FastAPI) -> None:
    """Turn every error of `app` into a problem. Call it before the edge is installed, which must be outside of this."""
    app.add_exception_handler(OfficeSearchError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_middleware(Unexpected)


async def _ours(request: Request, error: Exception) -> Problem:
    assert isinstance(error, OfficeSearchError)
    _note(request, error)
    match error:
        case BadRequest():
            return Problem(400, error.problem, str(error))
        case Unauthenticated():
            return Problem(401, error.problem, str(error), {"WWW-Authenticate": 'Bearer realm="office-search"'})
        case Forbidden():
            return Problem(403, error.problem, str(error))
        case NotFound():
            return Problem(404, error.problem, str(error))
        case TooManyRequests():
            return Problem(429, error.problem, str(error), {"Retry-After": str(error.retry_after)})
        case Unavailable():
            # The text is meant for operators, as it may name hosts and commands; callers get a general one.
            _log.warning("unavailable", reason=str(error))
            return Problem(503, error.problem, _UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_S)})
        case _:
            raise error


async def _http(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    _note(request, error)
    own = ProblemType.BAD_REQUEST if error.status_code < 500 else ProblemType.UNEXPECTED
    return Problem(error.status_code, _BY_STATUS.get(error.status_code, own), str(error.detail), error.headers)


async def _validation(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    _note(request, error)
    errors = [_told(one) for one in error.errors()[:MOST_ERRORS]]
    detail = "; ".join(f"{one['where']}: {one['why']}" for one in errors[:3])
    return Problem(422, ProblemType.INVALID, detail, errors=errors)


def _note(request: Request, error: Exception) -> None:
    """Note the error's class for the audit log; its text may quote the caller."""
    request.state.problem = type(error).__name__


def _told(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where a validation error is and why, without the value, which may be long and need not be text."""
    return {"where": _path(error["loc"]), "why": str(error["msg"])}


def _path(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location)
