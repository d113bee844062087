"""Dependencies of routes: the services, and the proven caller of a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from search.access.identity import Caller, Headers, RequestLines, authenticate
from search.api.credentials import REQUIRED
from search.bootstrap import Services


def services(request: Request) -> Services:
    """Return the services that were made when the application started."""
    found: Services = request.app.state.services
    return found


async def caller(request: Request) -> Caller:
    """Return the caller, proven by one of `app.state.identity_modes`. Raises what `authenticate` raises.

    The caller is kept in `request.state.caller`, for the access log and the audit log too.
    """
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known
    lines = RequestLines(
        request.method,
        _path_and_query(request),
        Headers(request.headers.raw),
        await request.body(),
        request.client.host if request.client else "",
    )
    request.state.caller = await authenticate(request.app.state.identity_modes, lines)
    proven: Caller = request.state.caller
    return proven


Used = Annotated[Services, Depends(services)]
Proven = Annotated[Caller, Depends(caller)]

Route = Callable[..., Coroutine[Any, Any, Any]]


def taking(route: Route, name: str, annotation: object) -> Route:
    """Return `route` with the annotation of its parameter `name` replaced by a model made from the catalogue.

    In the source the parameter has the model's base class, for readers and the type checker.
    """
    route.__annotations__[name] = annotation
    return route


class CallerRoute(APIRoute):
    """A route that proves its caller and counts the request against the rate limits before anything else.

    FastAPI reads JSON before it calls dependencies: without this, a request without credentials and with a bad body
    would get 422 instead of 401.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        more["openapi_extra"] = {"security": REQUIRED} | (more.get("openapi_extra") or {})
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def proven(request: Request) -> Response:
            await request.app.state.rates.admit(await caller(request))
            return await handler(request)

        return proven


def _path_and_query(request: Request) -> bytes:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path
