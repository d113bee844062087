"""What the use of apps comes to, by the rule of groups: the same for every caller, and naming nobody.

Made by a batch (`office-search recommend train`); the process that answers keeps them for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from search.access.principal import Principal

Use = Mapping[str, int]
"""`department` and `tenant` → people, rounded down to 10, 20, 50, 100, …; absent where the rule forbids it."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An app that goes with another one. `likeness`: above 0, at most 1."""

    app_id: str
    likeness: float


@dataclass(frozen=True, slots=True)
class AppFigure:
    """What the use of one app comes to; what the rule of groups forbids is 0, None or absent.

    `users`: of the tenant, rounded down to 10, 20, 50, … `departments`: the same by department, each with all below it.
    `popularity`: people who use it, the latest counting most; in steps, so that many apps are equal. `trend`: above 0
    where more use it than before, as a logarithm to the base of 2; below 0 where fewer do; in steps. `rating`: the mean
    to one decimal, of each person's latest. `together`: what its people use as well, `alike`: what says the same of
    itself; best first.
    """

    users: int = 0
    departments: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    popularity: float = 0.0
    trend: float = 0.0
    rating: float | None = None
    together: Sequence[Neighbour] = ()
    alike: Sequence[Neighbour] = ()


UNUSED: Final = AppFigure()


@dataclass(frozen=True)
class AppFigures:
    """The figures of all apps of a tenant, by app id: of apps that the caller may not see, too.

    `number`: of the generation; 0 before the first. `made_at`: aware; None before the first.
    """

    apps: Mapping[str, AppFigure] = field(default_factory=lambda: MappingProxyType({}))
    number: int = 0
    made_at: datetime | None = None

    def of(self, app_id: str) -> AppFigure:
        """Return an app's figures; of one without use, or unknown, those of none."""
        return self.apps.get(app_id, UNUSED)

    def use(self, app_id: str, caller: Principal) -> Use:
        """Return how many people of the caller's department and of the tenant use an app.

        Of several departments of the caller's, that in which most do.
        """
        figure = self.of(app_id)
        own = max((figure.departments.get(id, 0) for id in own_departments(caller)), default=0)
        return {name: people for name, people in (("department", own), ("tenant", figure.users)) if people}


NO_FIGURES: Final = AppFigures()


class Figures(Protocol):
    """Where the figures come from. `of` never fails: what cannot be read has no figures, and the answer goes on."""

    async def of(self, tenant: str) -> AppFigures:
        """Return a tenant's figures, as the process has them: some minutes old at most."""
        ...


def own_departments(caller: Principal) -> frozenset[str]:
    """Return the departments that the caller is in directly, without those above them."""
    inside = {id for id in caller.tree.parents if f"department:{id}" in caller.names}
    return frozenset(inside - {caller.tree.parents[id] for id in inside})
