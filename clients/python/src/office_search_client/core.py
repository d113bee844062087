"""What both clients share: how a request is made, and when it is sent once more with another token. No I/O."""

from __future__ import annotations

from typing import Any, Literal

import httpx

from office_search_client.calls import Call
from office_search_client.tokens import Token, Tokens

Language = Literal["zh", "en"]

TIMEOUT_S = 10.0
# A request is sent again only after a 401, with a token that is newer.
TRIES = 2


class Core:
    """The state of a client: its endpoint, its language, its token."""

    def __init__(self, endpoint: str, language: Language | None) -> None:
        url = httpx.URL(endpoint)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
            raise ValueError("The endpoint must be an http or https URL such as https://search.example/ and no more.")
        self._root = f"{str(url).rstrip('/')}/"
        self._headers = {
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "office-search-client",
        }
        if language:
            self._headers["Accept-Language"] = language
        self.tokens = Tokens()

    def request(self, call: Call[Any], token: Token | None) -> httpx.Request:
        """Return the request of a call; every one goes below the endpoint."""
        headers = dict(self._headers)
        if token:
            headers["Authorization"] = f"Bearer {token.text}"
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        return httpx.Request(call.method, self._root + call.path, headers=headers, content=call.body)

    def may_try_again(self, token: Token | None, response: httpx.Response) -> bool:
        """Learn from an answer what its token is worth; return whether another one may help."""
        if token is None:
            return False
        if response.status_code == httpx.codes.UNAUTHORIZED:
            return self.tokens.refused(token)
        # An error may come from a proxy that did not look at the token; `X-Caller` shows that the service has.
        if response.is_success or "X-Caller" in response.headers:
            self.tokens.accepted(token)
        return False
