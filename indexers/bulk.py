"""Bulk requests that end in an answer for every operation, however often the engine must be asked."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Counter, Histogram

from indexers.indices import IndexLost, Indices
from indexers.projections import Operation
from indexers.refusals import BLOCKS, OF_INDEX, Fate, is_of_tenant, of_operation, of_request, of_single, word

log = structlog.get_logger(__name__)

MAX_REQUEST_BYTES = 16 * 1024 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_BLOCKED_S = 0.1, 10.0, 1.0
# Within its time, as an index whose shard is nowhere would hold up the others of its request for a minute. The client
# takes a parameter of that name for its own, so the whole address is written out.
_REQUEST = "/_bulk?timeout=3s&filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"

SECONDS = Histogram("office_search_bulk_seconds", "Time of one bulk request", ["collection"])
RETRIES = Counter(
    "office_search_bulk_retries_total", "Operations sent again, as the engine was away or full", ["collection"]
)
REFUSALS = Counter(
    "office_search_bulk_refusals_total", "Operations that the engine refused, by its word for it", ["type", "fate"]
)


@dataclass(frozen=True, slots=True)
class Failure:
    """The engine will never take this operation; the reason is for a human."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting(Failure):
    """The index of this operation's tenant cannot be made or written now; the reason is for a human."""


async def write(
    engine: AsyncOpenSearch, indices: Indices, operations: Sequence[Operation], patience_s: float | None = None
) -> list[Failure | None]:
    """Write all of them, in order of their outcome's list: None is written or stale.

    `patience_s`: how long to wait for one tenant's index alone; what then still waits ends as Waiting. None: for ever.

    Waits for as long as the engine is away, asks to slow down, or blocks an index (`indexers.refusals`); raises nothing
    but cancellation, an index that cannot be made, and what is no answer of the engine at all.
    """
    writing = _Writing(engine, indices, operations, patience_s)
    await writing.run()
    return writing.outcomes


class _Writing:
    """One batch on its way: what is left of it, how large its requests may be, and why it is held."""

    def __init__(
        self, engine: AsyncOpenSearch, indices: Indices, operations: Sequence[Operation], patience_s: float | None
    ) -> None:
        self.outcomes: list[Failure | None] = [None] * len(operations)
        self._engine = engine
        self._indices = indices
        self._operations = operations
        self._patience_s = patience_s
        self._most_bytes = MAX_REQUEST_BYTES
        # Of the last attempt: what the engine said to what is sent again, and whether that was too large a request.
        self._reasons: set[str] = set()
        self._is_split = False
        self._example = ""
        self._of_index: dict[int, str] = {}

    async def run(self) -> None:
        left: Sequence[int] = range(len(self._operations))
        pause, held_since, began = FIRST_PAUSE_S, 0.0, time.monotonic()
        while left := await self._attempt(left):
            RETRIES.labels(self._indices.generation.collection).inc(len(left))
            if self._is_split:
                continue
            if self._patience_s is not None and time.monotonic() - began >= self._patience_s:
                left = self._without_waiting(left)
                if not left:
                    return
            if not held_since:
                held_since = time.monotonic()
                self._say("holding the batch", left, because=self._example)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the load, guards nothing
            longest = LONGEST_BLOCKED_S if self._reasons <= BLOCKS else LONGEST_PAUSE_S
            pause = min(pause * 2, longest)
        if held_since:
            self._say("the batch is written", (), after_s=round(time.monotonic() - held_since, 1))

    def _say(self, what: str, left: Sequence[int], **more: object) -> None:
        log.warning(what, generation=self._indices.generation.name, operations=len(left), **more)

    def _without_waiting(self, left: Sequence[int]) -> list[int]:
        for position in left:
            if position in self._of_index:
                self.outcomes[position] = Waiting(self._of_index[position])
        return [position for position in left if position not in self._of_index]

    async def _attempt(self, wanted: Sequence[int]) -> list[int]:
        """Send `wanted` once; returns those that are to be sent again."""
        self._reasons, self._is_split, self._of_index = set(), False, {}
        for tenant in {self._operations[position].tenant for position in wanted}:
            try:
                await self._indices.ensure(tenant)
            except IndexLost as error:
                if self._patience_s is None:
                    raise
                # It does not come back by itself: waiting would hold up the others for nothing.
                mine = [position for position in wanted if self._operations[position].tenant == tenant]
                wanted = [position for position in wanted if self._operations[position].tenant != tenant]
                for position in mine:
                    self.outcomes[position] = Waiting(str(error))
            except OpenSearchException as error:
                if self._patience_s is None or not is_of_tenant(error):
                    if of_request(error) is not Fate.RETRY:
                        raise
                    self._hold(word(error), str(error))
                    return list(wanted)
                self._set_apart(wanted, tenant, word(error), str(error))
        again = list(self._of_index)
        wanted = [position for position in wanted if position not in self._of_index] if again else wanted
        for positions, body in self._chunks(wanted):
            again += await self._send(positions, body)
        return again

    def _set_apart(self, wanted: Sequence[int], tenant: str, kind: str, said: str) -> None:
        """Note that a tenant's part cannot be sent; it waits, while the others go on."""
        self._hold(kind, said)
        lacking = (position for position in wanted if self._operations[position].tenant == tenant)
        self._of_index |= dict.fromkeys(lacking, self._example)

    def _chunks(self, wanted: Sequence[int]) -> Iterator[tuple[list[int], bytes]]:
        """Yield parts of a batch, of a size that the engine likes; one operation is never cut."""
        positions: list[int] = []
        lines: list[bytes] = []
        size, most = 0, self._most_bytes
        for position in wanted:
            operation = self._operations[position]
            line = operation.lines(self._indices.generation.index(operation.tenant))
            if lines and size + len(line) > most:
                yield positions, b"".join(lines)
                positions, lines, size = [], [], 0
            positions.append(position)
            lines.append(line)
            size += len(line)
        if lines:
            yield positions, b"".join(lines)

    async def _send(self, positions: list[int], body: bytes) -> list[int]:
        try:
            with SECONDS.labels(self._indices.generation.collection).time():
                answer = await self._engine.transport.perform_request("POST", _REQUEST, body=body)
        except OpenSearchException as error:
            return self._refused_whole(positions, body, error)
        if not answer.get("errors"):
            return []
        again = []
        for position, item in zip(positions, answer["items"], strict=True):
            result = next(iter(item.values()))
            if result["status"] >= 300 and self._is_sent_again(position, result):
                again.append(position)
        return again

    def _refused_whole(self, positions: list[int], body: bytes, error: OpenSearchException) -> list[int]:
        fate = of_request(error) if len(positions) > 1 else of_single(error)
        REFUSALS.labels(word(error), fate.name.lower()).inc(len(positions))
        if fate is Fate.DEAD:
            self.outcomes[positions[0]] = Failure(f"the engine refused it: {word(error)}: {str(error)[:500]}")
            return []
        if fate is Fate.SPLIT:
            self._is_split = True
            self._most_bytes = min(self._most_bytes, len(body)) // 2
        self._hold(word(error), str(error))
        return positions

    def _is_sent_again(self, position: int, result: dict[str, Any]) -> bool:
        operation, error = self._operations[position], result.get("error") or {}
        kind = error.get("type", "unknown")
        fate = of_operation(result["status"], kind, scripted="update" in operation.action)
        if fate is Fate.STALE:
            return False  # a replay may hold nothing else, so it is not even counted
        REFUSALS.labels(kind, fate.name.lower()).inc()
        if fate is Fate.REMAKE:
            self._indices.forget(operation.tenant)
        if fate is Fate.DEAD:
            self.outcomes[position] = Failure(f"the engine refused it: {kind}: {error.get('reason', '')[:500]}")
            return False
        self._hold(kind, error.get("reason", ""))
        if kind in OF_INDEX:
            self._of_index[position] = self._example
        return True

    def _hold(self, kind: str, said: str) -> None:
        self._reasons.add(kind)
        self._example = f"{kind}: {said[:200]}"
