"""Introspection mode: the identity service is asked about each opaque token (RFC 7662)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote_plus

import structlog

from search.access.identity import strict_json
from search.access.identity.claims import Expected, Grant, check, expected_from
from search.access.identity.endpoint import Endpoint
from search.access.identity.states import Claims, TokenStates
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import IntrospectionSettings
from search.core.watched import Watched

DEADLINE_S = 3
MAX_ANSWER_BYTES = 64 * 1024

# The claims that are used; others, such as names and addresses, are not kept.
_KEPT = ("sub", "tenant", "aud", "iss", "exp", "nbf", "iat", "scope", "client_id", "azp", "token_type", "cnf")


_log = structlog.get_logger(__name__)


class IntrospectionCheck:
    """Accepts a token that the identity service calls active and whose claims are as `expected`."""

    name = "introspection"

    def __init__(self, states: TokenStates, expected: Expected, now: Callable[[], float]) -> None:
        self._states = states
        self._expected = expected
        self._now = now

    async def grant(self, token: str, peer: str) -> Grant:
        claims = await self._states.claims(token, peer)
        if claims is None:
            raise Unauthenticated("The token is not active; ask for a new one.")
        # Refresh tokens are not for calls, and tokens that are bound to a key prove nothing without that key.
        if str(claims.get("token_type", "bearer")).lower() != "bearer":
            raise Unauthenticated("The token is not one of the type Bearer.")
        return check(claims, self._expected, self._now(), self.name)


def parse(raw: bytes) -> Claims | None:
    """Return the claims of an active token from an answer (RFC 7662, 2.2), None for a token that is not active.

    An answer that gives a claim twice says nothing clear about its token, which counts as not active. Raises ValueError
    for anything that is not such an answer.
    """
    try:
        answer = strict_json.loads(raw)
    except strict_json.RepeatedName:
        # No failure of the service: whoever gets a claim into a token twice must not shut others out.
        _log.warning("introspection_ambiguous", hint="The answer about a token gives a claim twice; it is refused.")
        return None
    active = answer.get("active") if isinstance(answer, dict) else None
    if not isinstance(active, bool):
        raise ValueError("the answer does not say whether the token is active")
    return {name: answer[name] for name in _KEPT if answer.get(name) is not None} if active else None


def configured(
    settings: IntrospectionSettings, now: Callable[[], float], clock: Callable[[], float]
) -> IntrospectionCheck | None:
    """Return the mode that the settings describe, None without a URL. Raises ConfigurationError when one is missing.

    `now`: Unix seconds. `clock`: monotonic seconds, for the age of answers.
    """
    if not settings.url:
        return None
    if not settings.client_id:
        raise ConfigurationError(
            "The identity service wants to know who asks; set OFFICE_SEARCH_INTROSPECTION_CLIENT_ID and its secret."
        )
    expected = expected_from(
        "INTROSPECTION",
        settings.audience,
        settings.scope,
        settings.issuer,
    )
    endpoint = Endpoint("OFFICE_SEARCH_INTROSPECTION_URL", settings.url)
    secret = _client_secret(settings, clock)
    client_id = settings.client_id

    async def ask(token: str) -> Claims | None:
        headers = {"Accept": "application/json", "Authorization": basic(client_id, secret())}
        form = {"token": token, "token_type_hint": "access_token"}
        raw = await endpoint.ask("POST", headers, form=form, deadline_s=DEADLINE_S, most_bytes=MAX_ANSWER_BYTES)
        return parse(raw)

    return IntrospectionCheck(TokenStates(ask, now, clock), expected, now)


def basic(client_id: str, secret: str) -> str:
    """Return the value of an Authorization header with client credentials, form-encoded as RFC 6749, 2.3.1 requires."""
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(joined.encode()).decode()}"


def _client_secret(settings: IntrospectionSettings, clock: Callable[[], float]) -> Callable[[], str]:
    given = settings.client_secret.get_secret_value() if settings.client_secret else ""
    path = settings.client_secret_file
    if bool(given) == bool(path):
        raise ConfigurationError(
            "This service's secret at the identity service must be set in one way; set just one of "
            "OFFICE_SEARCH_INTROSPECTION_CLIENT_SECRET and OFFICE_SEARCH_INTROSPECTION_CLIENT_SECRET_FILE."
        )
    if path is None:
        return lambda: given
    return Watched("OFFICE_SEARCH_INTROSPECTION_CLIENT_SECRET_FILE", path, _one_line, clock).value


def _one_line(raw: bytes) -> str:
    setting = "OFFICE_SEARCH_INTROSPECTION_CLIENT_SECRET_FILE"
    try:
        lines = raw.decode("utf-8-sig").split()
    except UnicodeDecodeError:
        raise ConfigurationError(f"The file that {setting} names is not UTF-8.") from None
    if len(lines) != 1:
        raise ConfigurationError(f"The file that {setting} names must hold the secret and nothing else.")
    return lines[0]
