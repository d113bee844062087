"""The indexing service: follows every generation that is not retired, as generations come and go."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterable, Mapping
from typing import Literal

import structlog
from prometheus_client import Counter, Gauge

from indexers import aside
from indexers.followed import GAPS, Followed
from indexers.followers import Follower, delete_consumers
from indexers.following_up import FollowUp
from indexers.generations import Generation
from indexers.lag import lags_of
from indexers.ledgers import Ledgers
from indexers.resources import Resources
from indexers.short_way import ShortWay
from mappings import directory

log = structlog.get_logger(__name__)

Lane = Literal["access", "contents"]
"""`access`: the directory, and the short way of what takes access away. `contents`: all that has texts to analyse."""
LANES: tuple[Lane, ...] = ("access", "contents")

LOOK_S = 1.0
FOLLOW_UP_S = 5.0
LOST = Gauge("office_search_lost_indices", "Indices that were there and are gone, by collection", ["collection"])
LAG = Gauge("office_search_lag_events", "Events not yet settled by a consumer", ["consumer"])
FAILED_LOOKS = Counter(
    "office_search_failed_looks_total", "Looks at generations, consumers and gaps that came to no end"
)
IN_LINE = Counter(
    "office_search_brought_in_line_total", "Steps taken to bring all in line with the decisions", ["step"]
)
SILENT = Gauge(
    "office_search_build_silent_seconds", "Time since a build gave a sign of life; 0 without", ["collection"]
)


async def index(resources: Resources, stop: asyncio.Event, lanes: Iterable[Lane] = LANES) -> None:
    """Index until `stop` is set; with several lanes in this one process, they wait for each other."""
    await resources.registry.prepare()
    # Before any tenant's index, so that it is there when no more can be made.
    await Ledgers(resources.engine).look_after(resources.catalogue)
    # One that is as it was noted may be of an earlier version, and lack some fields.
    await aside.prepare(resources.engine)
    service = Service(resources, frozenset(lanes))
    try:
        _tune_collector()
        await service.watch(stop)
    finally:
        await service.stop()


class Service:
    """The followers of this process, kept in step with the registry."""

    def __init__(self, resources: Resources, lanes: frozenset[Lane] = frozenset(LANES)) -> None:
        self._resources = resources
        self._lanes = lanes
        self._short_way = ShortWay(resources) if "access" in lanes else None
        self._followers: dict[str, Follower] = {}
        self._states: Mapping[str, str] = {}
        self._followed_up = 0.0

    async def watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._match()
                await self._measure()
            except Exception as error:
                # The engine or the broker is away; what follows holds its batches, and this looks again.
                FAILED_LOOKS.inc()
                log.warning("could not look at the generations", error=repr(error)[:200])
            try:
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        if self._short_way:
            await self._short_way.stop()
        await asyncio.gather(*(follower.stop() for follower in self._followers.values()))
        self._followers.clear()

    async def _match(self) -> None:
        generations = [g for g in await self._resources.registry.all() if g.state != "retired"]
        wanted = {g.name: g for g in generations if self._is_followed(g)}
        for name in self._followers.keys() - wanted.keys():
            log.info("generation retired", generation=name)
            await self._retire(self._followers.pop(name))
        if "contents" in self._lanes:
            await self._follow_up(generations)
        for name in wanted.keys() - self._followers.keys():
            follower = Follower(self._resources, wanted[name])
            await follower.start()
            self._followers[name] = follower
            log.info("following", generation=name)

    def _is_followed(self, generation: Generation) -> bool:
        return ("access" if generation.collection == directory.NAME else "contents") in self._lanes

    async def _follow_up(self, generations: Iterable[Generation]) -> None:
        """Bring all in line with the decisions: when they changed, and now and then whatever happened."""
        states = {generation.name: generation.state for generation in generations}
        if states == self._states and time.monotonic() - self._followed_up < FOLLOW_UP_S:
            return
        self._states, self._followed_up = states, time.monotonic()
        await Ledgers(self._resources.engine).look_after(self._resources.catalogue)
        follow_up = FollowUp(self._resources.engine, self._resources.broker, self._resources.registry)
        for action in await follow_up.all():
            IN_LINE.labels(type(action).__name__.lower()).inc()
            log.info("brought in line", action=repr(action)[:500])
            self._states = {}  # one thing may lead to another
        made = self._resources.catalogue.made
        for collection, decision in (await self._resources.registry.decisions.of(made)).items():
            SILENT.labels(collection).set(decision.build.silent_s() if decision.build else 0)
        for collection, tenants in (await follow_up.lost(made)).items():
            LOST.labels(collection).set(len(tenants))
            if tenants:
                log.error("indices are lost; run `office-search rebuild`", collection=collection, tenants=tenants[:20])

    async def _retire(self, follower: Follower) -> None:
        await follower.stop()
        _forget(follower.generation)
        if await self._resources.registry.state(follower.generation) == "retired":
            # Started just when the build was given up, it has made its consumers anew.
            await delete_consumers(self._resources.broker, follower.generation)
            await aside.Aside(self._resources.engine, follower.generation.name).clear()

    async def _measure(self) -> None:
        if "contents" in self._lanes:
            await self._tell_gaps()
        for name, follower in list(self._followers.items()):
            if await self._follows_another(follower):
                # The follower notes the gap when it begins again, at the beginning of the new stream.
                await self._followers.pop(name).stop()
                continue
            for durable, lag in (await lags_of(follower.generation, self._resources.broker)).items():
                if lag is None:
                    # Its subscription falls silent without a word; following anew makes the consumer again.
                    log.error("consumer was deleted at the broker; following again", consumer=durable)
                    await self._followers.pop(name).stop()
                    break
                LAG.labels(durable).set(lag)
        if self._short_way:
            for durable, behind in (await self._short_way.keep_up()).items():
                LAG.labels(durable).set(behind)

    async def _follows_another(self, follower: Follower) -> bool:
        """Return whether a stream is not the one that was followed, or ends before its consumer's place."""
        for stream, epoch in follower.epochs.items():
            # In this order, as both grow.
            progress = await self._resources.broker.progress(stream, follower.generation.durable(stream))
            info = await self._resources.broker.info(stream)
            if info is None or info.epoch != epoch or (progress is not None and info.last < progress.settled):
                return True
        return False

    async def _tell_gaps(self) -> None:
        gaps = await Followed(self._resources.engine).gaps()
        GAPS.clear()
        for gap in gaps:
            GAPS.labels(gap.collection, gap.stream).set(1)


def _forget(generation: Generation) -> None:
    """Stop telling of a retired generation: what was last known of it would stand still for ever."""
    aside.ASIDE.remove(generation.name)
    for stream in generation.streams:
        LAG.remove(generation.durable(stream))


def _tune_collector() -> None:
    """Look for cycles rarely: documents are made and dropped by the thousand and hold none (+25 % throughput)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
