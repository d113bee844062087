"""What is counted of a tenant's use, group by group, each number under the rule of groups; pure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from search.recommend import rule, trend
from search.recommend.people import People
from search.recommend.rule import Cells, Floats, Steps, may_be_told
from search.recommend.usage import Usage, of_ordinary_people

TENANT: Final = "tenant:*"
POPULARITY, TREND, RATING = "figure:popularity", "figure:trend", "figure:rating"
# Of popularity: ten steps make ten times as much, so many stand for one person's use of today.
_ONE: Final = 30
_TENTHS: Final = 10


def cohort(app: str) -> str:
    """Return the name of the group of those who use an app."""
    return f"app:{app}"


def counted(usage: Usage, people: People, where: NDArray[np.bool_]) -> Cells:
    """Return who uses what, by tenant, department, role and cohort. `where`: the entries of `usage` that count."""
    used = usage.matrix(where)
    everybody = csr_matrix(np.ones((1, len(usage.people))))
    groups = vstack([everybody, people.matrix]).tocsr()
    sizes = np.concatenate(([len(usage.people)], people.sizes))
    ordinary = of_ordinary_people(used)
    cohorts = np.asarray(ordinary.sum(axis=0)).ravel()
    large = np.flatnonzero(cohorts >= rule.SMALLEST_GROUP).tolist()
    steps = np.vstack([_steps(groups, used, sizes), _steps(ordinary[:, large].T.tocsr(), ordinary, cohorts[large])])
    rows = [TENANT, *people.large, *(cohort(usage.apps[place]) for place in large)]
    for place, app in enumerate(large):
        steps[len(sizes) + place, app] = 0  # all of a cohort use its own app
    return Cells.of(rows, usage.apps, steps)


def _steps(groups: csr_matrix, used: csr_matrix, sizes: Floats) -> Steps:
    return rule.steps((groups @ used).toarray(), sizes[:, None])


def figures(usage: Usage) -> Cells:
    """Return how popular apps are, which more people use than before, and how they are rated."""
    people = len(usage.people)
    used = usage.matrix(usage.in_use)
    is_told = may_be_told(_sum(used), people)
    worth = _sum(usage.matrix(usage.in_use, usage.decayed))
    popularity = np.where(is_told, np.clip(_ONE + np.floor(_TENTHS * np.log10(np.maximum(worth, 1e-9))), 1, 255), 0)
    steps = np.vstack([popularity, trend.trends(usage.weekly, people), _ratings(usage, people)])
    return Cells.of([POPULARITY, TREND, RATING], usage.apps, steps.astype(np.uint8))


def _ratings(usage: Usage, people: int) -> NDArray[Any]:
    rated = ~np.isnan(usage.rating)
    number = _sum(usage.matrix(rated))
    mean = _sum(usage.matrix(rated, usage.rating)) / np.maximum(number, 1)
    return np.where(may_be_told(number, people), np.clip(np.rint(mean * _TENTHS), 1, 255), 0)


def _sum(matrix: csr_matrix) -> Floats:
    found: Floats = np.asarray(matrix.sum(axis=0)).ravel()
    return found


def popularity_of(steps: Steps) -> Floats:
    """Return what steps of popularity mean: people who use it today, those of thirty days ago counting half."""
    return np.where(steps == 0, 0.0, 10.0 ** ((steps.astype(float) - _ONE) / _TENTHS))


def rating_of(step: int) -> float | None:
    """Return the mean that a step of ratings means; None for none."""
    return step / _TENTHS if step else None
