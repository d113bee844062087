"""The use of apps as the engine has put it together: one entry for each person and app; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

DAY: Final = 86_400_000_000
"""Microseconds."""
WEEK: Final = 7 * DAY
# Whoever has not opened an app for so long uses it no more.
USED_FOR: Final = 180 * DAY
# What use is worth after so many days, as a part of what it was worth before.
HALF_LIFE_DAYS: Final = 30.0
# Whoever uses so many apps is a machine, or tells nothing of what goes with what.
MOST_APPS: Final = 100


@dataclass(frozen=True, eq=False)
class Usage:
    """Use up to `as_of` (microseconds since 1970): the latest event's time, as a log that ended does not grow old.

    `person`, `app`: places in `people` and `apps`. `first`, `last`: when they first and last opened or installed it.
    `left`: whether they have uninstalled it since. `rating`: the latest they gave; NaN without. `weekly`: by app and
    week, the last one complete: how many people used it.
    """

    people: Sequence[str]
    apps: Sequence[str]
    as_of: int
    person: NDArray[np.int32]
    app: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    left: NDArray[np.bool_]
    rating: NDArray[np.float64]
    weekly: NDArray[np.int32]

    @property
    def in_use(self) -> NDArray[np.bool_]:
        """Where the person still uses the app."""
        return ~self.left & (self.last > self.as_of - USED_FOR)

    def matrix(self, where: NDArray[np.bool_], values: NDArray[np.float64] | None = None) -> csr_matrix:
        """Return people × apps: 1 (or its value) for each entry that is meant."""
        data = np.ones(int(where.sum())) if values is None else values[where]
        return csr_matrix((data, (self.person[where], self.app[where])), (len(self.people), len(self.apps)))

    @property
    def decayed(self) -> NDArray[np.float64]:
        """What each entry is worth: 1 for a use today, half after HALF_LIFE_DAYS, however often it was."""
        days = (self.as_of - self.last) / DAY
        worth: NDArray[np.float64] = 2.0 ** (-np.maximum(days, 0.0) / HALF_LIFE_DAYS)
        return worth


def of_ordinary_people(used: csr_matrix) -> csr_matrix:
    """Return the matrix without the rows of those who use so many apps that no two of them belong together."""
    usual = np.asarray(used.getnnz(axis=1)) <= MOST_APPS
    return csr_matrix(used.multiply(usual[:, None]))
