"""What a model says of the apps that one caller may see: scores, and the reasons that hold; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.recommend.choose import Place, Rated
from search.recommend.figures import Use
from search.recommend.fitting import weight_of
from search.recommend.model import Model
from search.recommend.reasons import Reason, reasons
from search.recommend.rule import Floats
from search.recommend.signals import Signal, signals
from search.recommend.usage import DAY

NEW_FOR: Final = 60 * DAY
# With so many users an app is found without a place of its own.
KNOWN_BY: Final = 50
NEW: Final = Reason("new")


@dataclass(frozen=True, slots=True)
class Visible:
    """An app that the caller may see. `published`: microseconds since 1970."""

    id: str
    category: str
    published: int


@dataclass(frozen=True, eq=False)
class Weighing:
    """One caller's. `used`: the ids of the apps that their log holds; `groups`: theirs.

    `now`: microseconds since 1970, for a tenant without a model. `model`: None before the first run.
    """

    model: Model | None
    used: Collection[str]
    groups: Collection[str]
    now: int

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        known = self.model.places if self.model else {}
        return np.array(sorted(known[id] for id in self.used if id in known), dtype=np.intp)

    @cached_property
    def _weighted(self) -> Floats:
        """Apps × signals, each times its weight."""
        if self.model is None:
            return np.zeros((0, len(Signal)))
        found: Floats = signals(self.model, self._places, self.groups) * weight_of(self.model)
        return found

    @cached_property
    def _scores(self) -> Floats:
        found: Floats = self._weighted.sum(axis=1)
        return found

    @cached_property
    def _likeness(self) -> NDArray[np.float32]:
        """How alike each app is to what the caller uses: to the likest of these."""
        if self.model is None:
            return np.zeros(0, dtype=np.float32)
        found: NDArray[np.float32] = self.model.alike[self._places].max(axis=0, initial=0.0)
        return found

    def rated(self, visible: Iterable[Visible]) -> list[Rated]:
        """Return the apps that may be recommended: without those that the caller's log holds."""
        return [self._rated(one) for one in visible if one.id not in self.used]

    def _rated(self, app: Visible) -> Rated:
        since = (self.model.as_of if self.model else self.now) - NEW_FOR
        is_new = app.published >= since
        place = self.model.places.get(app.id) if self.model else None
        if self.model is None or place is None:
            # Published since the last run.
            return Rated(app.id, 0.0, app.published, app.category, is_new=is_new)
        likeness = float(self._likeness[place])
        is_known = bool(self.model.users[place] >= KNOWN_BY)
        return Rated(
            app.id,
            float(self._scores[place]),
            app.published,
            app.category,
            likeness,
            is_new=is_new and not is_known,
            is_quiet=likeness > 0 and not is_known,
        )

    def usual(self, rated: Iterable[Rated]) -> Floats:
        """Return the mean of each signal over what may be recommended, against which reasons are measured.

        Over what the caller may see alone, so that what is hidden changes no reason.
        """
        known = self.model.places if self.model else {}
        places = [known[one.app_id] for one in rated if one.app_id in known]
        found: Floats = self._weighted[places].mean(axis=0) if places else np.zeros(len(Signal))
        return found

    def reasons(self, app: Rated, whose: Place, use: Use, usual: Floats) -> Sequence[Reason]:
        """Return the reasons that hold for an app that stands at `whose` place, the best first.

        `use`: as the caller is told of it. `usual`: as of the method of that name.
        """
        fresh = [NEW] if app.is_new else []
        place = self.model.places.get(app.app_id) if self.model else None
        if self.model is None or place is None:
            return fresh
        above = self._weighted - usual
        found = reasons(self.model, above, self._places, place, use.get("department", 0), use.get("tenant", 0))
        return [*fresh, *found] if whose == "new" else [*found, *fresh]
