"""Bearer tokens, and which check each of them needs."""

from __future__ import annotations

import base64
import re
from typing import Protocol

import orjson

from search.access.identity.claims import Grant
from search.access.identity.request import Headers
from search.core.errors import Unauthenticated

AUTHORIZATION = "Authorization"

# RFC 6750, 2.1.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_JWS = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")


class TokenCheck(Protocol):
    """A way to check tokens of one form."""

    @property
    def name(self) -> str: ...

    async def grant(self, token: str) -> Grant:
        """Return what the token grants. Raises Unauthenticated, or Unavailable when it cannot be checked just now."""
        ...


class BearerTokens:
    """Checks every bearer token with the check for its form. At least one check must be on."""

    def __init__(self, signed: TokenCheck | None, opaque: TokenCheck | None) -> None:
        """Check JWS tokens with `signed`, others with `opaque`; if one check is None, the other does all."""
        self._signed = signed
        self._opaque = opaque

    @property
    def name(self) -> str:
        return " or ".join(check.name for check in (self._signed, self._opaque) if check)

    async def grant(self, headers: Headers) -> Grant:
        """Return what the bearer token grants. Raises Unauthenticated, or Unavailable when it cannot be checked."""
        match = _BEARER.fullmatch(headers.one(AUTHORIZATION) or "")
        if not match:
            raise Unauthenticated(f"The header {AUTHORIZATION} must be `Bearer` and one token.")
        check = (self._signed or self._opaque) if is_jws(match[1]) else (self._opaque or self._signed)
        assert check
        return await check.grant(match[1])


def is_jws(token: str) -> bool:
    """Return whether a token is a JWS in compact form (RFC 7515, 7.1): three parts, the first a JSON object."""
    match = _JWS.fullmatch(token)
    if not match:
        return False
    header = match[1]
    try:
        return isinstance(orjson.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))), dict)
    except ValueError:
        return False
