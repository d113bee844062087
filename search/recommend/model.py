"""What a run leaves: everything that recommendations are made of, with nobody's own use in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.recommend import rule
from search.recommend.counting import TENANT, cohort
from search.recommend.rule import Cells, Floats, Steps

DEPARTMENT: Final = "department:"
ROLE: Final = "role:"
# A department of few people says little by itself: so many more are thought of, who do what the tenant does.
PRIOR: Final = 10.0

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """How much each signal counts, by its name. `fitted`: the day, in days since 1970."""

    values: Mapping[str, float]
    fitted: int


@dataclass(frozen=True, eq=False)
class Model:
    """One run's result. What is told of use has passed the rule of groups, in `cells`; all else is made of that.

    `number`: of the run. `as_of`, `published`: microseconds since 1970. `sizes`: how many people groups have, by the
    rows of `cells`, in steps. `factors`: apps × factors. `alike`: apps × apps.
    """

    number: int
    as_of: int
    made_at: int
    apps: Sequence[str]
    published: NDArray[np.int64]
    cells: Cells
    sizes: Mapping[str, float]
    factors: Matrix
    alike: Matrix
    weights: Weights

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each app is."""
        return MappingProxyType({app: place for place, app in enumerate(self.apps)})

    def row(self, name: str) -> Steps:
        """Return a group's steps; none told of where it is not known."""
        found = self.cells.row(name)
        return np.zeros(len(self.apps), dtype=np.uint8) if found is None else found

    @cached_property
    def users(self) -> Floats:
        """How many of the tenant use each app."""
        return rule.people(self.row(TENANT))

    @cached_property
    def usual(self) -> Floats:
        """What share of the tenant uses each app, at least one in all."""
        return (self.users + 1) / (max(self.sizes.get(TENANT, 0.0), 1.0) + len(self.apps))

    @cached_property
    def shares(self) -> Mapping[str, Floats]:
        """What share of each department and role uses each app; 0 where nothing may be told."""
        found = {}
        for name, size in self.sizes.items():
            if name.startswith((DEPARTMENT, ROLE)):
                told = rule.people(self.row(name))
                found[name] = np.where(told > 0, (told + PRIOR * self.usual) / (size + PRIOR), 0.0)
        return MappingProxyType(found)

    @cached_property
    def together(self) -> Floats:
        """Of those who use an app (row), what share use another one, times how much more that is than usual."""
        cohorts = np.array([rule.people(self.row(cohort(app))) for app in self.apps]).reshape(len(self.apps), -1)
        share = cohorts / np.maximum(self.users, 1.0)[:, None]
        people = max(self.sizes.get(TENANT, 0.0), 1.0)
        more = np.log(np.maximum(cohorts * people, 1e-9) / np.maximum(np.outer(self.users, self.users), 1.0))
        found: Floats = np.where((cohorts > 0) & (self.users[:, None] > 0), share * np.maximum(more, 0.0), 0.0)
        return found

    @cached_property
    def squared(self) -> Floats:
        """The factors' own products, for `search.recommend.factors`."""
        found: Floats = self.factors.T.astype(float) @ self.factors.astype(float)
        return found
