"""What questions and answers come to for apps, by the rule of groups; pure.

Of `打车`, asked by 40 people, of whom 14 opened the app `cars` from an answer and 3 the app `bus`:

    opened     打车 → cars              14 are at least 11, and ten others of the tenant did not
    cars       opened by 10             rounded down; bus: by nobody that may be told
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from search.recommend.rule import LEAST_OTHERS, LEAST_USERS

MOST_OF_A_QUESTION: Final = 5
MOST_QUESTIONS: Final = 20_000
MOST_UNSERVED: Final = 200

Row = tuple[str, str, str]
"""(key of a question, app, user)"""


@dataclass(frozen=True)
class AppAsked:
    """How many people found an app: numbers as may be told, rounded down to 10, 20, 50, 100, …; 0 for too few.

    `asked`: who opened it from an answer to a question; `shown`: who saw it; `opened`: who opened it from any answer.
    """

    asked: int = 0
    shown: int = 0
    opened: int = 0


NOBODY: Final = AppAsked()


@dataclass(frozen=True)
class Unserved:
    """What so many people looked for in the store, and found nothing. `text`: None where it is not kept."""

    people: int
    text: str | None = None


@dataclass(frozen=True)
class AskedFigures:
    """A tenant's. `at`: milliseconds since 1970; `opened`: by a question's key, apps, of most people first."""

    at: int = 0
    opened: Mapping[str, Sequence[str]] = field(default_factory=dict)
    apps: Mapping[str, AppAsked] = field(default_factory=dict)
    unserved: Sequence[Unserved] = ()

    def of_app(self, app: str) -> AppAsked:
        """Return what is told of an app; nothing of one that too few found."""
        return self.apps.get(app, NOBODY)

    def stored(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {"at": self.at, "figures": asdict(self)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return what a stored document means."""
        told = stored["figures"]
        return cls(
            stored["at"],
            told["opened"],
            {id: AppAsked(**one) for id, one in told["apps"].items()},
            [Unserved(**one) for one in told["unserved"]],
        )


NOTHING_ASKED: Final = AskedFigures()


def may_tell(users: int, people: int) -> bool:
    """Return whether the rule lets it be told that so many of a tenant's people are users of something."""
    return users >= LEAST_USERS and people - users >= LEAST_OTHERS


def told(users: int, people: int) -> int:
    """Return what may be told of a number of users: rounded down to 10, 20, 50, 100, …; 0 where nothing may."""
    return max(_steps(users)) if may_tell(users, people) else 0


def _steps(number: int) -> Iterator[int]:
    step = 10
    while step <= number:
        yield from (step * times for times in (1, 2, 5) if step * times <= number)
        step *= 10


def figures(
    at: int,
    people: int,
    opened: Iterable[Row],
    shown: Iterable[tuple[str, str]],
    unserved: Iterable[tuple[str, str | None, str]],
) -> AskedFigures:
    """Put rows together.

    `people`: how many of the tenant's have asked anything at all. `opened`: each app that a user opened from an answer
    to a question. `shown`: (app, user). `unserved`: (key, text, user) of questions that found no app.
    """
    by_question: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    openers, viewers = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    askers: defaultdict[str, set[str]] = defaultdict(set)
    for key, app, user in opened:
        openers[app].add(user)
        if key:
            by_question[key][app].add(user)
            askers[app].add(user)
    for app, user in shown:
        viewers[app].add(user)
    apps = {
        app: AppAsked(*(told(len(of[app]), people) for of in (askers, viewers, openers)))
        for app in sorted(openers.keys() | viewers.keys())
    }
    return AskedFigures(
        at,
        dict(_most_opened(by_question, people)),
        {app: one for app, one in apps.items() if one != NOBODY},
        _unserved(unserved, people),
    )


def _most_opened(by_question: Mapping[str, Mapping[str, set[str]]], people: int) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield, by question, the apps that enough people opened; of questions those of most people first."""
    found = []
    for key, apps in by_question.items():
        enough = {app: len(users) for app, users in apps.items() if may_tell(len(users), people)}
        if enough:
            # By steps, not by people: the order of two apps must not change with one person.
            ranked = sorted(enough, key=lambda app: (-told(enough[app], people), app))
            found.append((max(enough.values()), key, ranked[:MOST_OF_A_QUESTION]))
    found.sort(key=lambda one: (-one[0], one[1]))
    yield from ((key, apps) for _, key, apps in found[:MOST_QUESTIONS])


def _unserved(rows: Iterable[tuple[str, str | None, str]], people: int) -> list[Unserved]:
    users: defaultdict[str, set[str]] = defaultdict(set)
    texts: dict[str, str | None] = {}
    for key, text, user in rows:
        users[key].add(user)
        texts.setdefault(key, text)
    counted = [(told(len(users[key]), people), texts[key], key) for key in users]
    counted = sorted((one for one in counted if one[0]), key=lambda one: (-one[0], one[2]))
    return [Unserved(number, text) for number, text, _ in counted[:MOST_UNSERVED]]
