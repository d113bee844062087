"""Why an app is recommended, told so that nobody is named and no small group is spoken of; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from search.recommend import rule
from search.recommend.counting import cohort
from search.recommend.model import Model
from search.recommend.rule import Floats
from search.recommend.signals import Signal

Kind = Literal["department_use", "similar_to", "used_together", "popular", "new"]
Language = Literal["zh", "en"]

TEXTS: Final[Mapping[Language, Mapping[Kind, str]]] = {
    "zh": {
        "department_use": "你的部门至少有 {people} 人在用",
        "similar_to": "与你用的「{app}」相似",
        "used_together": "用「{app}」的同事也常用",
        "popular": "公司里至少有 {people} 人在用",
        "new": "新上架",
    },
    "en": {
        "department_use": "At least {people} people of your department use it",
        "similar_to": "Similar to {app}, which you use",
        "used_together": "Often used by those who use {app}",
        "popular": "At least {people} people of the company use it",
        "new": "New in the store",
    },
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the reasons that hold. `app_id`: of the app that it speaks of; `people`: as told, 0 where none are."""

    kind: Kind
    app_id: str | None = None
    people: int = 0

    def text(self, language: Language, app_name: str = "") -> str:
        """Return the sentence, with the name of the app that it speaks of."""
        return TEXTS[language][self.kind].format(app=app_name, people=self.people)


def reasons(
    model: Model, seen: Floats, used: NDArray[np.intp], place: int, department: int, tenant: int
) -> Sequence[Reason]:
    """Return the reasons that hold for the app at `place`, what counted most first.

    `seen`: apps × signals, as weighted, less what they are for the app that nothing speaks for. `used`: places of the
    apps that the caller uses. `department`, `tenant`: people who use it, as told.
    """
    found: list[tuple[float, Reason]] = []
    mine = seen[place]
    if other := _together(model, used, place):
        worth = mine[[Signal.TOGETHER, Signal.SHARED, Signal.FACTORS]].sum()
        found.append((float(worth), Reason("used_together", other)))
    if other := _alike(model, used, place):
        found.append((float(mine[Signal.ALIKE]), Reason("similar_to", other)))
    if department:
        worth = mine[[Signal.DEPARTMENT, Signal.ABOVE_USUAL]].sum()
        found.append((float(worth), Reason("department_use", people=department)))
    if tenant:
        found.append((float(mine[Signal.POPULAR]), Reason("popular", people=tenant)))
    return [reason for _, reason in sorted(found, key=lambda pair: -pair[0])]


def _together(model: Model, used: NDArray[np.intp], place: int) -> str | None:
    """Return the app of the caller's whose people use this one most, as far as that may be told."""
    if not used.size:
        return None
    goes = model.together[used, place]
    best = int(used[int(goes.argmax())])
    told = rule.people(model.row(cohort(model.apps[best])))[place] > 0
    return model.apps[best] if goes.max() > 0 and told else None


def _alike(model: Model, used: NDArray[np.intp], place: int) -> str | None:
    if not used.size:
        return None
    likeness = model.alike[used, place]
    return model.apps[int(used[int(likeness.argmax())])] if likeness.max() > 0 else None
