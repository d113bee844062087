"""From a model to the figures that answers tell; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.recommend import counting, rule, trend
from search.recommend.figures import AppFigure, AppFigures, Neighbour
from search.recommend.model import DEPARTMENT, Model


def figures_of(model: Model) -> AppFigures:
    """Return what the answers tell of each app."""
    users = rule.shown(model.row(counting.TENANT))
    popularity = counting.popularity_of(model.row(counting.POPULARITY))
    changes = trend.change(model.row(counting.TREND))
    ratings = model.row(counting.RATING)
    departments = {
        name.removeprefix(DEPARTMENT): rule.shown(model.row(name))
        for name in model.sizes
        if name.startswith(DEPARTMENT)
    }
    together = model.together / max(float(model.together.max(initial=0.0)), 1.0)
    apps = {
        app: AppFigure(
            int(users[place]),
            MappingProxyType({id: int(told[place]) for id, told in departments.items() if told[place]}),
            round(float(popularity[place]), 3),
            float(changes[place]),
            counting.rating_of(int(ratings[place])),
            _neighbours(model.apps, together[place]),
            _neighbours(model.apps, model.alike[place]),
        )
        for place, app in enumerate(model.apps)
    }
    return AppFigures(MappingProxyType(apps), model.number, datetime.fromtimestamp(model.made_at / 1e6, UTC))


def _neighbours(apps: Sequence[str], likeness: NDArray[Any]) -> tuple[Neighbour, ...]:
    """Return all of them: those that a caller may not see would crowd out others."""
    best = [place for place in np.argsort(-likeness, kind="stable").tolist() if likeness[place] > 0]
    return tuple(Neighbour(apps[place], min(1.0, round(float(likeness[place]), 4))) for place in best)
