"""From a proven caller to what they may do: one way, whatever brought the credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from search.access.callers import Callers
from search.access.directory import Directory
from search.access.identity import Caller
from search.access.principal import Principal, Rules
from search.core.errors import Unavailable

MODULES = ("search.docs", "search.apps")
USER = Principal("acme", "u-1", frozenset({"user:u-1"}), (), dict.fromkeys(MODULES), {}, Rules([{}]))


@dataclass
class Services:
    """Stands for readiness and for the directory, and is asked one after the other."""

    behind: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def require(self, tenant: str) -> None:
        if self.behind:
            raise Unavailable(self.behind)

    async def principal(self, tenant: str, user: str) -> Principal:
        self.asked.append((tenant, user))
        return USER


def callers(services: Services) -> Callers:
    return Callers(cast(Directory, services), services.require)


async def test_a_person_is_whom_the_directory_knows_by_that_name() -> None:
    services = Services()
    assert await callers(services).principal(Caller("acme", "u-1", "jwt")) is USER
    assert services.asked == [("acme", "u-1")]


async def test_an_app_does_no_more_for_its_user_than_it_was_granted() -> None:
    who = Caller("acme", "u-1", "signed app", app="a-1", scopes=frozenset({"search.docs", "search.messages"}))
    found = await callers(Services()).principal(who)
    assert [module for module in (*MODULES, "search.messages") if found.may_call(module)] == ["search.docs"]


async def test_nobody_may_do_anything_while_the_directory_is_behind() -> None:
    services = Services(behind="The directory is 3 events behind.")
    with pytest.raises(Unavailable, match="3 events behind"):
        await callers(services).principal(Caller("acme", "u-1", "jwt"))
    assert not services.asked
