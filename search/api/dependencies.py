"""What routes are given: the services, and the proven caller of a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from search.access.identity import Caller, Headers, RequestLines, authenticate
from search.bootstrap import Services


def services(request: Request) -> Services:
    """Dependency: what the application put together when it started."""
    found: Services = request.app.state.services
    return found


async def caller(request: Request) -> Caller:
    """Dependency: who is calling, proven by one of `app.state.identity_modes`. Raises what `authenticate` raises.

    It stays in `request.state.caller`, where the access log finds it too.
    """
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known
    lines = RequestLines(request.method, _path_and_query(request), Headers(request.headers.raw), await request.body())
    request.state.caller = await authenticate(request.app.state.identity_modes, lines)
    proven: Caller = request.state.caller
    return proven


Used = Annotated[Services, Depends(services)]
Proven = Annotated[Caller, Depends(caller)]

Route = Callable[..., Coroutine[Any, Any, Any]]


def taking(route: Route, name: str, annotation: object) -> Route:
    """Return `route` with another annotation of one parameter: a model that is made of the catalogue.

    In the code the parameter has that model's base class, so that readers and the type checker follow it.
    """
    route.__annotations__[name] = annotation
    return route


class CallerRoute(APIRoute):
    """A route that proves its caller first, who must not ask too often, and only then does any work.

    FastAPI reads JSON before it asks dependencies, and would answer 422. `app.state.rates` counts.
    """

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
