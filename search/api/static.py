"""Static files, such as the search element and the page: read and compressed once, and answered without credentials."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Self

from fastapi import APIRouter, Request, Response

import search
from search.core.errors import NotFound

# Given here, as the tables of some machines say text/plain for JavaScript.
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
ELEMENT = "office-search-box.js"
# The element is there for pages of every origin: a module needs CORS, and what tells nothing of anybody may be read.
FOR_EVERYBODY: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
NOT_BUILT = "The search element is not built here: run `make web`, or install the wheel, which holds it."
_METHODS = ["GET", "HEAD"]


def built() -> Traversable | None:
    """Return the folder of the built web files: in the wheel beside this package, in a checkout `web/dist`.

    None where there is neither.
    """
    places: tuple[Traversable, ...] = (files(search) / "web", Path(search.__file__).parents[1] / "web" / "dist")
    return next((place for place in places if place.is_dir()), None)


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent. `headers`: of its own, in each of its answers."""

    content: bytes
    zipped: bytes
    media_type: str
    headers: Mapping[str, str]
    tag: str

    @classmethod
    def read(cls, path: Traversable, headers: Mapping[str, str] | None = None) -> Self:
        """Return a file, read once. Raises KeyError for a type that is none of TYPES, OSError where it is missing."""
        content = path.read_bytes()
        # Without a time, so that all processes give the same bytes, and with them the same tag.
        zipped = gzip.compress(content, mtime=0)
        tag = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, zipped, TYPES[PurePath(path.name).suffix], headers or {}, tag)

    def answer(self, request: Request) -> Response:
        """Return the answer to GET or HEAD: compressed for who takes that, 304 for who has it already."""
        # What is hardly smaller is not worth it.
        is_zipped = len(self.zipped) < len(self.content) and takes_gzip(request.headers.getlist("accept-encoding"))
        body = self.zipped if is_zipped else self.content
        # Each of the two forms has a tag of its own, as a strong one stands for the very bytes.
        tag = f'"{self.tag}-gzip"' if is_zipped else f'"{self.tag}"'
        # A client may keep it, but asks each time whether it is still the one.
        kept = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **self.headers}
        if not {tag, "*"}.isdisjoint(tags(request.headers.getlist("if-none-match"))):
            return Response(status_code=304, headers=kept)
        encoded = {"Content-Encoding": "gzip"} if is_zipped else {}
        sent = {**kept, **encoded, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
        return Response(b"" if request.method == "HEAD" else body, headers=sent, media_type=self.media_type)


def takes_gzip(fields: list[str]) -> bool:
    """Return whether a client takes gzip, by its `Accept-Encoding` (RFC 9110, 12.5.3); what cannot be read is a no."""
    weights: dict[str, float] = {}
    for part in ",".join(fields).lower().split(","):
        name, _, weight = (piece.strip() for piece in part.partition(";"))
        try:
            weights[name] = float(weight.removeprefix("q=") or 1)
        except ValueError:
            weights[name] = 0
    return weights.get("gzip", weights.get("*", 0)) > 0


def tags(fields: list[str]) -> Iterator[str]:
    """Yield the tags that `If-None-Match` names; it compares weakly (RFC 9110, 13.1.2)."""
    for part in ",".join(fields).split(","):
        yield part.strip().removeprefix("W/")


def serve(router: APIRouter, address: str, file: StaticFile) -> None:
    """Add a route for one file: no path from a client is ever used to find one."""

    @router.api_route(address, methods=_METHODS, include_in_schema=False)
    async def read(request: Request) -> Response:
        return file.answer(request)


def element() -> APIRouter:
    """Return the route of the search element, for pages of every origin; where it is not built it is 404, with why."""
    router = APIRouter(prefix="/web")
    folder = built()
    path = folder / ELEMENT if folder else None
    if path and path.is_file():
        serve(router, f"/{ELEMENT}", StaticFile.read(path, FOR_EVERYBODY))
        return router

    @router.api_route(f"/{ELEMENT}", methods=_METHODS, include_in_schema=False)
    async def missing() -> None:
        raise NotFound(NOT_BUILT)

    return router
