"""The keys that an identity service publishes: fetched when needed, kept for a bounded time."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Collection, Mapping
from math import inf
from pathlib import Path
from typing import Any

import orjson
import structlog
from jwt import PyJWK, PyJWTError
from prometheus_client import Gauge

from search.access.identity.endpoint import FAILURES, Endpoint, reason
from search.core.errors import ConfigurationError, Unavailable

AWAY = Gauge("office_search_jwks_away", "1 since the keys of the identity service could not be fetched the last time")

FRESH_S = 300
# The least time between two fetches, as strangers may send any number of unknown key ids.
REFETCH_S = 10
# How long old keys count when the key server cannot be reached: an attacker who blocks it must not keep a withdrawn
# key alive for longer.
LAST_KNOWN_S = 3600
FETCH_DEADLINE_S = 5
MAX_SET_BYTES = 256 * 1024
MIN_RSA_BITS = 2048

_ALGORITHMS: Mapping[tuple[object, object], str] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
# Parameters of private and symmetric keys (RFC 7518, 6): whoever reads them can sign.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

Fetch = Callable[[], Awaitable[bytes]]
Keys = Mapping[str, list[PyJWK]]

_log = structlog.get_logger(__name__)


class PublishedKeys:
    """A key set that follows its source: fetched again when it is old or a token names an unknown key."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Keys = {}
        self._raw: bytes | None = None
        self._fetched_at = -inf
        self._next_fetch = -inf
        self._out_of_reach = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if algorithm not in _ALGORITHMS.values():
            return None
        # One request waits for a slow key server; the others go on with the last known keys.
        if self._older_than(LAST_KNOWN_S) or (self._older_than(FRESH_S) and not self._under_way()):
            await self._refresh()
        if (key := self._match(kid, algorithm)) is None:
            await self._refresh()
            key = self._match(kid, algorithm)
        # An unknown key may be a new one: while the server is out of reach that is no reason to refuse the token.
        if self._older_than(LAST_KNOWN_S) or (key is None and self._out_of_reach):
            raise Unavailable(
                "The identity service's keys cannot be fetched; check OFFICE_SEARCH_JWT_JWKS_URL or _FILE."
            )
        return key

    def _older_than(self, seconds: float) -> bool:
        return self._clock() - self._fetched_at > seconds

    def _match(self, kid: str | None, algorithm: str) -> PyJWK | None:
        keys = self._keys.get(algorithm, [])
        named = [key for key in keys if key.key_id == kid] if kid is not None else keys
        # With several keys of one id it is unclear which one is meant.
        return named[0] if len(named) == 1 else None

    async def _refresh(self) -> None:
        """Fetch the set, at most once every REFETCH_S seconds. On failure keep the last known keys."""
        if (fetching := self._under_way()) is None:
            if self._clock() < self._next_fetch:
                return
            fetching = self._fetching = asyncio.create_task(self._fetch_once())
        # A request that is cancelled must not cancel the fetch: the next request would only begin it again.
        await asyncio.shield(fetching)

    def _under_way(self) -> asyncio.Task[None] | None:
        return self._fetching if self._fetching and not self._fetching.done() else None

    async def _fetch_once(self) -> None:
        try:
            raw = await self._fetch()
            # What is wrong with a set is logged once, not every five minutes.
            if raw != self._raw:
                self._keys, self._raw = parse(raw), raw
            self._fetched_at = self._clock()
            self._out_of_reach = False
        except FAILURES as error:
            self._out_of_reach = True
            _log.warning("jwks_fetch_failed", error=reason(error))
        AWAY.set(self._out_of_reach)
        self._next_fetch = self._clock() + REFETCH_S


def parse(raw: bytes) -> Keys:
    """Return the usable keys of a JWK set (RFC 7517) by algorithm. Raises ValueError if it is not a JWK set.

    A set without usable keys is valid: the result is then empty, and no token is accepted. A key whose private half is
    in the set too, under whatever name, is not usable.
    """
    document = orjson.loads(raw)
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        raise ValueError("the document is not a JWK set")
    exposed = {_point(member) for member in members if _is_private(member)}
    if exposed:
        _log.error(
            "jwks_private_key", hint="Everybody can sign with a private key that the set holds; replace the key."
        )
    keys: dict[str, list[PyJWK]] = {}
    for member in members:
        try:
            key = _key(member, exposed)
        except (PyJWTError, ValueError, TypeError) as error:
            _log.warning("jwk_ignored", reason=str(error))
        else:
            keys.setdefault(key.algorithm_name, []).append(key)
    return keys


def _is_private(member: object) -> bool:
    return isinstance(member, dict) and not _PRIVATE.isdisjoint(member)


def _point(member: Mapping[str, Any]) -> tuple[object, int] | None:
    """Return what a public key and its private one share: RSA's modulus, or a curve and the x of a point on it.

    As numbers, since the same one may be written in several ways. The y is left out: whoever knows the key of a point
    knows that of its mirror image. None where there is no such thing.
    """
    kind, number = ("RSA", member.get("n")) if member.get("kty") == "RSA" else (member.get("crv"), member.get("x"))
    if not isinstance(number, str):
        return None
    try:
        return kind, int.from_bytes(base64.urlsafe_b64decode(number + "=" * (-len(number) % 4)))
    except ValueError:
        return None


def _key(member: object, exposed: Collection[object]) -> PyJWK:
    """Return one member of a set, bound to the algorithm of its type. Raises ValueError with the reason to skip it.

    `exposed`: the points of keys that must not count.
    """
    if not isinstance(member, dict):
        raise ValueError("not a JSON object")
    algorithm = _algorithm(member)
    if member.get("use", "sig") != "sig" or "verify" not in member.get("key_ops", ["verify"]):
        raise ValueError("not meant for signatures")
    # A private key that is published can be used by everybody to sign.
    if _is_private(member):
        raise ValueError("a private key")
    if _point(member) in exposed:
        raise ValueError("the public half of a private key that the set holds")
    key = PyJWK(member, algorithm)
    if algorithm == "RS256" and key.key.key_size < MIN_RSA_BITS:
        raise ValueError(f"an RSA key of less than {MIN_RSA_BITS} bits")
    return key


def _algorithm(member: Mapping[str, Any]) -> str:
    kind, curve = member.get("kty"), member.get("crv")
    for (known, its_curve), algorithm in _ALGORITHMS.items():
        if (kind, curve) == (known, its_curve) and member.get("alg", algorithm) == algorithm:
            return algorithm
    raise ValueError("neither RS256, ES256 nor EdDSA")


def from_file(path: Path) -> Fetch:
    """Return a function that reads the set from a file each time. Raises ConfigurationError if there is none."""
    if not path.is_file():
        raise ConfigurationError(
            f"OFFICE_SEARCH_JWT_JWKS_FILE names {path}, which is no file; write the key set there."
        )
    return lambda: asyncio.to_thread(path.read_bytes)


def from_url(url: str) -> Fetch:
    """Return a function that fetches the set from a URL. Raises ConfigurationError for a URL that is not https."""
    endpoint = Endpoint("OFFICE_SEARCH_JWT_JWKS_URL", url)
    headers = {"Accept": "application/jwk-set+json, application/json"}
    return lambda: endpoint.ask("GET", headers, deadline_s=FETCH_DEADLINE_S, most_bytes=MAX_SET_BYTES)
