"""Bearer tokens, and which of the ways to check them each belongs to."""

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
    """One way to tell a genuine token."""

    @property
    def name(self) -> str: ...

    async def grant(self, token: str) -> Grant:
        """What the token grants. Raises Unauthenticated, or Unavailable when just now nobody can tell."""
        ...


class BearerTokens:
    """Every token that comes along, checked by the one way that it belongs to. At least one of the two must be on."""

    def __init__(self, signed: TokenCheck | None, opaque: TokenCheck | None) -> None:
        """`signed` checks tokens that are a JWS, `opaque` all others; one that is alone checks all."""
        self._signed = signed
        self._opaque = opaque

    @property
    def name(self) -> str:
        return " or ".join(check.name for check in (self._signed, self._opaque) if check)

    async def grant(self, headers: Headers) -> Grant:
        """What the bearer's token grants. Raises Unauthenticated, or Unavailable when just now nobody can tell."""
        match = _BEARER.fullmatch(headers.one(AUTHORIZATION) or "")
        if not match:
            raise Unauthenticated(f"The header {AUTHORIZATION} must be `Bearer` and one token.")
        check = (self._signed or self._opaque) if is_jws(match[1]) else (self._opaque or self._signed)
        assert check
        return await check.grant(match[1])


def is_jws(token: str) -> bool:
    """Whether a token is a JWS in compact form (RFC 7515, 7.1): three parts, the first of them a JSON object."""
    match = _JWS.fullmatch(token)
    if not match:
        return False
    header = match[1]
    try:
        return isinstance(orjson.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))), dict)
    except ValueError:
        return False
