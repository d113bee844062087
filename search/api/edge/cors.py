"""Pages of other origins (CORS): which of them may call the API of searchers and read its answers, errors too."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from search.access.identity import gateway, signed_app
from search.api.edge.audited import ADMIN
from search.api.edge.observed import CLIENT_REQUEST_ID, REQUEST_ID, X_CALLER

API = "/v1/"
METHODS = ("GET", "POST", "DELETE")
SENT = ("Authorization", "Content-Type", REQUEST_ID, *gateway.FIELDS, *signed_app.FIELDS)
READ = (X_CALLER, REQUEST_ID, CLIENT_REQUEST_ID, "Retry-After")


class OtherOrigins:
    """Middleware that lets pages of `origins` read what the API answers, and answers their preflights itself.

    Never with credentials that a browser adds by itself. Admins' calls and operations are for no other origin. It is
    outside of whatever may refuse a request, so that a page can read why.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app, allow_origins=origins, allow_methods=METHODS, allow_headers=SENT, expose_headers=READ
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._shared if scope["type"] == "http" and _for_pages(scope["path"]) else self._app
        await app(scope, receive, send)


def _for_pages(path: str) -> bool:
    return path.startswith(API) and not f"{path}/".startswith(ADMIN)
