"""Figures and models as a process of the API keeps them: looked at anew once a minute, and never long unseen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from opensearchpy import AsyncOpenSearch

from search.recommend.figures import NO_FIGURES, AppFigures
from search.recommend.generations import Generations
from search.recommend.model import Model
from search.recommend.told import figures_of

log = structlog.get_logger(__name__)

LOOK_S: Final = 60.0
# Of figures that could not be looked at so long nobody knows whether they still count.
OLDEST_S: Final = 3600.0
MOST_TENANTS: Final = 500


@dataclass(frozen=True, eq=False)
class Kept:
    """A tenant's. `looked`: when it was last known that these count, in monotonic seconds."""

    model: Model | None = None
    figures: AppFigures = NO_FIGURES
    looked: float = 0.0


class FiguresKept:
    """Reads them, in one process. `look_s`: how often they are looked at. `clock`: monotonic seconds."""

    def __init__(
        self, engine: AsyncOpenSearch, look_s: float = LOOK_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._generations = Generations(engine)
        self._look_s = look_s
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._looking: dict[str, asyncio.Task[Kept]] = {}

    async def of(self, tenant: str) -> AppFigures:
        """Return a tenant's figures; none where they cannot be read. Never fails."""
        return (await self._now(tenant)).figures

    async def model(self, tenant: str) -> Model | None:
        """Return what a tenant's recommendations are made of; None where there is nothing. Never fails."""
        return (await self._now(tenant)).model

    async def _now(self, tenant: str) -> Kept:
        known = self._kept.get(tenant)
        age = self._clock() - known.looked if known else OLDEST_S
        if known and age < self._look_s:
            return known
        if (looking := self._looking.get(tenant)) is None:
            looking = self._looking[tenant] = asyncio.create_task(self._look(tenant, known))
            looking.add_done_callback(lambda _: self._looking.pop(tenant, None))
        # Nobody waits for it who can be answered by what is known.
        return known if known and age < OLDEST_S and known.model else await asyncio.shield(looking)

    async def _look(self, tenant: str, known: Kept | None) -> Kept:
        try:
            found = await self._read(tenant, known)
        except Exception as error:
            # The engine is away, or what it holds is no model: the answer goes on without either.
            log.warning("figures_not_read", tenant=tenant, error=str(error)[:200])
            # What is known goes on to count for a while; where nothing is, it is tried again soon.
            return known if known and self._clock() - known.looked < OLDEST_S else Kept()
        self._kept.pop(tenant, None)
        self._kept[tenant] = found
        while len(self._kept) > MOST_TENANTS:
            del self._kept[next(iter(self._kept))]
        return found

    async def _read(self, tenant: str, known: Kept | None) -> Kept:
        now = self._clock()
        counts = await self._generations.number(tenant)
        if counts is None:
            return Kept(looked=now)
        if known and known.model and counts == (known.model.number, known.model.made_at):
            return Kept(known.model, known.figures, now)
        model = await self._generations.read(tenant)
        return Kept(model, await asyncio.to_thread(figures_of, model), now) if model else Kept(looked=now)
