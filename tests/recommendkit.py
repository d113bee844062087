"""What tests of the statistics say things with: a company whose people use apps, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search.recommend.collecting import WEEKS
from search.recommend.people import People
from search.recommend.store import App
from search.recommend.training import Training
from search.recommend.usage import DAY, Usage

TODAY = 20_000
NOW = TODAY * DAY


def app(id: str, name: str = "", *, category: str = "办公", text: str = "", days_old: float = 400) -> App:
    return App(id, name or id, category, (), "", text, NOW - int(days_old * DAY))


@dataclass
class Office:
    """People by name, with their groups, and what each uses: `uses` says it, `training` is a run over all of it."""

    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    opened: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    rated: dict[tuple[str, str], float] = field(default_factory=dict)
    left: set[tuple[str, str]] = field(default_factory=set)
    weekly: dict[str, Sequence[int]] = field(default_factory=dict)

    def staff(self, number: int, *groups: str, called: str = "p") -> list[str]:
        """So many more people of these groups."""
        made = [f"{called}{len(self.groups) + place:04d}" for place in range(number)]
        self.groups |= dict.fromkeys(made, frozenset(groups))
        return made

    def uses(self, people: Iterable[str], *apps: str, first: float = 100, last: float = 1) -> None:
        """They have used these apps from so many days ago until so many."""
        self.opened |= {(person, app): (first, last) for person in people for app in apps}

    def usage(self, apps: Sequence[str]) -> Usage:
        people = list(self.groups)
        entries = [key for key in self.opened if key[1] in apps]
        places: Mapping[str, int] = {person: place for place, person in enumerate(people)}

        def micros(which: int) -> np.ndarray:
            return np.array([NOW - int(self.opened[key][which] * DAY) for key in entries], dtype=np.int64)

        weekly = np.zeros((len(apps), WEEKS), dtype=np.int32)
        for name, numbers in self.weekly.items():
            weekly[list(apps).index(name)] = numbers
        return Usage(
            people,
            list(apps),
            NOW,
            np.array([places[person] for person, _ in entries], dtype=np.int32),
            np.array([list(apps).index(name) for _, name in entries], dtype=np.int32),
            micros(0),
            micros(1),
            np.array([key in self.left for key in entries], dtype=np.bool_),
            np.array([self.rated.get(key, np.nan) for key in entries]),
            weekly,
        )

    @property
    def people(self) -> People:
        return People(list(self.groups), list(self.groups.values()))

    def training(self, apps: Sequence[App], *, day: int = TODAY) -> Training:
        return Training(self.usage([one.id for one in apps]), self.people, apps, day * DAY)
