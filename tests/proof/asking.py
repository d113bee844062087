"""Asks a company for many callers at once, all pages of each answer, and has every answer judged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from proof.around import Place, PlaceJudge
from proof.beginnings import Beginning, BeginningJudge
from proof.company import Company, in_time
from proof.judge import Body, Judge, Refusal, Wrong, everything_counts
from proof.openings import Opening, OpeningJudge
from proof.questions import MOST_HITS, Question
from proof.shop import Advice, AppOf, StoreJudge, Visit

AT_ONCE = 8
"""Questions that are under way together."""

T = TypeVar("T")
Asked = Question | Place | Beginning | Opening | Visit | AppOf | Advice
Told = Body | Refusal | None
"""An answer, or that the one vertical is denied, or None: the caller is refused."""
Told_to = Mapping[str, Sequence[tuple[Asked, Told]]]
"""Caller → what they asked, and were told."""


@dataclass
class Tally:
    """Answers that were compared, each as a whole, with the oracle's; and those that two companies gave alike."""

    checked: int = 0
    found: int = 0
    alike: int = 0

    def __str__(self) -> str:
        return f"{self.checked:,} answers checked, {self.found:,} with hits; {self.alike:,} the same in two companies"


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """What all of them return. The first error is raised, but only when none is under way any more."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast(list[T], outcomes)


async def ask(
    company: Company, questions: Sequence[Asked], callers: Sequence[str], tally: Tally, *, fresh: bool
) -> Told_to:
    """Every caller asks every question; whoever is refused asks once. `fresh`: searches see all that has arrived.

    Raises Wrong at an answer that is not the oracle's.
    """
    slots = asyncio.Semaphore(AT_ONCE)
    questions = [_asked(question, fresh=fresh) for question in questions]

    async def asks(user: str) -> list[tuple[Asked, Told]]:
        sight = company.sight(user)
        judge = Judge(sight, everything_counts if fresh else company.is_searchable) if sight else None
        mine = questions[: None if sight else 1]
        told = await together(_told(slots, company, user, question) for question in mine)
        for question, answer in zip(mine, told, strict=True):
            _judge(judge, company, user, question, answer)
            tally.checked += 1
            tally.found += isinstance(answer, Mapping) and _found(answer)
        return list(zip(mine, told, strict=True))

    return dict(zip(callers, await together(map(asks, callers)), strict=True))


def _found(answer: Body) -> bool:
    shown = [answer[name] for name in ("hits", "suggestions", "apps") if name in answer]
    return any(shown) if shown else True


def _asked(question: Asked, *, fresh: bool) -> Asked:
    if isinstance(question, Visit):
        return replace(question, limit=question.limit if fresh else MOST_HITS)
    if not isinstance(question, Question):
        return question
    conditions = [replace(one, value=in_time(one.value)) for one in question.conditions]
    # Totals may lag behind until the refresh, and with them the pages.
    return replace(question, conditions=conditions, limit=question.limit if fresh else MOST_HITS)


async def _told(slots: asyncio.Semaphore, company: Company, user: str, question: Asked) -> Told:
    async with slots:
        if isinstance(question, Place):
            return await company.product.around(company.tenant, user, question.id, question.params)
        if isinstance(question, Opening):
            return await company.product.opened(company.tenant, user, question.path)
        if isinstance(question, Beginning):
            return await company.product.suggest(company.tenant, user, question.params)
        if isinstance(question, AppOf | Advice):
            return await company.product.store(company.tenant, user, question.path, question.params)
        if isinstance(question, Visit):
            path = question.path
            return await walk(lambda params: company.product.store(company.tenant, user, path, params), question)
        return await walk(lambda params: company.product.ask(company.tenant, user, params), question)


def _judge(judge: Judge | None, company: Company, user: str, question: Asked, told: Told) -> None:
    try:
        if judge is None or told is None:
            if (judge is None) != (told is None):
                raise Wrong("refused" if told is None else "not refused")
        elif isinstance(question, Place):
            PlaceJudge(judge.sight, question, judge.settled).check(told)
        elif isinstance(question, Opening):
            OpeningJudge(judge.sight, question).check(told)
        elif isinstance(question, Beginning):
            BeginningJudge(judge.sight, question, judge.settled).check(told)
        elif isinstance(question, Visit | AppOf | Advice):
            StoreJudge(judge.sight, judge.settled).check(question, told)
        else:
            judge.check(question, told)
    except Wrong as error:
        when = "" if judge is None or judge.fresh else " before the refresh"
        raise Wrong(f"{user} of {company.tenant} asks{when} {question}: {error}\nanswer: {told}") from None


async def walk(ask: Callable[[Mapping[str, Any]], Awaitable[Told]], question: Question | Visit) -> Told:
    """The answer to a question, all its pages put together."""
    listed, totals = ("apps", ("total", "facets")) if isinstance(question, Visit) else ("hits", ("sections",))
    first = answer = await ask(question.params)
    if not isinstance(first, Mapping) or not isinstance(answer, Mapping):
        return first
    hits = list(first[listed])
    while question.limit < MOST_HITS and answer["cursor"]:
        if len(answer[listed]) != question.limit:
            raise Wrong(f"a page of {len(answer[listed])} hits before the last one")
        answer = await ask({**question.params, "cursor": answer["cursor"]})
        if not isinstance(answer, Mapping) or any(answer[name] != first[name] for name in totals):
            raise Wrong(f"a later page has other totals: {answer}")
        hits += answer[listed]
    return {**first, listed: hits, "cursor": answer["cursor"]}
