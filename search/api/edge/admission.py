"""Which requests get in at all: those for us, and of a size that we are willing to hold."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.api.problems import Problem


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. The target has room for a query of 10,000 characters, percent-encoded."""

    target: int = 128 * 1024
    headers: int = 32 * 1024
    body: int = 64 * 1024


class Admission:
    """Middleware: refuses what is too large or meant for others; buffers the body, so that it can be checked whole."""

    def __init__(self, app: ASGIApp, limits: Limits, allowed_hosts: frozenset[str] | None) -> None:
        self._app = app
        self._limits = limits
        self._hosts = None if allowed_hosts is None else frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            body = await _read(receive, self._limits.body)
            if body is None:
                return
            if len(body) <= self._limits.body:
                await self._app(scope, _replay(body, receive), send)
                return
            refusal = self._too_large()
        await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        """What is wrong with a request as far as its head tells; None: nothing."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self._hosts is not None and (refusal := _foreign(headers, self._hosts)):
            return refusal
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._limits.target:
            return Problem(
                414, f"The address is longer than {self._limits.target} bytes; send the query in a POST body."
            )
        if sum(len(name) + len(value) for name, value in headers) > self._limits.headers:
            return Problem(431, f"The headers are longer than {self._limits.headers} bytes together.")
        return self._announced(headers)

    def _announced(self, headers: list[tuple[bytes, bytes]]) -> Problem | None:
        lengths = [value for name, value in headers if name == b"content-length"]
        if len(lengths) > 1 or not all(length.isdigit() and len(length) < 20 for length in lengths):
            return Problem(400, "Content-Length must be one number.")
        return self._too_large() if lengths and int(lengths[0]) > self._limits.body else None

    def _too_large(self) -> Problem:
        # The rest of the body stays unread, so the connection is of no more use.
        return Problem(413, f"The body is larger than {self._limits.body} bytes.", {"Connection": "close"})


def _foreign(headers: list[tuple[bytes, bytes]], allowed: frozenset[str]) -> Problem | None:
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return Problem(400, "The header Host must be sent once.")
    host = hosts[0].decode("latin-1").lower()
    # The colons of an IPv6 address stand inside its brackets.
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    return None if name in allowed else Problem(421, "This service does not answer under that host name.")


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body, cut off shortly behind `limit` bytes; None when the client went away."""
    body = bytearray()
    while len(body) <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
