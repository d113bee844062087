"""Which calls leave a line in the audit log: every call of an admin's routes, and every one that is denied."""

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
    """Middleware: writes the line before the answer begins. It must be inside of what makes one piece of a body."""

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
        # Of somebody who is not proven, nothing that they say is worth keeping.
        given = _parameters(scope, body) if caller else {}
        target = {name: given[name].decode("utf-8", "replace") for name in TARGETS if name in given}
        self._audit.record(
            Who.proven(caller) if caller else Who(),
            What(_action(route), scope["method"], route or None, target, given.get(TEXT)),
            _outcome(status, state.get("problem")),
            state.get("request_id"),
        )


def _route(scope: Scope) -> str:
    """The route's template, which is ours, and not the path, which is the caller's."""
    return getattr(scope.get("route"), "path", "")


def _action(route: str) -> str:
    """Such as `admin.explain` for `/v1/admin/explain`, and `apps.similar` for `/v1/apps/{id}/similar`."""
    parts = [part for part in route.removeprefix("/v1").split("/") if part and not part.startswith("{")]
    return ".".join(parts) or "unknown"


def _outcome(status: int, problem: str | None) -> Outcome:
    if status in DENIED:
        return Outcome("denied", problem, status)
    return Outcome("allowed" if status < 400 else "failed", problem, status)


def _parameters(scope: Scope, body: bytes) -> dict[str, bytes]:
    """What the route takes, as bytes, so that what was sent is what is hashed; of a name that comes twice, the last."""
    # Every byte is one character of Latin-1, and comes back as it was.
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    said = {name: value.encode("latin-1") for name, value in pairs}
    # A body that the route never reads must not hide what it does read.
    if getattr(scope.get("route"), "body_field", None) is not None:
        said |= _members(body)
    return said | {name: str(value).encode() for name, value in scope.get("path_params", {}).items()}


def _members(body: bytes) -> dict[str, bytes]:
    """The texts in a JSON object; of anything else none."""
    try:
        found: Any = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value.encode() for name, value in found.items() if isinstance(value, str)}
