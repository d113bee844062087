"""The demo's pages: the search page, and the list of demo callers, each with a short-lived token."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import PurePath

from fastapi import APIRouter
from pydantic import BaseModel

from search.access.identity.jwt import issue_token
from search.api import static
from search.core.errors import ConfigurationError
from search.demo.company import DemoCaller

TOKEN_TTL_S = 15 * 60
PAGE = "index.html"


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
    web: Traversable | None = None,
) -> APIRouter:
    """Return routes that give tokens to everybody who asks; for use on loopback only.

    `secret`, `audience`, `scope`: as the service's JWT mode checks them. `web`: the page's folder,
    by default the one that is built. Raises ConfigurationError where none is.
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

    for path in sorted((web or page_folder()).iterdir(), key=lambda path: path.name):
        if PurePath(path.name).suffix in static.TYPES:
            static.serve(demo, "/" if path.name == PAGE else f"/{path.name}", static.StaticFile.read(path))
    return demo


def page_folder() -> Traversable:
    """Return the folder of the search page. Raises ConfigurationError where it is not built."""
    folder = static.built()
    if folder and (folder / PAGE).is_file():
        return folder
    raise ConfigurationError("The search page is not built here: run `make web`, or install the wheel, which holds it.")
