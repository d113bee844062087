"""Signed app mode: a third party's server acts for a user who has agreed, and signs each request."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from search.access.identity import registered_apps
from search.access.identity.bearer_tokens import BearerTokens
from search.access.identity.claims import Grant
from search.access.identity.nonces import Nonces
from search.access.identity.registered_apps import App, Registry
from search.access.identity.request import Caller, Headers, RequestLines
from search.access.identity.signing import is_signed, mac, require_recent, required, signed_lines
from search.access.scopes import meet
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import AppsSettings
from search.core.watched import Watched

APP = "X-App-Id"
TIMESTAMP = "X-Timestamp"
NONCE = "X-Nonce"
SIGNATURE = "X-Signature"

FIELDS = (APP, TIMESTAMP, NONCE, SIGNATURE)

# Secrets of no app, to check signatures against that nobody can have made.
_NOBODY = (secrets.token_bytes(32), secrets.token_bytes(32))

_NONCE = re.compile(r"[\x21-\x7e]{1,128}")


class SignedAppMode:
    """Accepts signed requests of registered apps, for the user and within the scopes that the app's token names."""

    name = "signed app"

    def __init__(
        self,
        tokens: BearerTokens,
        registry: Callable[[], Registry],
        nonces: Nonces,
        now: Callable[[], float],
        first_party: Collection[str] = (),
    ) -> None:
        """Check tokens with `tokens`; `registry` returns the apps that are registered now, `now` Unix seconds.

        `first_party`: clients of the deployment's own, whose tokens count without a signature.
        """
        self._tokens = tokens
        self._registry = registry
        self._nonces = nonces
        self._now = now
        self._first_party = frozenset(first_party)

    def may_do_without(self, app: str | None) -> bool:
        """Return whether a token of this client counts without a signature; None: of a token that names no client."""
        return app is None or (app in self._first_party and app not in self._registry())

    def present(self, headers: Headers) -> bool:
        return any(name in headers for name in FIELDS)

    async def prove(self, request: RequestLines) -> Caller:
        app_id, timestamp, nonce, signature = (
            required(request.headers, name, "an app sends all four, and its token") for name in FIELDS
        )
        require_recent(TIMESTAMP, timestamp, self._now())
        if not _NONCE.fullmatch(nonce):
            raise Unauthenticated(f"{NONCE} must be 1 to 128 printable ASCII characters without blanks.")
        grant = await self._tokens.grant(request)
        app = self._registry().get(app_id) if grant.app == app_id else None
        user = grant.caller
        lines = signed_lines(request, user.user, user.tenant, timestamp, app_id, nonce)
        # Two secrets are tried in any case: neither the text nor the time tells which apps are registered.
        signed = is_signed(SIGNATURE, signature, lines, (*(app.secrets if app else ()), *_NOBODY)[:2])
        if app is None or not signed:
            raise Unauthenticated(
                f"{SIGNATURE} does not match this request; check the secret, what is signed, and that {APP} names the "
                "registered app that the token was issued to."
            )
        caller = replace(user, mode=self.name, app=app_id, scopes=_scopes(grant, app))
        # Last of all, after the signature is checked, so that only the app itself can use up a nonce.
        if not await self._nonces.take(user.tenant, app_id, nonce):
            raise Unauthenticated(f"{NONCE} has been used; sign each request with a new one.")
        return caller


def _scopes(grant: Grant, app: App) -> frozenset[str]:
    """Return the scopes that both the token and the app's registration allow.

    Raises Unauthenticated for a token that allows nothing here. A token that names modules need not hold the general
    scope too.
    """
    if not grant.scopes:
        grant.require_scope()
    return meet(grant.scopes, app.scopes)


def configured(
    settings: AppsSettings,
    tokens: BearerTokens | None,
    nonces: Nonces | None,
    now: Callable[[], float],
    clock: Callable[[], float],
) -> SignedAppMode | None:
    """Return the mode that the settings describe, None when it is off. Raises ConfigurationError for a faulty file.

    `tokens`: checks the apps' tokens. `now`: Unix seconds. `clock`: monotonic seconds.
    """
    if settings.file is None:
        return None
    if tokens is None:
        raise ConfigurationError(
            f"{registered_apps.SETTING} is set, but not how the apps' tokens are checked; set OFFICE_SEARCH_JWT_… or "
            "OFFICE_SEARCH_INTROSPECTION_… too."
        )
    if nonces is None:
        raise ConfigurationError(
            f"{registered_apps.SETTING} is set, but here is no place to keep nonces in; run the whole API."
        )
    registry = Watched(registered_apps.SETTING, settings.file, registered_apps.reader(settings.file), clock)
    return SignedAppMode(tokens, registry.value, nonces, now, settings.first_party)


def sign(
    secret: str,
    method: str,
    path_and_query: str,
    *,
    app: str,
    user: str,
    tenant: str,
    body: bytes = b"",
    timestamp: int | None = None,
    nonce: str | None = None,
) -> dict[str, str]:
    """Return the headers that an app's server adds to a request beside its token.

    `path_and_query`: percent-encoded. `timestamp`: Unix seconds, by default now. `nonce`: by default a fresh one.
    """
    sent_at = str(int(time.time()) if timestamp is None else timestamp)
    once = secrets.token_urlsafe(18) if nonce is None else nonce
    request = RequestLines(method, path_and_query.encode("ascii"), Headers(()), body)
    signature = mac(secret.encode(), signed_lines(request, user, tenant, sent_at, app, once)[0]).hex()
    return {APP: app, TIMESTAMP: sent_at, NONCE: once, SIGNATURE: signature}
