"""Readiness: engine and broker answer, and the directory has caught up with the streams.

A caller's rights come from the directory. At start it may lag: until it has taken in everything that the streams held
when this process first looked, a revocation may be missing, so no request is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Gauge

from analyzers import SUPPORTED_ANALYSIS_VERSIONS
from indexers import aside
from indexers.aside import Held
from indexers.followed import Followed
from indexers.generations import Generation, Registry
from indexers.lag import behind
from indexers.ledgers import Ledgers
from mappings import directory
from search.core import engine as engines
from search.core.errors import OfficeSearchError, Unavailable
from search.core.streams.port import Broker
from search.core.tasks import cancelled
from search.health.known import KnownTenants

log = structlog.get_logger(__name__)

UNREADY = Gauge("office_search_unready", "1 while this process answers nobody, as /readyz says")
TENANTS_BEHIND = Gauge(
    "office_search_tenants_behind", "Tenants that are not answered, as events of their directory are set aside"
)
DIRECTORY_BEHIND = Gauge(
    "office_search_directory_behind_seconds", "Time since the directory was seen to hold all of a stream", ["stream"]
)

LOOK_S = 1.0
# Seconds after which a directory that does not catch up is too old to answer by.
STALE_S = 30.0


@dataclass
class _Mark:
    """A position that a stream had at a time; its consumer must reach it."""

    position: int
    at: float


class Readiness:
    """Checks readiness once a second. `reasons` says what is missing; it is empty when ready."""

    def __init__(self, engine: AsyncOpenSearch, registry: Registry, broker: Broker, known: KnownTenants) -> None:
        """Watch through these connections; `broker` need not be open yet, so the process can start without a broker.

        `known` is looked at each time too.
        """
        self._known = known
        self._engine = engine
        self._registry = registry
        self._broker = broker
        self._marks: dict[str, _Mark] = {}
        self._caught_up: dict[str, float] = {}
        self._idle: dict[str, bool] = {}
        self._held: Mapping[str, Held] | None = None
        self._lost: Sequence[str] = ()
        self._faults: Sequence[str] = ("still starting",)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._measure()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._task:
            await cancelled(self._task)

    @property
    def reasons(self) -> list[str]:
        return [*self._faults, *self._behind()]

    @property
    def tenants_behind(self) -> Mapping[str, str]:
        """Return the tenants who are not answered, each with the reason, while the others are."""
        return {
            tenant: f"{held.events} events of its directory are set aside since {held.since}: {held.reason}"
            for tenant, held in (self._held or {}).items()
        }

    def require(self, tenant: str) -> None:
        """Raise Unavailable while the directory is not up to date for a tenant."""
        if behind := self._behind():
            raise Unavailable(behind[0])
        if self._held and tenant in self._held:
            raise Unavailable("This company's directory is not up to date; the operators are told why by /readyz.")

    async def events_behind(self, collection: str) -> int | None:
        """Return how many events a collection's serving generation is behind its streams; None if it cannot be told."""
        try:
            async with asyncio.timeout(5):
                self._require_broker()
                return await behind(self._registry, self._broker, collection)
        except (OfficeSearchError, OpenSearchException, TimeoutError) as error:
            log.warning("could not look at a consumer", collection=collection, error=repr(error)[:200])
            return None

    async def _watch(self) -> None:
        while True:
            self._faults = await self._look()
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> list[str]:
        faults = []
        try:
            await self._known.look()
        except (OfficeSearchError, OpenSearchException) as error:
            # What is known gets old, and then counts for nothing.
            log.debug("could not look at the tenants' record", error=repr(error)[:200])
        try:
            await engines.ping(self._engine)
        except Unavailable as error:
            faults.append(str(error))
        try:
            await self._broker.open()
            self._require_broker()
            async with asyncio.timeout(5):
                generations = [g for g in await self._registry.all() if g.state == "serving"]
                faults += _unsupported_analysis(generations, self._registry.catalogue.verticals)
                await self._follow(generations)
        except OfficeSearchError as error:
            faults.append(str(error))
        except Exception as error:
            log.warning("could not look at the directory's consumers", error=repr(error)[:200])
            faults.append("The directory's consumers cannot be looked at.")
        return faults

    def _require_broker(self) -> None:
        # Over a lost connection a request waits until it is found again, or times out.
        if not self._broker.is_connected:
            raise Unavailable("The broker does not answer.")

    async def _follow(self, serving: Sequence[Generation]) -> None:
        generation = next((g for g in serving if g.collection == directory.NAME), None)
        if generation is None:
            raise Unavailable("There is no directory - run `office-search index`.")
        self._lost = await self._lost_streams(generation)
        for stream in self._registry.catalogue.streams_of(directory.NAME):
            progress = await self._broker.progress(stream, generation.durable(stream))
            if progress is None:
                raise Unavailable("The directory has no consumer - run `office-search index`.")
            now = time.monotonic()
            mark = self._marks.get(stream)
            if mark is None:
                mark = self._marks[stream] = _Mark(await self._broker.end(stream), now)
            # A consumer that has just been made reports a lag of 0 for a moment, so it must be seen twice in a row.
            idle = progress.lag == 0 and self._idle.get(stream, False)
            self._idle[stream] = progress.lag == 0
            if idle or progress.settled >= mark.position:
                self._caught_up[stream] = now if idle else mark.at
                self._marks[stream] = _Mark(await self._broker.end(stream), now)
        # After the positions: what is set aside is searchable before it is settled, so that none is missed.
        self._held = (await aside.held(self._engine, [generation.name])).get(generation.name, {})

    async def _lost_streams(self, generation: Generation) -> Sequence[str]:
        """Return why the directory may lack what took somebody's access away: a stream is not the one it was made of.

        It is looked at here too, as the indexers may be away, and note a gap only when they see it.
        """
        followed = Followed(self._engine)
        gone = await Ledgers(self._engine).lost()
        lost = [f"The index {name} is gone, and what only it knew; the indexers note that as a gap." for name in gone]
        lost += [str(gap) for gap in await followed.gaps() if gap.collection == directory.NAME]
        for stream in self._registry.catalogue.streams_of(directory.NAME):
            info, epoch = await self._broker.info(stream), await followed.epoch(generation, stream)
            if epoch is not None and (info is None or info.epoch != epoch):
                lost.append(f"{stream} was lost or made anew, and the indexers have not seen it yet.")
        return lost

    def _measure(self) -> None:
        """Have the metrics computed whenever they are asked for: while nothing can be looked at they get worse, too."""
        began = time.monotonic()
        UNREADY.set_function(lambda: bool(self.reasons))
        TENANTS_BEHIND.set_function(lambda: len(self.tenants_behind))

        def behind_s(stream: str) -> float:
            return time.monotonic() - self._caught_up.get(stream, began)

        for stream in self._registry.catalogue.streams_of(directory.NAME):
            DIRECTORY_BEHIND.labels(stream).set_function(partial(behind_s, stream))

    def _behind(self) -> list[str]:
        if self._lost:
            return [*self._lost]
        now = time.monotonic()
        for stream in self._registry.catalogue.streams_of(directory.NAME):
            if stream not in self._caught_up or self._held is None:
                return [f"The directory has not caught up with {stream} yet."]
            if now - self._caught_up[stream] > STALE_S:
                return [f"The directory has been behind {stream} for {now - self._caught_up[stream]:.0f} s."]
        return []


def _unsupported_analysis(serving: Sequence[Generation], searched: Container[str]) -> list[str]:
    """Return a fault for each vertical whose generation was analysed by a version that this process does not support.

    Its queries would ask for terms that the index does not hold.
    """
    return [
        f"{generation.name} was made by another analysis - run `office-search reindex {generation.collection}`."
        for generation in serving
        if generation.collection in searched and generation.analysis_version not in SUPPORTED_ANALYSIS_VERSIONS
    ]
