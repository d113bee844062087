"""Checks the claims of a genuine token: what it must say before its bearer counts as a caller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.access.identity.request import Caller
from search.access.scopes import SEARCH, names_modules
from search.core.errors import ConfigurationError, Unauthenticated

# For clocks that differ a little. How long a token lives is decided by its issuer.
LEEWAY_S = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """What this service expects of every token. `issuer`: None accepts any issuer with a valid key."""

    audience: str
    scope: str
    issuer: str | None = None


def expected_from(kind: str, audience: str | None, scope: str, issuer: str | None) -> Expected:
    """Return what the settings `OFFICE_SEARCH_<kind>_AUDIENCE`, `…_SCOPE` and `…_ISSUER` expect of tokens.

    Raises ConfigurationError without an audience, or for a scope that is not one word.
    """
    if not audience:
        raise ConfigurationError(
            f"Tokens are accepted, but for which audience is not set; set OFFICE_SEARCH_{kind}_AUDIENCE "
            "to what the identity service writes into `aud` for this service."
        )
    if len(scope.split()) != 1:
        raise ConfigurationError(f"OFFICE_SEARCH_{kind}_SCOPE must be one word: the scope that a token must hold.")
    return Expected(audience, scope.strip(), issuer or None)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token grants: the acting user (`caller`), the client it was issued to (`app`), and its `scopes`.

    Of the scopes only those that speak of modules are kept. `general`: whether the scope that this service expects of
    every token is among them all; it stands for `search`, whatever a deployment calls it.
    """

    caller: Caller
    app: str | None
    scopes: frozenset[str]
    general: bool

    def require_scope(self) -> None:
        """Raise Unauthenticated if the token lacks the scope that this service expects of every token."""
        if not self.general:
            raise Unauthenticated("The token's scope lacks the one for this service; ask for a token with it.")


def check(claims: object, expected: Expected, now: float, mode: str) -> Grant:
    """Return what a token with these claims grants, once its genuineness is known. `now`: Unix time in seconds.

    Raises Unauthenticated that names the faulty claim. The identity mode must still check the scopes.
    """
    if not isinstance(claims, dict):
        raise Unauthenticated("The token's payload is not a JSON object.")
    # RFC 7800: whoever shows such a token must also prove to hold the key, and no such proof is checked here.
    if claims.get("cnf") is not None:
        raise Unauthenticated("The token is bound to a key (cnf), which is not checked here; ask for a plain one.")
    _check_times(claims, now)
    if expected.audience not in _words(claims, "aud", split=False):
        raise Unauthenticated("The token's aud does not name this service; ask for one that does.")
    if expected.issuer is not None and claims.get("iss") != expected.issuer:
        raise Unauthenticated("The token's iss is not the issuer that this service trusts.")
    caller = Caller(_text(claims, "tenant"), _text(claims, "sub"), mode)
    words = _words(claims, "scope", split=True)
    general = expected.scope in words
    scopes = frozenset(word for word in words if names_modules(word)) | ({SEARCH} if general else frozenset())
    return Grant(caller, _app(claims), scopes, general)


def _app(claims: Mapping[str, Any]) -> str | None:
    """Return the client that a token was issued to: RFC 9068 calls it client_id, OpenID Connect azp.

    None if it names none. Raises Unauthenticated where the two differ, or one of them is empty or no text.
    """
    named = {_text(claims, claim) for claim in ("client_id", "azp") if claims.get(claim) is not None}
    if "" in named or len(named) > 1:
        raise Unauthenticated("The token's client_id and azp must name one client, and the same one.")
    return named.pop() if named else None


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
    """Return the words of a claim that is a string or a list of strings. `split`: a string may hold several words."""
    value = claims.get(claim)
    if isinstance(value, str):
        return value.split(" ") if split else [value]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise Unauthenticated(f"The token's {claim} is missing or neither a string nor a list of them.")
