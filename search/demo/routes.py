"""The demo's pages: the search page, and the list of demo callers, each with a short-lived token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel

from search import api
from search.access.identity.jwt import issue_token
from search.demo.company import DemoCaller

WEB = Path(api.__file__).parent / "web"
TOKEN_TTL_S = 15 * 60

# Given here, as the tables of some machines say text/plain for JavaScript.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


class CallerBody(BaseModel):
    tenant: str
    user: str
    name: str
    role: dict[str, str]
    examples: list[str]
    token: str


def router(
    callers: Sequence[DemoCaller],
    secret: str,
    audience: str,
    *,
    scope: str = "search",
    ttl_s: float = TOKEN_TTL_S,
    web: Path = WEB,
) -> APIRouter:
    """Return routes that give tokens to everybody who asks; for use on loopback only.

    `secret`, `audience`, `scope`: as the service's JWT mode checks them. `web`: the page's folder.
    """
    demo = APIRouter(include_in_schema=False)

    @demo.get("/demo/callers")
    async def read_callers() -> list[CallerBody]:
        return [
            CallerBody(
                **vars(one),
                token=issue_token(secret, tenant=one.tenant, user=one.user, audience=audience, scope=scope, ttl=ttl_s),
            )
            for one in callers
        ]

    for path in sorted(web.iterdir()):
        if path.suffix in _TYPES:
            _serve(demo, "/" if path.name == "index.html" else f"/{path.name}", path)
    return demo


def _serve(demo: APIRouter, address: str, path: Path) -> None:
    # One route per file, so that no path from a client is used to find a file.
    @demo.api_route(address, methods=["GET", "HEAD"])
    async def read() -> FileResponse:
        # The browser may keep a copy, but asks each time whether it is still the one.
        return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})
