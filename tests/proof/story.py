"""What may happen to two companies that differ only in what hardly anybody may see, and that nobody can tell it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from proof.around import Place, place
from proof.asking import Tally, ask, together
from proof.beginnings import Beginning, beginning
from proof.companies import HOURS, NOBODY, USERS, Change, change, founded, secret, time_at
from proof.company import Ground
from proof.examples import proof
from proof.judge import Wrong
from proof.laboratory import Laboratory
from proof.openings import Opening, opening
from proof.oracle import moment
from proof.questions import Question, question
from proof.shop import Advice, AtStore, app_of, visit
from proof.views import comparable, view

T = TypeVar("T")

CALLERS = (*USERS, NOBODY)
TENANTS = ("proof", "twin")
STEPS = 12
"""Things that happen in one story at most."""

_questions = st.lists(question(), min_size=4, max_size=6)
_places = st.lists(place, max_size=1)
_beginnings = st.lists(beginning, max_size=1)
_openings = st.lists(opening, max_size=2)
_visits = st.lists(visit | visit | app_of | st.just(Advice()), max_size=2)
_disorder = st.integers(0, 2**16)


class Story(RuleBasedStateMachine):
    """Events happen, arrive in any order and often, time passes, and in between everybody asks.

    Whatever anybody is told is compared with the oracle; and, whoever sees the same of both companies, with what the
    other one tells them.
    """

    def __init__(self, laboratory: Laboratory, grounds: Sequence[Ground], tally: Tally) -> None:
        super().__init__()
        self._laboratory = laboratory
        self._tally = tally
        self._hour = 4
        self._companies = self._together(ground.company() for ground in grounds)
        self._fresh = False
        laboratory.now = moment(time_at(self._hour))

    @initialize(changes=founded(), secrets=st.lists(secret(), max_size=12), disorder=_disorder)
    def founded(self, changes: Sequence[Change], secrets: Sequence[Change], disorder: int) -> None:
        self.happens(changes, secrets)
        self.arrives(disorder, 0)

    @rule(changes=st.lists(change(), min_size=1, max_size=4), secrets=st.lists(secret(), max_size=2))
    def happens(self, changes: Sequence[Change], secrets: Sequence[Change]) -> None:
        for company in self._companies:
            company.tell(changes)
        self._companies[-1].tell(secrets)

    @precondition(lambda self: any(company.under_way for company in self._companies))
    @rule(disorder=_disorder, late=st.sampled_from((0, 0, 0.2)))
    def arrives(self, disorder: int, late: float) -> None:
        """What is under way, in one order here and in another there, some of it again, and some only later."""
        self._together(
            company.arrive(disorder and disorder + number, late=late) for number, company in enumerate(self._companies)
        )
        self._fresh = False

    @rule(hours=st.integers(0, 3), edge=st.sampled_from((0, 0, -1, 1)))
    def time_passes(self, hours: int, edge: int) -> None:
        """To a full hour, or a microsecond before or after it; never back."""
        self._hour = min(self._hour + hours, HOURS)
        self._laboratory.now = max(self._laboratory.now, moment(time_at(self._hour)) + edge)

    @rule(
        questions=_questions,
        places=_places,
        beginnings=_beginnings,
        openings=_openings,
        visits=_visits,
        at_once=st.sampled_from((False, False, False, True)),
    )
    def is_asked(
        self,
        questions: Sequence[Question],
        places: Sequence[Place],
        beginnings: Sequence[Beginning],
        openings: Sequence[Opening],
        visits: Sequence[AtStore],
        at_once: bool,
    ) -> None:
        """By everybody, in both companies; `at_once`: before the engine's refresh."""
        if not at_once and not self._fresh:
            self._refresh()
        told = self._together(
            ask(
                company, [*questions, *places, *beginnings, *openings, *visits], CALLERS, self._tally, fresh=self._fresh
            )
            for company in self._companies
        )
        if not self._fresh:
            return
        for user in CALLERS:
            if self._sees_the_same(user):
                for (asked, one), (_, other) in zip(*(answers[user] for answers in told), strict=True):
                    if comparable(one) != comparable(other):
                        raise Wrong(f"{user} can tell the companies apart: {asked}\n{one}\n{other}")
                    self._tally.alike += 1

    def _sees_the_same(self, user: str) -> bool:
        one, other = (view(c.oracle, c.tenant, user, self._laboratory.now) for c in self._companies)
        return one == other

    def _refresh(self) -> None:
        self._laboratory.run(self._laboratory.refresh([company.tenant for company in self._companies]))
        for company in self._companies:
            company.refreshed()
        self._fresh = True

    def _together(self, works: Iterable[Awaitable[T]]) -> list[T]:
        return self._laboratory.run(together(works))


def tell(
    laboratory: Laboratory,
    grounds: Sequence[Ground],
    tally: Tally,
    stories: int,
    *,
    seed: int | None = None,
    shrink: bool = True,
) -> None:
    """Play so many stories, the same ones each time, or those of a seed.

    Raises Wrong, with the shortest story that leads there in its notes.
    """

    def story() -> Story:
        return Story(laboratory, grounds, tally)

    seeded = story if seed is None else hypothesis.seed(seed)(story)
    told = proof(stories, steps=STEPS, repeatable=seed is None, shrink=shrink)
    run_state_machine_as_test(seeded, settings=told)  # type: ignore[arg-type]
