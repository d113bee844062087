"""One run for one tenant: collect, fit, write, swap; under a lock, so that two processes never do it at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from analyzers import Lexicons
from indexers.building import Lease
from mappings import directory
from mappings.catalogue import Catalogue
from search.core.errors import OfficeSearchError
from search.recommend.collecting import Collecting
from search.recommend.generations import Generations
from search.recommend.model import Model
from search.recommend.people import PeopleRead
from search.recommend.runs import Busy, Outcome, Runs
from search.recommend.store import apps_of, store_of, user_ids
from search.recommend.training import Training

log = structlog.get_logger(__name__)


class Steps(Protocol):
    """Told how far a run is."""

    def step(self, name: str, total: int | None = None) -> None:
        """Begin a step of so many parts; None: nobody knows."""
        ...

    def advance(self, parts: int) -> None:
        """Do some more of the step."""
        ...


class Run:
    """Makes figures. `replicas`: of indices made from now on. `clock`: seconds since 1970."""

    def __init__(
        self,
        engine: AsyncOpenSearch,
        catalogue: Catalogue,
        lexicons: Lexicons,
        replicas: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._lexicons = lexicons
        self._clock = clock
        self.runs = Runs(engine, replicas)
        self._generations = Generations(engine, replicas)

    async def tenants(self, due_after_s: float | None = None) -> list[str]:
        """Return the tenants there are; or those alone whose last run ended so many seconds ago, or never did."""
        try:
            found = await self._engine.indices.get_alias(name=f"{directory.NAME}.*")
        except NotFoundError:
            return []
        there = sorted({alias.partition(".")[2] for about in found.values() for alias in about["aliases"]})
        if due_after_s is None:
            return there
        ended = await self.runs.outcomes()
        now = self._clock()
        return [one for one in there if one not in ended or now - ended[one].at >= due_after_s]

    async def of(self, tenant: str, steps: Steps) -> Outcome:
        """Make a tenant's figures anew, and have them count.

        Raises Busy while somebody else does, OfficeSearchError or what the engine raises where it fails: then those
        that counted before go on to.
        """
        await self.runs.prepare()
        lease = await self.runs.take(tenant)
        began = time.monotonic()
        lease.keep()
        try:
            made = await self._make(tenant, lease, steps)
        except BaseException as error:
            with suppress(OfficeSearchError, OpenSearchException):
                await asyncio.shield(self._failed(tenant, lease, time.monotonic() - began, error))
            if lease.is_lost and isinstance(error, asyncio.CancelledError):
                raise Busy(f"Another run for {tenant} has taken the place of this one; nothing was changed.") from None
            raise
        outcome = Outcome("done" if made else "nothing", self._clock(), time.monotonic() - began, lease.number)
        await self.runs.note(tenant, outcome)
        return outcome

    async def _failed(self, tenant: str, lease: Lease, seconds: float, error: BaseException) -> None:
        if await lease.give_up():
            reason = str(error)[:300] or type(error).__name__
            await self.runs.note(tenant, Outcome("failed", self._clock(), seconds, lease.number, reason))

    async def _make(self, tenant: str, lease: Lease, steps: Steps) -> bool:
        """Return whether there was anything to make figures of."""
        await self._generations.align(tenant, await self.runs.decision(tenant))
        training = await self._collected(tenant, steps)
        if training is None:
            await lease.give_up()
            return False
        before = await self._before(tenant)
        steps.step(f"{tenant}: fit")
        model = await asyncio.to_thread(training.model, lease.number, before)
        steps.step(f"{tenant}: write")
        await self._generations.write(tenant, model)
        await lease.decide()
        await self._generations.align(tenant, await self.runs.decision(tenant))
        log.info("figures_made", tenant=tenant, number=model.number, apps=len(model.apps))
        return True

    async def _before(self, tenant: str) -> Model | None:
        return await self._generations.read(tenant) if await self._generations.number(tenant) else None

    async def _collected(self, tenant: str, steps: Steps) -> Training | None:
        now = int(self._clock() * 1e6)
        contacts, store = self._catalogue.holding("user"), store_of(self._catalogue)
        steps.step(f"{tenant}: people")
        people = await PeopleRead(self._engine, tenant, now).of(await user_ids(self._engine, contacts, tenant))
        apps = await apps_of(self._engine, store, tenant)
        steps.step(f"{tenant}: use", len(people.ids))
        usage = await Collecting(self._engine, tenant, now).usage(people.ids, steps.advance)
        if usage is None or not apps:
            return None
        return Training(usage, people, apps, now, self._lexicons.of(tenant).segmenter)


async def each(
    run: Run, tenants: list[str], steps: Steps, tell: Callable[[str, str], None], due_after_s: float | None = None
) -> int:
    """Run for these tenants, one after the other; return how many failed.

    `tell`: (tenant, sentence) on how each ended. What another process does already is no failure. `due_after_s`: leave
    out those that another process has done since less than so many seconds.
    """
    failed = 0
    for tenant in tenants:
        if due_after_s is not None and tenant not in await run.tenants(due_after_s):
            continue
        sentence, is_failure = await _told(run.of(tenant, steps))
        tell(tenant, sentence)
        failed += is_failure
    return failed


async def _told(running: Awaitable[Outcome]) -> tuple[str, bool]:
    try:
        outcome = await running
    except Busy as error:
        return str(error), False
    except (OfficeSearchError, OpenSearchException) as error:
        log.error("figures_failed", error=str(error)[:300])
        return f"failed: {str(error)[:300]}", True
    if outcome.ended == "nothing":
        return "there is no use of apps yet", False
    return f"run {outcome.number} counts, made in {outcome.seconds:.1f} s", False
