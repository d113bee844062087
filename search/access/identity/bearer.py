"""Bearer mode: callers prove themselves by a token alone."""

from __future__ import annotations

from dataclasses import replace

from search.access.identity.bearer_tokens import AUTHORIZATION, BearerTokens
from search.access.identity.request import Caller, Headers, RequestLines
from search.access.identity.signed_app import SignedAppMode
from search.core.errors import Unauthenticated


class BearerMode:
    """Accepts any valid token; where apps sign, only one that names no client or one of the deployment's own."""

    def __init__(self, tokens: BearerTokens, signed: SignedAppMode | None) -> None:
        """Use `tokens` to check tokens; `signed` is the mode of the apps that sign, None if it is off."""
        self._tokens = tokens
        self._signed = signed
        self.name = tokens.name

    def present(self, headers: Headers) -> bool:
        # A signed app's request holds a token too; it counts as signed app credentials, not as both.
        return AUTHORIZATION in headers and not (self._signed and self._signed.present(headers))

    async def prove(self, request: RequestLines) -> Caller:
        grant = await self._tokens.grant(request)
        # A token that was stolen from a server that must sign is useless by itself, and one of a client that is not
        # registered, or no longer, is useless altogether. The text is the same, so that nobody learns which.
        if self._signed and not self._signed.may_do_without(grant.app):
            raise Unauthenticated(
                "The token was issued to an app; apps must be registered here, and sign with X-App-Id and the rest."
            )
        grant.require_scope()
        return replace(grant.caller, scopes=grant.scopes)
