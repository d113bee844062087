"""Which ways to prove an identity are open, and the one that a request takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from search.access.identity import gateway, jwt
from search.access.identity.request import Caller, IdentityMode, RequestLines
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import Settings


def identity_modes(
    settings: Settings, *, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
) -> tuple[IdentityMode, ...]:
    """The modes that the settings turn on. Raises ConfigurationError when there is none or one is half configured."""
    modes: tuple[IdentityMode | None, ...] = (gateway.configured(settings, now, clock), jwt.configured(settings, now))
    found = tuple(mode for mode in modes if mode is not None)
    if not found:
        raise ConfigurationError(
            "No way for callers to prove who they are is set. For a gateway set OFFICE_SEARCH_GATEWAY_SECRETS; for "
            "tokens set OFFICE_SEARCH_JWT_AUDIENCE and one of OFFICE_SEARCH_JWT_JWKS_URL, OFFICE_SEARCH_JWT_JWKS_FILE "
            "and OFFICE_SEARCH_JWT_SECRET."
        )
    return found


async def authenticate(modes: Sequence[IdentityMode], request: RequestLines) -> Caller:
    """The caller whom a request's credentials prove.

    Raises Unauthenticated for no credentials, false ones, or those of two modes at once; Unavailable like `prove`.
    """
    claimed = [mode for mode in modes if mode.present(request.headers)]
    if not claimed:
        raise Unauthenticated("The request carries no credentials; accepted are: " + _names(modes) + ".")
    # Which of the two is meant, the caller and a proxy on the way may see differently.
    if len(claimed) > 1:
        raise Unauthenticated("The request carries credentials of several kinds (" + _names(claimed) + "); send one.")
    return await claimed[0].prove(request)


def _names(modes: Sequence[IdentityMode]) -> str:
    return ", ".join(mode.name for mode in modes)
