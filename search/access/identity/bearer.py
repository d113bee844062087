"""Bearer mode: callers prove themselves by a token alone."""

from __future__ import annotations

from search.access.identity.bearer_tokens import AUTHORIZATION, BearerTokens
from search.access.identity.request import Caller, Headers, RequestLines
from search.access.identity.signed_app import SignedAppMode
from search.core.errors import Unauthenticated


class BearerMode:
    """Accepts any valid token, except one that was issued to an app whose server must sign its requests."""

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
        # A token that was stolen from a server that must sign is useless by itself.
        if self._signed and self._signed.registered(grant.app):
            raise Unauthenticated("The token was issued to an app whose server signs; send its X-App-Id and the rest.")
        grant.require_scope()
        return grant.caller
