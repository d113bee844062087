"""Security headers: how browsers may treat our answers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "style-src 'self'",
        "img-src 'self' data:{pictures}",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def content_security_policy(picture_hosts: Sequence[str] = ()) -> str:
    """Return what our pages may load: of other places pictures alone, by https, and from these hosts."""
    return _POLICY.format(pictures="".join(f" https://{host}" for host in picture_hosts))


class SecurityHeaders:
    """Middleware that adds the security headers that an answer does not already have.

    `picture_hosts`: from which pages may show pictures.
    """

    def __init__(self, app: ASGIApp, picture_hosts: Sequence[str] = ()) -> None:
        self._app = app
        self._policy = content_security_policy(picture_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard(MutableHeaders(scope=message), self._policy)
            await send(message)

        await self._app(scope, receive, guarded)


def _guard(headers: MutableHeaders, policy: str) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # The address of a page may hold what was searched for.
    headers.setdefault("Referrer-Policy", "no-referrer")
    if kind == "text/html":
        headers.setdefault("Content-Security-Policy", policy)
    elif kind == "application/json" or kind.endswith("+json"):
        # Answers depend on the caller and on the moment.
        headers.setdefault("Cache-Control", "no-store")
