"""JWT mode: bearer tokens that an identity service has signed for this service."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Any

import jwt

from search.access.identity import strict_json
from search.access.identity.claims import Expected, Grant, check, expected_from
from search.access.identity.jwks import PublishedKeys, from_file, from_url
from search.access.identity.keys import KeySource, SharedKey, secret_bytes
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import JwtSettings

_SIGNED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class JwtCheck:
    """Accepts tokens that are signed with a key of `keys` and whose claims are as `expected`."""

    name = "jwt"

    def __init__(self, keys: KeySource, expected: Expected, now: Callable[[], float]) -> None:
        self._keys = keys
        self._expected = expected
        self._now = now
        self._jws = jwt.PyJWS()

    async def grant(self, token: str, peer: str) -> Grant:
        if not _SIGNED.fullmatch(token):
            raise Unauthenticated("The token is not a signed one; ask for a JWT.")
        return check(await self._claims(token), self._expected, self._now(), self.name)

    async def _claims(self, token: str) -> object:
        """Return the claims of a token after its signature is verified."""
        try:
            strict_json.loads(_header(token))
            header = self._jws.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            key = await self._keys.find(kid, algorithm) if isinstance(algorithm, str) else None
            if key is None:
                raise Unauthenticated("The token is signed with a key or algorithm that this service does not know.")
            return strict_json.loads(self._verified(token, key))
        except (jwt.PyJWTError, ValueError):
            raise Unauthenticated("The token is malformed or its signature does not hold; ask for a new one.") from None

    def _verified(self, token: str, key: jwt.PyJWK) -> bytes:
        # The key decides the algorithm: a header that says otherwise is an attack.
        payload: bytes = self._jws.decode(
            token, key, algorithms=[key.algorithm_name], options={"enforce_minimum_key_length": True}
        )
        return payload


def _header(token: str) -> bytes:
    header = token.partition(".")[0]
    return base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))


def configured(settings: JwtSettings, now: Callable[[], float], clock: Callable[[], float]) -> JwtCheck | None:
    """Return the mode that the settings describe, None without a key. Raises ConfigurationError on contradictions.

    `now`: Unix seconds. `clock`: monotonic seconds, for the age of fetched keys.
    """
    keys = _keys(settings, clock)
    if keys is None:
        return None
    expected = expected_from("JWT", settings.audience, settings.scope, settings.issuer)
    return JwtCheck(keys, expected, now)


def _keys(settings: JwtSettings, clock: Callable[[], float]) -> KeySource | None:
    sources: list[KeySource] = []
    if settings.secret and settings.secret.get_secret_value():
        sources.append(SharedKey(secret_bytes("OFFICE_SEARCH_JWT_SECRET", settings.secret)))
    if settings.jwks_file:
        sources.append(PublishedKeys(from_file(settings.jwks_file), clock))
    if settings.jwks_url:
        sources.append(PublishedKeys(from_url(settings.jwks_url), clock))
    if len(sources) > 1:
        raise ConfigurationError(
            "Tokens can be checked in one way only; set just one of OFFICE_SEARCH_JWT_JWKS_FILE, "
            "OFFICE_SEARCH_JWT_JWKS_URL and OFFICE_SEARCH_JWT_SECRET."
        )
    return sources[0] if sources else None


def issue_token(
    secret: str, *, tenant: str, user: str, audience: str, scope: str, ttl: float, now: float | None = None
) -> str:
    """Return an HS256 token that is valid for `ttl` seconds from `now` (Unix seconds, by default now); for the demo."""
    issued = int(time.time() if now is None else now)
    claims: dict[str, Any] = {"sub": user, "tenant": tenant, "aud": audience, "scope": scope}
    return jwt.encode(claims | {"iat": issued, "exp": issued + int(ttl)}, secret, algorithm="HS256")
