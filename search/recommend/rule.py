"""The rule of groups: what may be told of how many people of a group do something, and how often it may change; pure.

A group tells of a use only where at least 11 of its people share it and at least 10 do not: whoever knows ten of them
learns nothing of the eleventh. Numbers are told in steps, and a step stands for a week, so that nobody learns from two
answers what happened in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

LEAST_USERS: Final = 11
LEAST_OTHERS: Final = 10
SMALLEST_GROUP: Final = LEAST_USERS + LEAST_OTHERS
STANDS_FOR_DAYS: Final = 7
# Long before any day that counts: what was never told may be told at once.
NEVER: Final = -(10**6)

# Preferred numbers (ISO 3, series R10), which hold 10, 20, 50, 100, …: each about a quarter more than the last.
_TENTHS: Final = (10, 12, 16, 20, 25, 32, 40, 50, 63, 80)
_LEAST: Final = np.array([0, *(tenth * 10**power for power in range(7) for tenth in _TENTHS)], dtype=np.int64)
_SHOWN: Final = np.array([0, *(number * 10**power for power in range(1, 8) for number in (1, 2, 5))], dtype=np.int64)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Steps = NDArray[np.uint8]


def may_be_told(users: NDArray[Any], people: NDArray[Any] | int) -> NDArray[np.bool_]:
    """Return where the rule lets a number of users, of a group of so many people, be told."""
    told: NDArray[np.bool_] = (users >= LEAST_USERS) & (np.asarray(people) - users >= LEAST_OTHERS)
    return told


def steps(users: NDArray[Any], people: NDArray[Any] | int) -> Steps:
    """Return the steps of numbers of users; 0 where the rule lets nothing be told."""
    found = np.searchsorted(_LEAST, users, side="right") - 1
    return np.where(may_be_told(users, people), found, 0).astype(np.uint8)


def calm(number: NDArray[Any]) -> Floats:
    """Return numbers that are no secret, such as how many people a group has, rounded down to the same steps."""
    found: Floats = _LEAST[np.searchsorted(_LEAST, number, side="right") - 1].astype(np.float64)
    return found


def people(steps: NDArray[Any]) -> Floats:
    """Return the least number of people that each step stands for."""
    found: Floats = _LEAST[steps].astype(np.float64)
    return found


def shown(steps: NDArray[Any]) -> Ints:
    """Return what callers are told of steps: people, rounded down to 10, 20, 50, 100, …; 0 for nothing."""
    found: Ints = _SHOWN[np.searchsorted(_SHOWN, _LEAST[steps], side="right") - 1]
    return found


@dataclass(frozen=True, eq=False)
class Cells:
    """Steps by row (a group, or another kind of figure) and column (an app), each with the day since which it stands.

    `since`: days since 1970, NEVER for what has not been told yet.
    """

    rows: Sequence[str]
    apps: Sequence[str]
    steps: Steps
    since: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Sequence[str], apps: Sequence[str], steps: Steps) -> Self:
        """Return cells that nobody has been told yet."""
        return cls(rows, apps, steps, np.full(steps.shape, NEVER, dtype=np.int32))

    def row(self, name: str) -> Steps | None:
        """Return the steps of a row, by app; None where there is none."""
        place = self._places.get(name)
        return None if place is None else self.steps[place]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {row: place for place, row in enumerate(self.rows)}

    def held(self, before: Cells, today: int) -> Cells:
        """Return these cells, but what was told less than a week ago as it was told. `today`: days since 1970."""
        told = before.aligned(self.rows, self.apps)
        differs = self.steps != told.steps
        stands = differs & (today - told.since < STANDS_FOR_DAYS)
        return Cells(
            self.rows,
            self.apps,
            np.where(stands, told.steps, self.steps).astype(np.uint8),
            np.where(differs & ~stands, today, told.since).astype(np.int32),
        )

    def aligned(self, rows: Sequence[str], apps: Sequence[str]) -> Cells:
        """Return the same by other rows and apps; nothing has been told of those that are new."""
        made = Cells.of(rows, apps, np.zeros((len(rows), len(apps)), dtype=np.uint8))
        known = {app: place for place, app in enumerate(self.apps)}
        here = [(place, self._places[row]) for place, row in enumerate(rows) if row in self._places]
        there = [(place, known[app]) for place, app in enumerate(apps) if app in known]
        if here and there:
            into = np.ix_([place for place, _ in here], [place for place, _ in there])
            source = np.ix_([place for _, place in here], [place for _, place in there])
            made.steps[into], made.since[into] = self.steps[source], self.since[source]
        return made


NO_CELLS: Final = Cells.of((), (), np.zeros((0, 0), dtype=np.uint8))
