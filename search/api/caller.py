"""The proven caller of a request and what they may do, for the routes that need one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from search.access.identity import Caller, Headers, RequestLines, authenticate
from search.access.principal import Principal


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


async def principal(request: Request, who: Caller) -> Principal:
    """What a proven caller may do now; an app that acts for the user no more than it was granted.

    The one way from a Caller to a Principal for every route. Raises Unavailable while the directory cannot be trusted
    or does not answer, Forbidden for an unknown or disabled user.
    """
    services = request.app.state.services
    services.readiness.require()
    user: Principal = await services.search.directory.principal(who.tenant, who.user)
    return user.narrowed(who.scopes)


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
