"""Identity modes: which ways to prove an identity are on, and which one a request uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from search.access.identity import gateway, introspection, jwt, signed_app
from search.access.identity.bearer import BearerMode
from search.access.identity.bearer_tokens import BearerTokens
from search.access.identity.nonces import Nonces
from search.access.identity.request import Caller, IdentityMode, RequestLines
from search.core.errors import ConfigurationError, CredentialsMissing, Unauthenticated
from search.core.settings import IdentitySettings


def identity_modes(
    settings: IdentitySettings,
    nonces: Nonces | None = None,
    *,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[IdentityMode, ...]:
    """Return the identity modes that the settings turn on.

    `nonces`: where used nonces of signed apps are kept. `now`: Unix seconds. `clock`: monotonic seconds. Raises
    ConfigurationError when no mode is on or one is configured in part only.
    """
    tokens = _tokens(settings, now, clock)
    signed = signed_app.configured(settings.apps, tokens, nonces, now, clock)
    bearer = BearerMode(tokens, signed) if tokens else None
    modes: tuple[IdentityMode | None, ...] = (gateway.configured(settings.gateway, now, clock), bearer, signed)
    found = tuple(mode for mode in modes if mode is not None)
    if not found:
        raise ConfigurationError(
            "No way for callers to prove who they are is set. For a gateway set OFFICE_SEARCH_GATEWAY_SECRETS or "
            "OFFICE_SEARCH_GATEWAY_SECRETS_FILE; for tokens set OFFICE_SEARCH_JWT_AUDIENCE and one of "
            "OFFICE_SEARCH_JWT_JWKS_URL, OFFICE_SEARCH_JWT_JWKS_FILE and OFFICE_SEARCH_JWT_SECRET, or for opaque ones "
            "OFFICE_SEARCH_INTROSPECTION_URL."
        )
    return found


def _tokens(settings: IdentitySettings, now: Callable[[], float], clock: Callable[[], float]) -> BearerTokens | None:
    signed = jwt.configured(settings.jwt, now, clock)
    opaque = introspection.configured(settings.introspection, now, clock)
    return BearerTokens(signed, opaque) if signed or opaque else None


async def authenticate(modes: Sequence[IdentityMode], request: RequestLines) -> Caller:
    """Return the caller that a request's credentials prove.

    Raises CredentialsMissing where there are none, Unauthenticated for false ones or those of two modes at once;
    Unavailable as `prove` does.
    """
    claimed = [mode for mode in modes if mode.present(request.headers)]
    if not claimed:
        raise CredentialsMissing("The request carries no credentials; accepted are: " + _names(modes) + ".")
    # A proxy on the way may take another of the two than we would: so neither is taken.
    if len(claimed) > 1:
        raise Unauthenticated("The request carries credentials of several kinds (" + _names(claimed) + "); send one.")
    return await claimed[0].prove(request)


def _names(modes: Sequence[IdentityMode]) -> str:
    return ", ".join(mode.name for mode in modes)
