"""From a proven caller to what they may do now; the one way there, whatever brought the credentials."""

from __future__ import annotations

from collections.abc import Callable

from search.access.directory import Directory
from search.access.identity import Caller
from search.access.principal import Principal


class Callers:
    """`require` raises Unavailable while the directory cannot be trusted."""

    def __init__(self, directory: Directory, require: Callable[[], None]) -> None:
        self._directory = directory
        self._require = require

    async def principal(self, caller: Caller) -> Principal:
        """Return what a caller may do now; an app that acts for the user no more than it was granted.

        Raises Unavailable while the directory cannot be trusted or does not answer, Forbidden for an unknown or
        disabled user.
        """
        self._require()
        user = await self._directory.principal(caller.tenant, caller.user)
        return user.narrowed(caller.scopes)
