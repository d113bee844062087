"""What a token must claim before its bearer counts as a caller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.access.identity.request import Caller
from search.core.errors import Unauthenticated

# For clocks that differ a little; a token's life is the issuer's to decide.
LEEWAY_S = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """What this service asks of every token. `issuer` None: any that holds a valid key."""

    audience: str
    scope: str
    issuer: str | None = None


def check(claims: object, expected: Expected, now: float, mode: str) -> Caller:
    """The claims of a token whose signature holds → its caller. Raises Unauthenticated, naming the claim at fault."""
    if not isinstance(claims, dict):
        raise Unauthenticated("The token's payload is not a JSON object.")
    _check_times(claims, now)
    if expected.audience not in _words(claims, "aud", split=False):
        raise Unauthenticated("The token's aud does not name this service; ask for one that does.")
    if expected.issuer is not None and claims.get("iss") != expected.issuer:
        raise Unauthenticated("The token's iss is not the issuer that this service trusts.")
    if expected.scope not in _words(claims, "scope", split=True):
        raise Unauthenticated(f"The token's scope lacks {expected.scope!r}; ask for a token with it.")
    return Caller(_text(claims, "tenant"), _text(claims, "sub"), mode)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    if _time(claims, "exp") <= now - LEEWAY_S:
        raise Unauthenticated("The token has expired; ask for a new one.")
    for claim in ("nbf", "iat"):
        if claim in claims and _time(claims, claim) > now + LEEWAY_S:
            raise Unauthenticated(f"The token's {claim} lies in the future; check the clocks.")


def _time(claims: Mapping[str, Any], claim: str) -> float:
    value = claims.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unauthenticated(f"The token's {claim} is missing or no Unix time.")
    return value


def _text(claims: Mapping[str, Any], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str):
        raise Unauthenticated(f"The token's {claim} is missing or no text.")
    return value


def _words(claims: Mapping[str, Any], claim: str, *, split: bool) -> list[str]:
    """A claim that is one string or a list of them. `split`: blanks part a string into several words."""
    value = claims.get(claim)
    if isinstance(value, str):
        return value.split(" ") if split else [value]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise Unauthenticated(f"The token's {claim} is missing or neither a string nor a list of them.")
