"""Writes audit lines for requests: every call of an admin's routes, and every call that was denied."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.access.audit import Audit, Outcome, What, Who
from search.api.edge.observed import GONE

ADMIN = "/v1/admin/"
DENIED = frozenset({401, 403, 429})
# Parameters that say to what something is done. The text of a query is hashed; all others stay out of the log.
TARGETS = ("vertical", "verticals", "id", "user")
TEXT = "q"


class Audited:
    """Middleware that writes the audit line before the answer begins.

    It must be inside of `Admission`, which makes one piece of the body.
    """

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, written = b"", False

        async def heard() -> Message:
            nonlocal body
            message = await receive()
            body = message.get("body", b"") or body
            return message

        def write(status: int) -> None:
            nonlocal written
            if not written and (status in DENIED or _route(scope).startswith(ADMIN)):
                self._record(scope, body, status)
            written = True

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                write(message["status"])
            await send(message)

        try:
            await self._app(scope, heard, watched)
        finally:
            write(GONE)

    def _record(self, scope: Scope, body: bytes, status: int) -> None:
        state, route = scope["state"], _route(scope)
        caller = state.get("caller")
        # Parameters of an unproven caller are not kept: anybody could fill the log with them.
        given = _parameters(scope, body) if caller else {}
        target = {name: given[name].decode("utf-8", "replace") for name in TARGETS if name in given}
        self._audit.record(
            Who.proven(caller) if caller else Who(),
            What(_action(route), scope["method"], route or None, target, given.get(TEXT)),
            _outcome(status, state.get("problem")),
            state.get("request_id"),
            state.get("client_request_id"),
        )


def _route(scope: Scope) -> str:
    """Return the route's template, such as `/v1/apps/{id}/similar`; the path itself is chosen by the caller."""
    return getattr(scope.get("route"), "path", "")


def _action(route: str) -> str:
    """Return `admin.explain` for `/v1/admin/explain`, and `apps.similar` for `/v1/apps/{id}/similar`."""
    parts = [part for part in route.removeprefix("/v1").split("/") if part and not part.startswith("{")]
    return ".".join(parts) or "unknown"


def _outcome(status: int, problem: str | None) -> Outcome:
    if status in DENIED:
        return Outcome("denied", problem, status)
    return Outcome("allowed" if status < 400 else "failed", problem, status)


def _parameters(scope: Scope, body: bytes) -> dict[str, bytes]:
    """Return the parameters of the request by name, in bytes exactly as sent; of a repeated name the last value."""
    # Latin-1 maps each byte to one character and back, so the bytes stay as they were sent.
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    said = {name: value.encode("latin-1") for name, value in pairs}
    # Only if the route reads a body: an unread one must not hide the parameters in the query string.
    if getattr(scope.get("route"), "body_field", None) is not None:
        said |= _members(body)
    return said | {name: str(value).encode() for name, value in scope.get("path_params", {}).items()}


def _members(body: bytes) -> dict[str, bytes]:
    """Return the text members of a JSON object; nothing of any other JSON, or of no JSON."""
    try:
        found: Any = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value.encode() for name, value in found.items() if isinstance(value, str)}
