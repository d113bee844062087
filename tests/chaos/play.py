"""Plays a story in a world of its own, and says whether all came right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.asking import Asking
from chaos.faults import Faults
from chaos.hands import Hands, Producer
from chaos.load import Flow
from chaos.settling import Settling
from chaos.sight import Wrong
from chaos.story import TENANTS, Check, NewTenant, Step, Story, faults, name
from chaos.world import World, until, world
from rich.console import Console

from search.core.tasks import cancelled

ASKERS = 2
BEGIN_S = 300.0
# A producer whose events are not taken for so long has no broker.
LAST_EVENT_S = 120.0
# Beyond what each part of a story is bounded by already.
LONGEST_S, LONGEST_STEP_S = 900.0, 90.0


@dataclass
class Outcome:
    """How a story went. `played`: the steps that were begun; `wrong`: what was not right, if anything."""

    played: list[Step] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    events: int = 0
    accepted: int = 0
    rebuilt: int = 0
    slowest_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    wrong: str | None = None

    def __str__(self) -> str:
        told = ", ".join(f"{count:,} {what}" for what, count in self.tally.most_common())
        hands = f"{self.accepted} gaps accepted, {self.rebuilt} lost indices rebuilt"
        return f"{faults(self.played)} steps; {self.events:,} events; answers: {told}; {hands}"


async def play(story: Story, seed: int, console: Console, logs: Path | None = None) -> Outcome:
    """Play a story from the beginning; `seed` is the load's. What is wrong ends it, and is in the outcome.

    `logs`: a folder for the processes' own words; without it they are lost.
    """
    outcome = Outcome()
    try:
        async with asyncio.timeout(LONGEST_S + LONGEST_STEP_S * len(story)), world(console, logs) as there:
            playing = _Playing(there, seed, outcome, console)
            try:
                async with asyncio.TaskGroup() as group:
                    await playing.through(story, group)
            finally:
                playing.sum_up()
    except* Wrong as errors:
        outcome.wrong = str(_first(errors))
    except* TimeoutError:
        outcome.wrong = "the story did not come to its end"
    return outcome


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


class _Playing:
    """One story under way."""

    def __init__(self, there: World, seed: int, outcome: Outcome, console: Console) -> None:
        self._world = there
        self._outcome = outcome
        self._console = console
        self._began = time.monotonic()
        self._producer = Producer(there, Flow(seed))
        self._hands = Hands(there, self._producer)
        self._settling = Settling(there, self._producer, self._hands)
        self._asking = Asking(there, self._settling, seed)
        self._faults = Faults(there, self._producer, self._hands)
        self._tenants: list[str] = []

    async def through(self, story: Story, group: asyncio.TaskGroup) -> None:
        for tenant in range(TENANTS):
            self._tenants.append(name(tenant))
            self._producer.found(name(tenant))
        producing = self._producer.begin(group)
        endless: list[Coroutine[Any, Any, None]] = [self._settling.run()]
        endless += [self._asking.run(self._tenants) for _ in range(ASKERS)]
        meanwhile = [group.create_task(each) for each in endless]
        await until(self._has_begun, "the first events to be applied", BEGIN_S)
        self._say("all is well at first; now:")
        under_way: list[asyncio.Task[None]] = []
        for number, step in enumerate(story, 1):
            self._outcome.played.append(step)
            self._say(f"[{number}] {step}")
            if isinstance(step.act, Check):
                for one in under_way:
                    await one
                under_way.clear()
                await self._ended(producing)
                await self._check()
                producing = self._producer.begin(group)
            else:
                under_way.append(group.create_task(self._do(number, step)))
                await asyncio.sleep(step.pause_s)
        await self._ended(producing)
        await cancelled(*meanwhile)

    async def _has_begun(self) -> bool:
        floors = [self._settling.window(tenant).floors for tenant in self._tenants]
        return all(floors) and self._settling.confirmed > 0

    async def _do(self, number: int, step: Step) -> None:
        came = await self._faults.do(step.act)
        if isinstance(step.act, NewTenant):
            self._tenants.append(name(step.act.tenant))
        self._say(f"    [{number}] {came}")

    async def _ended(self, producing: asyncio.Task[None]) -> None:
        self._producer.end()
        try:
            async with asyncio.timeout(LAST_EVENT_S):
                await producing
        except TimeoutError:
            raise Wrong(f"the broker took no event for {LAST_EVENT_S:.0f} s") from None

    async def _check(self) -> None:
        began = time.monotonic()
        await self._settling.all_well()
        settled = time.monotonic() - began
        confirmed = self._settling.confirmed
        # One that was under way may be of before; the one after it is of now.
        await until(lambda: self._is_confirmed(confirmed + 2), "everything to be confirmed", BEGIN_S)
        await self._asking.everybody(self._tenants)
        await self._settling.dead_letters()
        self._say(f"    all is well {settled:.1f} s after the last step was over")

    async def _is_confirmed(self, times: int) -> bool:
        return self._settling.confirmed >= times

    def sum_up(self) -> None:
        """Write down what is known by now."""
        outcome = self._outcome
        outcome.tally = self._asking.tally
        outcome.events = sum(len(events) for events in self._producer.said.events.values())
        outcome.accepted, outcome.rebuilt = self._hands.accepted, self._hands.rebuilt
        outcome.slowest_s = self._asking.slowest_s
        outcome.notes = [*self._faults.notes, *self._world.ended]

    def _say(self, what: str) -> None:
        passed = time.monotonic() - self._began
        self._console.print(f"{passed:6.1f} s  {what}", markup=False, highlight=False, soft_wrap=True)
