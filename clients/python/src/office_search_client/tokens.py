"""The caller's token: kept until it is refused, and asked for with a reason; no I/O here."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

from office_search_client.problem import Problem

Reason = Literal["initial", "expired", "refused"]
"""Why a token is asked for: the first one; the one before ran out; the one before was refused when it was new."""

# What a header can carry; anything else would come back in the text of an error.
_SENDABLE = re.compile(r"[\x21-\x7e]+")
# So many in a row, and another one is not asked for by itself.
_MOST_REFUSALS = 2


@dataclass(eq=False)
class Token:
    """One token that was given; told apart by identity, as the same text may be given twice."""

    text: str = field(repr=False)
    accepted: bool = False


class Tokens:
    """Which token is sent, shared by all requests of a client, in whatever thread they are."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._refusals = 0
        self.held: Token | None = None
        self.reason: Reason = "initial"

    def take(self, text: object) -> Token:
        """Keep a token that was given, and return it. Raises Problem for what cannot be sent as one."""
        if not isinstance(text, str) or not _SENDABLE.fullmatch(text):
            raise Problem(401, "No token", "get_token gave nothing that can be sent as a token.")
        self.held = token = Token(text)
        return token

    def accepted(self, token: Token) -> None:
        """Note that the service took it."""
        with self._guard:
            token.accepted = True
            if token is self.held:
                self._refusals = 0

    def refused(self, token: Token) -> bool:
        """Note a 401, and return whether asking once more may help."""
        with self._guard:
            if token is self.held:
                self.held = None
                self.reason = "expired" if token.accepted else "refused"
                self._refusals += 1
            return self._refusals < _MOST_REFUSALS
