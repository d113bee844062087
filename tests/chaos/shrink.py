"""Looks for the shortest story that still goes wrong, by playing it again without some of its steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

from chaos.story import Check, Step, Story, faults

Fails = Callable[[Story], Awaitable[bool]]


async def shortest(story: Story, fails: Fails, goes_on: Callable[[], bool]) -> list[Step]:
    """Return the shortest story found for which `fails` is true, beginning with one for which it was.

    Ever smaller parts are left out, as delta debugging does (Zeller and Hildebrandt, 2002), for as long as `goes_on`
    says so. What goes wrong only now and then may come out longer than it need be, never as a story that did not fail.
    """
    best = list(story)
    parts = 2
    while faults(best) > 1 and goes_on():
        for shorter in _without_each_part(best, parts):
            if not goes_on():
                return best
            if await fails(shorter):
                best, parts = shorter, max(2, parts - 1)
                break
        else:
            if parts >= len(best):
                return best
            parts = min(len(best), parts * 2)
    return best


def _without_each_part(story: Sequence[Step], parts: int) -> list[list[Step]]:
    """Return the story without its last part, without the one before that, and so on; each ends with a check."""
    edges = [len(story) * number // parts for number in range(parts + 1)]
    left = [[*story[:begin], *story[end:]] for begin, end in pairwise(edges) if begin < end]
    return [_checked(each) for each in reversed(left) if 0 < faults(each) < faults(story)]


def _checked(story: list[Step]) -> list[Step]:
    return story if isinstance(story[-1].act, Check) else [*story, Step(Check(), 0)]
