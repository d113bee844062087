"""Bearer tokens, and which check each of them needs."""

from __future__ import annotations

import base64
import re
from typing import Protocol

import orjson

from search.access.identity.claims import Grant
from search.access.identity.request import RequestLines
from search.core.errors import Unauthenticated

AUTHORIZATION = "Authorization"

# In bytes. Claims make a signed token long; one that only refers to them has no reason to be.
LONGEST_JWS = 16 * 1024
LONGEST_OPAQUE = 4 * 1024

# RFC 6750, 2.1.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_JWS = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")


class TokenCheck(Protocol):
    """A way to check tokens of one form."""

    @property
    def name(self) -> str: ...

    async def grant(self, token: str, peer: str) -> Grant:
        """Return what a token grants that was sent from the address `peer`.

        Raises Unauthenticated, or Unavailable when it cannot be checked just now.
        """
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

    async def grant(self, request: RequestLines) -> Grant:
        """Return what the bearer token grants. Raises Unauthenticated, or Unavailable when it cannot be checked."""
        match = _BEARER.fullmatch(request.headers.one(AUTHORIZATION) or "")
        if not match:
            raise Unauthenticated(f"The header {AUTHORIZATION} must be `Bearer` and one token.")
        token = match[1]
        if len(token) > LONGEST_JWS or (len(token) > LONGEST_OPAQUE and not is_jws(token)):
            raise Unauthenticated("The token is longer than any that this service takes; ask for a shorter one.")
        check = (self._signed or self._opaque) if is_jws(token) else (self._opaque or self._signed)
        assert check
        return await check.grant(token, request.peer)


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
