"""How the store's apps are found and used, told to a tenant's admins by the rule of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mappings.catalogue import Catalogue
from mappings.collection import ORIGINAL
from search.access.candidates import Request
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.core.errors import AdminRequired, Unavailable
from search.recommend.figures import AppFigures, Figures
from search.store.asked import AskedFigures, Unserved

MODULE: Final = "admin.status"
MOST: Final = 1_000
LATE: Final = "The apps could not be read in time; try again in a moment."


class Asked(Protocol):
    """Knows what questions came to."""

    async def of(self, tenant: str) -> AskedFigures:
        """Return a tenant's figures. Never fails."""
        ...


@dataclass(frozen=True)
class AppReport:
    """One app. Numbers are of people, rounded down to 10, 20, 50, …, and 0 where the rule forbids them.

    `asked`: who opened it from an answer to a question, in the last 90 days; `shown`: who saw it; `opened`: who opened
    it from any answer. `people`: who use it, however they come to it. `trend`: as a logarithm to the base of 2.
    """

    id: str
    name: str
    category: str
    asked: int
    shown: int
    opened: int
    people: int
    trend: float
    rating: float | None

    @property
    def is_unopened(self) -> bool:
        """Whether nobody opens it, or too few to be told."""
        return not (self.people or self.opened)


@dataclass(frozen=True)
class StoreReport:
    """How a store is doing.

    `apps`: those of most people first. `unserved`: what people look for and no app serves. `at`: when questions were
    put together, in milliseconds since 1970; 0 for never.
    """

    apps: Sequence[AppReport]
    unserved: Sequence[Unserved]
    at: int


@dataclass(frozen=True)
class Reporting:
    """The use case."""

    reader: Reader
    catalogue: Catalogue
    figures: Figures
    asked: Asked

    async def report(self, admin: Principal) -> StoreReport:
        """Return how the apps are doing that the admin may see, within the departments where they are admin.

        Raises AdminRequired without the module, Unavailable.
        """
        if not admin.may_call(MODULE):
            raise AdminRequired(f"You may not ask for this report: none of your roles has the module {MODULE}.")
        apps = self.catalogue.of(admin.tenant).holding("app").behind(MODULE)
        reader = self.reader.for_one_answer()
        [answer] = await reader.candidates(admin, [Request(apps, {"match_all": {}}, size=MOST, counted=False)])
        if answer is None:
            raise Unavailable(LATE)
        there = await reader.current(admin, [(apps, one.document_id) for one in answer.found])
        figures, asked = await self.figures.of(admin.tenant), await self.asked.of(admin.tenant)
        found = [_app(one, figures, asked) for one in there.values()]
        found.sort(key=lambda one: (-one.people, -one.opened, -one.shown, one.id))
        # What everybody looks for is no department's: whoever is admin of some is not told.
        everywhere = admin.modules[MODULE] is None
        return StoreReport(found, asked.unserved if everywhere else (), asked.at)


def _app(found: Found, figures: AppFigures, asked: AskedFigures) -> AppReport:
    id, original = found.document_id, found.document[ORIGINAL]
    figure, seen = figures.of(id), asked.of_app(id)
    return AppReport(
        id,
        original["name"],
        original["category"],
        seen.asked,
        seen.shown,
        seen.opened,
        figure.users,
        figure.trend,
        figure.rating,
    )
