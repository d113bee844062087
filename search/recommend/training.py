"""One run: from what the engine has put together to a model, by the rule of groups; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzers import Segmenter
from search.recommend import content, counting, factors, fitting, rule
from search.recommend.counting import TENANT
from search.recommend.fitting import Choice
from search.recommend.model import Model, Weights
from search.recommend.people import People
from search.recommend.rule import NO_CELLS, STANDS_FOR_DAYS, Cells
from search.recommend.store import App
from search.recommend.usage import DAY, Usage

_NO_WEIGHTS: Final = Weights(fitting.USUAL, rule.NEVER)


@dataclass(frozen=True, eq=False)
class Training:
    """What a run is made of. `usage`: of `people`, in their order. `now`: microseconds since 1970."""

    usage: Usage
    people: People
    apps: Sequence[App]
    now: int
    segmenter: Segmenter | None = None

    def model(self, number: int, before: Model | None) -> Model:
        """Return the model of run `number`; what `before` told less than a week ago stands, its weights too."""
        usage = of_apps(self.usage, [app.id for app in self.apps])
        today = self.now // DAY
        alike = content.likeness(self.apps, self.segmenter)
        counts = counting.counted(usage, self.people, usage.in_use)
        cells = _one(counts, counting.figures(usage)).held(before.cells if before else NO_CELLS, today)
        model = self._made(number, usage, cells, alike, before.weights if before else _NO_WEIGHTS)
        if today - model.weights.fitted < STANDS_FOR_DAYS:
            return model
        return replace(model, weights=Weights(self._fitted(usage, alike), today))

    def _made(self, number: int, usage: Usage, cells: Cells, alike: NDArray[np.float32], weights: Weights) -> Model:
        sizes = rule.calm(np.concatenate(([len(usage.people)], self.people.sizes)))
        return Model(
            number,
            usage.as_of,
            self.now,
            [app.id for app in self.apps],
            np.array([app.published_at for app in self.apps], dtype=np.int64),
            cells,
            dict(zip([TENANT, *self.people.large], map(float, sizes), strict=True)),
            factors.fitted(cells),
            alike,
            weights,
        )

    def _fitted(self, usage: Usage, alike: NDArray[np.float32]) -> dict[str, float]:
        """Return the weights that foretell best what people took up lately, by what was known before."""
        counts = usage.in_use
        if not counts.any():
            return dict(fitting.USUAL)
        cut = int(np.quantile(usage.first[counts], 1 - fitting.LATEST))
        earlier, later = counts & (usage.first < cut), counts & (usage.first >= cut)
        past = self._made(0, usage, counting.counted(usage, self.people, earlier), alike, _NO_WEIGHTS)
        used: dict[int, list[int]] = defaultdict(list)
        for person, app in zip(usage.person[earlier].tolist(), usage.app[earlier].tolist(), strict=True):
            used[person].append(app)
        taken: dict[int, tuple[int, int]] = {}
        for at, person, app in zip(
            usage.first[later].tolist(), usage.person[later].tolist(), usage.app[later].tolist(), strict=True
        ):
            taken[person] = min(taken.get(person, (at, app)), (at, app))
        choices = [
            Choice(np.array(sorted(used[person]), dtype=np.intp), self.people.groups[person], app)
            for person, (_, app) in sorted(taken.items())
        ]
        return dict(fitting.weights(past, choices))


def _one(*several: Cells) -> Cells:
    rows = [row for cells in several for row in cells.rows]
    return Cells.of(rows, several[0].apps, np.vstack([cells.steps for cells in several]))


def of_apps(usage: Usage, apps: Sequence[str]) -> Usage:
    """Return the use of these apps, in their order; of what is no app any more nothing is left."""
    places = {app: place for place, app in enumerate(apps)}
    into = np.array([places.get(app, -1) for app in usage.apps], dtype=np.int32)
    app = into[usage.app] if len(into) else usage.app
    here = app >= 0
    weekly = np.zeros((len(apps), usage.weekly.shape[1]), dtype=np.int32)
    weekly[into[into >= 0]] = usage.weekly[into >= 0]
    return Usage(
        usage.people,
        list(apps),
        usage.as_of,
        usage.person[here],
        app[here],
        usage.first[here],
        usage.last[here],
        usage.left[here],
        usage.rating[here],
        weekly,
    )
