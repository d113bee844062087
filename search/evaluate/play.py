"""Asks a company's questions: known items one at a time, for their latencies; negatives in parallel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from search.core.errors import OfficeSearchError
from search.evaluate.api_client import Answered
from search.evaluate.figures import Played, rank
from search.evaluate.leaks import Leak, leaks
from search.evaluate.questions import KnownItem, Negative, PlayedQuestion

WARM_UP = 40
AT_ONCE = 4

Ask = Callable[[PlayedQuestion], Awaitable[Answered]]
"""Asks a question; entities are the `hits` of its answer."""
Advance = Callable[[], None]


async def warm_up(ask: Ask, items: Sequence[KnownItem], advance: Advance) -> None:
    """Ask some questions without counting them, as a cold engine is several times slower."""
    for item in spread(items, WARM_UP):
        await _allowed(ask, item)
        advance()


async def play_known_items(ask: Ask, items: Sequence[KnownItem], advance: Advance) -> list[Played]:
    """Return the outcome of each known item. Raises OfficeSearchError when one is not answered."""
    played = []
    for item in items:
        answered = await _allowed(ask, item)
        played.append(Played(item.kind, rank(item, answered.body["hits"]), answered.ms))
        advance()
    return played


async def play_negatives(ask: Ask, negatives: Sequence[Negative], advance: Advance) -> list[Leak]:
    """Return all leaks in the order of the questions. Raises OfficeSearchError when one is not answered."""
    found: dict[int, list[Leak]] = {}
    waiting = iter(enumerate(negatives))

    async def work() -> None:
        for position, asked in waiting:
            answered = await (ask(asked) if asked.expect else _allowed(ask, asked))
            found[position] = leaks(asked, answered.status, answered.body)
            advance()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [leak for position in sorted(found) for leak in found[position]]


def spread(items: Sequence[KnownItem], wanted: int) -> Sequence[KnownItem]:
    """Return about `wanted` items, evenly spread over the list."""
    return items[:: max(1, len(items) // wanted)]


async def _allowed(ask: Ask, question: PlayedQuestion) -> Answered:
    """Return the answer to a caller who may ask. Raises OfficeSearchError for a refusal.

    A refusal would count as no hit and no leak, although it proves neither.
    """
    answered = await ask(question)
    if answered.status != 200:
        reason = answered.body.get("detail", "no reason given")
        raise OfficeSearchError(
            f"{question.id}: {question.tenant}'s {question.user} was refused ({answered.status}: {reason}); "
            "does the service hold this company?"
        )
    return answered
