"""What speaks for each app to one person: numbers that the weights add up; pure.

With `used` empty, as a newcomer's is, what their department and their roles use is left.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.recommend import factors
from search.recommend.model import DEPARTMENT, ROLE, Model
from search.recommend.rule import Floats
from search.recommend.usage import DAY

# After so many days a new app is half as new.
NEW_FOR_DAYS: Final = 30.0


class Signal(IntEnum):
    """The columns. `TOGETHER`: what goes with what they use, `SHARED` the same for each app that they use."""

    TOGETHER = 0
    SHARED = 1
    FACTORS = 2
    DEPARTMENT = 3
    ABOVE_USUAL = 4
    ROLE = 5
    POPULAR = 6
    ALIKE = 7
    FRESH = 8


def signals(model: Model, used: NDArray[np.intp], groups: Collection[str]) -> Floats:
    """Return apps × signals for somebody who uses the apps at the places `used` and belongs to `groups`."""
    found = np.zeros((len(model.apps), len(Signal)))
    if used.size:
        goes = model.together[used].sum(axis=0)
        found[:, Signal.TOGETHER] = np.sqrt(goes)
        found[:, Signal.SHARED] = goes / np.sqrt(used.size)
        found[:, Signal.ALIKE] = model.alike[used].max(axis=0)
        known = used[model.users[used] > 0]
        if known.size:
            found[:, Signal.FACTORS] = model.factors @ factors.of_somebody(model.factors, model.squared, known)
    found[:, Signal.DEPARTMENT], found[:, Signal.ABOVE_USUAL] = _departments(model, groups)
    found[:, Signal.ROLE] = _roles(model, groups)
    found[:, Signal.POPULAR] = np.log1p(model.users)
    days = np.maximum((model.as_of - model.published) / DAY, 0.0)
    found[:, Signal.FRESH] = 2.0 ** (-days / NEW_FOR_DAYS)
    return found


def _departments(model: Model, groups: Collection[str]) -> tuple[Floats, Floats]:
    """Return what share of the nearest department that tells anything uses each app, and how far that is unusual."""
    nearest, above = np.zeros(len(model.apps)), np.zeros(len(model.apps))
    own = [name for name in groups if name.startswith(DEPARTMENT) and name in model.shares]
    for name in sorted(own, key=lambda name: (model.sizes[name], name)):
        share = model.shares[name]
        first = (nearest == 0) & (share > 0)
        nearest[first] = share[first]
        above[first] = np.log(share[first] / model.usual[first])
    return np.log1p(100 * nearest), above


def _roles(model: Model, groups: Collection[str]) -> Floats:
    """Return how far the use of the role that has most of it is above the usual."""
    found = np.zeros(len(model.apps))
    for name in groups:
        if name.startswith(ROLE) and (share := model.shares.get(name)) is not None:
            found = np.maximum(found, np.where(share > 0, np.log(np.maximum(share, 1e-9) / model.usual), 0.0))
    return found
