"""Prepares events in processes of their own, so that the one that writes and settles never waits for an analysis.

There are two kinds: for texts as people write them, and one for long ones, which runs only where nobody else would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

import structlog
from prometheus_client import Counter

from analyzers import Lexicons, load_lexicons
from indexers.portions import LARGE_BYTES
from indexers.preparing import Prepared, prepare
from indexers.projections import Documents, Operation
from indexers.turns import Turns
from mappings.catalogue import Catalogue
from mappings.events import decode
from search.core.log import configure

log = structlog.get_logger(__name__)

ENDED = Counter("office_search_analysis_workers_ended_total", "Processes of the analysis that ended unexpectedly")
TRIES = 3
LOWER_PRIORITY = 10
MIXED = ""


@dataclass(frozen=True)
class Beginning:
    """What a process has to know when it begins. `is_patient`: it runs only where nobody else would."""

    lexicons: Path | None
    log_level: str
    is_patient: bool = False


@dataclass
class _Crew:
    """Processes of one kind, `number` of them; `queued`: how many things more lie ready for them.

    A pool that has lost a process is of no more use, and is made anew.
    """

    number: int
    start: Beginning
    queued: int = 1
    turns: Turns = field(init=False)
    _pool: ProcessPoolExecutor | None = None

    def __post_init__(self) -> None:
        self.turns = Turns(self.number + self.queued)

    def begin(self) -> None:
        """Start the processes, as the first event would have to wait for them."""
        pool = self._pool = self._made()
        for _ in range(self.number):
            pool.submit(_is_ready)

    async def run(self, collection: str, events: Sequence[bytes], who: str) -> Prepared:
        """Prepare events when it is their turn. Raises BrokenProcessPool when a process ended meanwhile."""
        async with self.turns.turn(who):
            pool = self._pool = self._pool or self._made()
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, _prepare, collection, list(events))
            except BrokenProcessPool:
                if self._pool is pool:
                    self._pool = None
                    ENDED.inc()
                    log.error("a process of the analysis ended; another is started", collection=collection)
                    pool.shutdown(wait=False)
                raise

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _made(self) -> ProcessPoolExecutor:
        # Spawned: a copy of this process would take its connections with it.
        return ProcessPoolExecutor(self.number, get_context("spawn"), initializer=_begin, initargs=(self.start,))


class Workers:
    """The processes of one indexer. `number`: how many take ordinary texts; long ones have one besides."""

    def __init__(self, number: int, lexicons: Path | None, log_level: str) -> None:
        self._ordinary = _Crew(number, Beginning(lexicons, log_level))
        self._long = _Crew(1, Beginning(lexicons, log_level, is_patient=True))
        # One thing at a time, so that there is no doubt during which one the process ended.
        self._suspects = _Crew(1, Beginning(lexicons, log_level), queued=0)
        self._ordinary.begin()

    async def prepare(self, collection: str, events: Sequence[bytes], tenant: str | None) -> Prepared:
        """Prepare events of a collection. One during which processes end again and again is a dead letter."""
        crew = self._long if any(len(event) >= LARGE_BYTES for event in events) else self._ordinary
        try:
            return await crew.run(collection, events, MIXED if tenant is None else tenant)
        except BrokenProcessPool:
            return await self._one_by_one(collection, events)

    async def _one_by_one(self, collection: str, events: Sequence[bytes]) -> Prepared:
        operations: list[Operation] = []
        reasons: dict[int, str] = {}
        for position, event in enumerate(events):
            one = await self._suspected(collection, event)
            operations += [operation.moved(position) for operation in one.operations]
            reasons |= dict.fromkeys([position] if one.reasons else [], one.reasons.get(0, ""))
        return Prepared(operations, reasons)

    async def _suspected(self, collection: str, event: bytes) -> Prepared:
        for _ in range(TRIES):
            with suppress(BrokenProcessPool):
                return await self._suspects.run(collection, [event], MIXED)
        return Prepared([], {0: f"the process that analysed it ended, {TRIES} times"})

    def close(self) -> None:
        """End the processes, after what they have in hand."""
        for crew in (self._ordinary, self._long, self._suspects):
            crew.close()


@dataclass(frozen=True)
class InWorkers:
    """Prepares a collection's events in processes of their own."""

    workers: Workers
    collection: str

    async def prepare(self, events: Sequence[bytes], tenant: str | None = None) -> Prepared:
        return await self.workers.prepare(self.collection, events, tenant)


_catalogue: Catalogue
_lexicons: Lexicons


def _begin(beginning: Beginning) -> None:
    """Get a process ready: what it knows, how urgent it is, and that it ends with the one that started it."""
    global _catalogue, _lexicons
    # Signals to the whole group are the parent's to answer: it finishes its work first, with these.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure(beginning.log_level)
    _catalogue, _lexicons = Catalogue.installed(), load_lexicons(beginning.lexicons)
    if beginning.is_patient:
        os.nice(LOWER_PRIORITY)


def _is_ready() -> None:
    return


def _end_with_parent() -> None:
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def _prepare(collection: str, events: list[bytes]) -> Prepared:
    return prepare(decode, Documents(_catalogue.collections[collection], _lexicons), events)
