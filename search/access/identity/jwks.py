"""The keys that an identity service publishes: fetched when needed, remembered for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from math import inf
from pathlib import Path
from typing import Any

import httpx
import orjson
import structlog
from jwt import PyJWK, PyJWTError

from search.core.errors import ConfigurationError, Unavailable

FRESH_S = 300
# However many unknown key ids arrive, the key server is asked no more often than this.
REFETCH_S = 10
# Whoever can keep us from the key server can keep a withdrawn key alive for no longer than this.
LAST_KNOWN_S = 3600
FETCH_DEADLINE_S = 5
MAX_SET_BYTES = 256 * 1024
MIN_RSA_BITS = 2048

_ALGORITHMS: Mapping[tuple[object, object], str] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}

Fetch = Callable[[], Awaitable[bytes]]
Keys = Mapping[str, list[PyJWK]]

_log = structlog.get_logger(__name__)


class PublishedKeys:
    """A key set that follows its source: refreshed when old or when a token names an unknown key."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Keys = {}
        self._fetched_at = -inf
        self._next_fetch = -inf
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if algorithm not in _ALGORITHMS.values():
            return None
        # One request waits for a slow key server; the others go on with the last known keys.
        if self._older_than(LAST_KNOWN_S) or (self._older_than(FRESH_S) and not self._fetching.locked()):
            await self._refresh()
        if (key := self._match(kid, algorithm)) is None:
            await self._refresh()
            key = self._match(kid, algorithm)
        if self._older_than(LAST_KNOWN_S):
            raise Unavailable(
                "The identity service's keys cannot be fetched; check OFFICE_SEARCH_JWT_JWKS_URL or _FILE."
            )
        return key

    def _older_than(self, seconds: float) -> bool:
        return self._clock() - self._fetched_at > seconds

    def _match(self, kid: str | None, algorithm: str) -> PyJWK | None:
        keys = self._keys.get(algorithm, [])
        named = [key for key in keys if key.key_id == kid] if kid is not None else keys
        # Several keys under one name: which one is meant cannot be told.
        return named[0] if len(named) == 1 else None

    async def _refresh(self) -> None:
        """Fetch the set, at most once per interval. On failure the last known keys stay."""
        async with self._fetching:
            if self._clock() < self._next_fetch:
                return
            try:
                self._keys = parse(await self._fetch())
                self._fetched_at = self._clock()
            except (OSError, httpx.HTTPError, ValueError) as error:
                _log.warning("jwks_fetch_failed", error=str(error) or type(error).__name__)
            self._next_fetch = self._clock() + REFETCH_S


def parse(raw: bytes) -> Keys:
    """A JWK set (RFC 7517) → its usable keys by algorithm. Raises ValueError when it is none.

    A set without a usable key is the source's word too, and leaves none.
    """
    document = orjson.loads(raw)
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        raise ValueError("the document is not a JWK set")
    keys: dict[str, list[PyJWK]] = {}
    for member in members:
        try:
            key = _key(member)
        except (PyJWTError, ValueError, TypeError) as error:
            _log.warning("jwk_ignored", reason=str(error))
        else:
            keys.setdefault(key.algorithm_name, []).append(key)
    return keys


def _key(member: object) -> PyJWK:
    """One member of a set, bound to the algorithm of its type. Raises ValueError with the reason to leave it out."""
    if not isinstance(member, dict):
        raise ValueError("not a JSON object")
    algorithm = _algorithm(member)
    if member.get("use", "sig") != "sig" or "verify" not in member.get("key_ops", ["verify"]):
        raise ValueError("not meant for signatures")
    # A published private key can be used by anybody.
    if "d" in member:
        raise ValueError("a private key")
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
    """Reads a set from a file, anew each time. Raises ConfigurationError when there is none."""
    if not path.is_file():
        raise ConfigurationError(
            f"OFFICE_SEARCH_JWT_JWKS_FILE names {path}, which is no file; write the key set there."
        )
    return lambda: asyncio.to_thread(path.read_bytes)


def from_url(url: str) -> Fetch:
    """Fetches a set over HTTPS. Raises ConfigurationError for a URL whose answers anybody on the way could replace."""
    address = _address(url)
    # Once: reading all the certificates takes long enough to hold up other requests.
    tls = httpx.create_ssl_context()

    async def fetch() -> bytes:
        # A proxy from the environment must not see, or answer, what should stay on this machine.
        client = httpx.AsyncClient(verify=tls, timeout=FETCH_DEADLINE_S, trust_env=address.scheme == "https")
        # Not compressed: a small answer cannot unfold into a large one.
        headers = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
        async with asyncio.timeout(FETCH_DEADLINE_S), client, client.stream("GET", address, headers=headers) as answer:
            answer.raise_for_status()
            return await _bounded(answer)

    return fetch


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigurationError("OFFICE_SEARCH_JWT_JWKS_URL is no URL.") from None
    if address.userinfo or not (address.scheme == "https" or (address.scheme == "http" and _loopback(address.host))):
        raise ConfigurationError(
            "OFFICE_SEARCH_JWT_JWKS_URL must be https, without a user name in it; http is for this machine only."
        )
    return address


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MAX_SET_BYTES:
            raise ValueError(f"the key set is larger than {MAX_SET_BYTES} bytes")
    return bytes(body)
