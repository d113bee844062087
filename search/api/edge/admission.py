"""Admission: refuses requests for other hosts, those that are too large and those that can be read in two ways."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.api.edge.doubtful import doubtful
from search.api.problems import Problem
from search.core.errors import ProblemType

# Closing a connection with unread bytes resets it and loses the answer, so this many more bytes are read and dropped.
_DRAINED = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. The target (path and query) has room for a query of 10,000 characters, percent-encoded."""

    target: int = 128 * 1024
    parameters: int = 100
    headers: int = 32 * 1024
    header_lines: int = 100
    body: int = 64 * 1024
    body_seconds: float = 10


class Admission:
    """Middleware that refuses inadmissible requests, and reads the whole body so that its signature can be checked."""

    def __init__(self, app: ASGIApp, limits: Limits, allowed_hosts: frozenset[str] | None) -> None:
        self._app = app
        self._limits = limits
        self._hosts = None if allowed_hosts is None else frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                body = await _read(receive, self._limits.body)
        except TimeoutError:
            late = Problem(408, ProblemType.TOO_SLOW, "The body did not arrive in time.", {"Connection": "close"})
            await late(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self._serve(body, scope, receive, send)

    async def _serve(self, body: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
        if body is not None:
            await self._app(scope, _replay(body, receive), send)
            return
        detail = f"The body is larger than {self._limits.body} bytes."
        await Problem(413, ProblemType.TOO_LARGE, detail, {"Connection": "close"})(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        """Return the answer to a request whose head is not acceptable; None if it is."""
        foreign = None if self._hosts is None else _foreign(scope["headers"], self._hosts)
        return doubtful(scope) or foreign or _too_large(scope, self._limits)


def _too_large(scope: Scope, limits: Limits) -> Problem | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(scope["raw_path"]) + len(scope["query_string"]) > limits.target:
        detail = f"The address is longer than {limits.target} bytes; send the query in a POST body."
        return Problem(414, ProblemType.TOO_LARGE, detail)
    if scope["query_string"].count(b"&") >= limits.parameters:
        return Problem(400, ProblemType.TOO_LARGE, f"The address has more than {limits.parameters} parameters.")
    if len(headers) > limits.header_lines:
        return Problem(431, ProblemType.TOO_LARGE, f"There are more than {limits.header_lines} headers.")
    if sum(len(name) + len(value) for name, value in headers) > limits.headers:
        return Problem(431, ProblemType.TOO_LARGE, f"The headers are longer than {limits.headers} bytes together.")
    return None


def _foreign(headers: list[tuple[bytes, bytes]], allowed: frozenset[str]) -> Problem | None:
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return Problem(400, ProblemType.BAD_REQUEST, "The header Host must be sent once.")
    host = hosts[0].decode("latin-1").lower()
    # The colons of an IPv6 address stand inside its brackets.
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    detail = "This service does not answer under that host name."
    return None if name in allowed else Problem(421, ProblemType.BAD_REQUEST, detail)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Return the whole body; None when it is larger than `limit`. Raises ClientDisconnect."""
    body, size = bytearray(), 0
    while size <= limit + _DRAINED:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            body += part
        if not message.get("more_body", False):
            return bytes(body) if size <= limit else None
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
