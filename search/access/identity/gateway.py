"""Gateway mode: the gateway authenticates the caller and signs its requests with a shared secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from search.access.identity.keys import secret_bytes, secrets_file
from search.access.identity.request import Caller, Headers, RequestLines
from search.access.identity.signing import mac, require_recent, require_signed, required, signed_lines
from search.core.settings import GatewaySettings
from search.core.watched import Watched

USER = "X-User-Id"
TENANT = "X-Tenant-Id"
TIMESTAMP = "X-Gateway-Timestamp"
SIGNATURE = "X-Gateway-Signature"

FIELDS = (USER, TENANT, TIMESTAMP, SIGNATURE)


class GatewayMode:
    """Accepts requests signed with a current secret; several are valid at once, so that one can be replaced."""

    name = "gateway"

    def __init__(self, secrets: Callable[[], Sequence[bytes]], now: Callable[[], float]) -> None:
        self._secrets = secrets
        self._now = now

    def present(self, headers: Headers) -> bool:
        return any(name in headers for name in FIELDS)

    async def prove(self, request: RequestLines) -> Caller:
        user, tenant, timestamp, signature = (
            required(request.headers, name, "a gateway sends all four of its headers") for name in FIELDS
        )
        # `Caller` checks the formats first, so that no part of the signed lines holds a line break.
        caller = Caller(tenant, user, self.name)
        require_recent(TIMESTAMP, timestamp, self._now())
        require_signed(SIGNATURE, signature, signed_lines(request, user, tenant, timestamp), self._secrets())
        return caller


def configured(settings: GatewaySettings, now: Callable[[], float], clock: Callable[[], float]) -> GatewayMode | None:
    """Return the mode that the settings describe, None when it is off. Raises ConfigurationError on a weak secret.

    `now`: Unix seconds. `clock`: monotonic seconds, for how often the file of secrets is looked at.
    """
    fixed = tuple(secret_bytes("OFFICE_SEARCH_GATEWAY_SECRETS", secret) for secret in settings.secrets)
    if settings.secrets_file is None:
        return GatewayMode(lambda: fixed, now) if fixed else None
    setting = "OFFICE_SEARCH_GATEWAY_SECRETS_FILE"
    listed = Watched(setting, settings.secrets_file, lambda raw: secrets_file(setting, raw), clock)
    return GatewayMode(lambda: (*fixed, *listed.value()), now)


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
    """Return the headers that a gateway adds to a request.

    `path_and_query`: percent-encoded. `timestamp`: Unix seconds, by default now.
    """
    sent_at = str(int(time.time()) if timestamp is None else timestamp)
    request = RequestLines(method, path_and_query.encode("ascii"), Headers(()), body)
    signature = mac(secret.encode(), signed_lines(request, user, tenant, sent_at)[0]).hex()
    return {USER: user, TENANT: tenant, TIMESTAMP: sent_at, SIGNATURE: signature}
