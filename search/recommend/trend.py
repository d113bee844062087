"""Which apps more people use than before, against their own past and against what everybody does; pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.recommend.rule import LEAST_USERS, Floats, Steps, may_be_told

# Added to both sides of a comparison, so that three people after one are no trend.
CALM: Final = LEAST_USERS
PER_DOUBLING: Final = 4
MIDDLE: Final = 100
"""The step of an app with as many users as before; PER_DOUBLING steps more for twice as many."""


def trends(weekly: NDArray[np.int32], people: int) -> Steps:
    """Return the step of each app's trend; 0 where the rule of groups forbids one.

    `weekly`: apps × weeks, people who used it, the last one complete. Whole weeks are compared, so no weekday is a
    trend; and each with what all apps together did, so that neither is a holiday.
    """
    told = np.where(may_be_told(weekly, people), weekly, 0).astype(float)
    now, before = told[:, -1], told[:, :-1]
    usual = before.mean(axis=1) if before.shape[1] else np.zeros(len(weekly))
    everybody = (now.sum() + CALM) / (usual.sum() + CALM)
    change = np.log2((now + CALM) / (usual * everybody + CALM))
    found = np.clip(np.rint(MIDDLE + PER_DOUBLING * change), 1, 255)
    return np.where(now > 0, found, 0).astype(np.uint8)


def change(steps: Steps) -> Floats:
    """Return what each step means, as a logarithm to the base of 2; 0 for nothing told."""
    return np.where(steps == 0, 0.0, (steps.astype(float) - MIDDLE) / PER_DOUBLING)
