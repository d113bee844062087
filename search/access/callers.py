"""Turns a proven caller into a principal: what they may do now. All credentials lead through here."""

from __future__ import annotations

from collections.abc import Callable

from search.access.directory import Directory
from search.access.identity import Caller
from search.access.principal import Principal


class Callers:
    """Resolves proven callers. `require` raises Unavailable while the directory is not up to date for a tenant."""

    def __init__(self, directory: Directory, require: Callable[[str], None]) -> None:
        self._directory = directory
        self._require = require

    async def principal(self, caller: Caller) -> Principal:
        """Return what a caller may do now; an app acting for the user may do no more than it was granted.

        Raises Unavailable while the directory is not up to date or does not answer, CallerNotActive for an unknown or
        disabled user.
        """
        self._require(caller.tenant)
        user = await self._directory.principal(caller.tenant, caller.user)
        return user.narrowed(caller.scopes, caller.app)
