"""Gateway mode: the gateway has authenticated the caller and vouches for it with a shared secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterable

from search.access.identity.keys import secret_bytes
from search.access.identity.request import Caller, Headers, RequestLines
from search.core.errors import Unauthenticated
from search.core.settings import Settings

USER = "X-User-Id"
TENANT = "X-Tenant-Id"
TIMESTAMP = "X-Gateway-Timestamp"
SIGNATURE = "X-Gateway-Signature"

WINDOW_S = 60

_SECONDS = re.compile(r"[0-9]{1,12}")
_SHA256_HEX = re.compile(r"[0-9a-fA-F]{64}")


class GatewayMode:
    """Trusts whoever signs with one of `secrets`; several are valid at once, so that one can be rotated."""

    name = "gateway"

    def __init__(self, secrets: Iterable[bytes], now: Callable[[], float]) -> None:
        self._secrets = tuple(secrets)
        self._now = now

    def present(self, headers: Headers) -> bool:
        return any(name in headers for name in (USER, TENANT, TIMESTAMP, SIGNATURE))

    async def prove(self, request: RequestLines) -> Caller:
        user, tenant, timestamp, signature = (
            _required(request.headers, name) for name in (USER, TENANT, TIMESTAMP, SIGNATURE)
        )
        # The formats come first: they keep line breaks out of the signed lines.
        caller = Caller(tenant, user, self.name)
        self._check_time(timestamp)
        if not _SHA256_HEX.fullmatch(signature):
            raise Unauthenticated(f"{SIGNATURE} must be 64 hexadecimal digits.")
        if not self._signed_by_any(signed_lines(request, user, tenant, timestamp), bytes.fromhex(signature)):
            raise Unauthenticated(
                f"{SIGNATURE} does not match this request; check the shared secret and what is signed."
            )
        return caller

    def _check_time(self, timestamp: str) -> None:
        if not _SECONDS.fullmatch(timestamp):
            raise Unauthenticated(f"{TIMESTAMP} must be Unix time in whole seconds.")
        if abs(self._now() - int(timestamp)) > WINDOW_S:
            raise Unauthenticated(f"{TIMESTAMP} is more than {WINDOW_S} s from now; sign again and check the clocks.")

    def _signed_by_any(self, lines: bytes, signature: bytes) -> bool:
        # All secrets are tried, so that the time taken does not tell which one matched.
        matches = [hmac.compare_digest(_mac(secret, lines), signature) for secret in self._secrets]
        return any(matches)


def configured(settings: Settings, now: Callable[[], float]) -> GatewayMode | None:
    """The mode as the settings have it, None when it is off. Raises ConfigurationError on a weak secret."""
    secrets = [secret_bytes("OFFICE_SEARCH_GATEWAY_SECRETS", secret) for secret in settings.gateway_secrets]
    return GatewayMode(secrets, now) if secrets else None


def signed_lines(request: RequestLines, user: str, tenant: str, timestamp: str) -> bytes:
    r"""What is signed: `METHOD\nPATH?QUERY\nSHA256(body)\nuser\ntenant\ntimestamp`; the hash in lower-case hex."""
    digest = hashlib.sha256(request.body).hexdigest()
    described = (digest, user, tenant, timestamp)
    return b"\n".join((request.method.encode(), request.path_and_query, *(part.encode() for part in described)))


def sign(
    secret: str,
    method: str,
    path_and_query: str,
    *,
    user: str,
    tenant: str,
    body: bytes = b"",
    timestamp: int | None = None,
) -> dict[str, str]:
    """The headers that a gateway adds to a request; `path_and_query` percent-encoded, `timestamp` now by default."""
    sent_at = str(int(time.time()) if timestamp is None else timestamp)
    request = RequestLines(method, path_and_query.encode("ascii"), Headers(()), body)
    signature = _mac(secret.encode(), signed_lines(request, user, tenant, sent_at)).hex()
    return {USER: user, TENANT: tenant, TIMESTAMP: sent_at, SIGNATURE: signature}


def _mac(secret: bytes, lines: bytes) -> bytes:
    return hmac.digest(secret, lines, "sha256")


def _required(headers: Headers, name: str) -> str:
    value = headers.one(name)
    if value is None:
        raise Unauthenticated(f"The header {name} is missing; a gateway sends all four of its headers.")
    return value
