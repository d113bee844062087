"""Bulk requests that end in an answer for every operation, however often the engine must be asked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Counter, Histogram

from indexers.indices import IndexLost, Indices
from indexers.projections import Operation
from mappings import directory
from search.core.engine import is_overload

log = structlog.get_logger(__name__)

MAX_REQUEST_BYTES = 16 * 1024 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
_ANSWER = {"filter_path": "errors,items.*.status,items.*.error.type,items.*.error.reason"}

SECONDS = Histogram("office_search_bulk_seconds", "Time of one bulk request", ["collection"])
RETRIES = Counter(
    "office_search_bulk_retries_total", "Operations sent again, as the engine was away or full", ["collection"]
)


@dataclass(frozen=True, slots=True)
class Failure:
    """The engine will never take this operation; the reason is for a human."""

    reason: str


@dataclass(frozen=True, slots=True)
class Held(Failure):
    """The operation cannot be written for now, for a reason that is its tenant's alone; its events must come again."""


async def write(engine: AsyncOpenSearch, indices: Indices, operations: Sequence[Operation]) -> list[Failure | None]:
    """Write all of them, in order of their outcome's list: None is written or stale.

    Waits for as long as the engine is away or asks to slow down; raises nothing but cancellation and what is no
    answer of the engine at all.
    """
    outcomes: list[Failure | None] = [None] * len(operations)
    left = list(range(len(operations)))
    pause = FIRST_PAUSE_S
    while left:
        left = await _attempt(engine, indices, operations, left, outcomes)
        if left:
            RETRIES.labels(indices.generation.collection).inc(len(left))
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the load, guards nothing
            pause = min(pause * 2, LONGEST_PAUSE_S)
    return outcomes


async def _attempt(
    engine: AsyncOpenSearch,
    indices: Indices,
    operations: Sequence[Operation],
    wanted: Sequence[int],
    outcomes: list[Failure | None],
) -> list[int]:
    """Send `wanted` once; returns those that are to be sent again."""
    again: list[int] = []
    try:
        lost = await _ensure(indices, {operations[position].tenant for position in wanted})
    except OpenSearchException as error:
        if not is_overload(error):
            raise
        log.warning("engine away; holding the batch", error=str(error)[:200])
        return list(wanted)
    # One held event would keep the directory behind its stream, and so everybody from being answered. With the dead
    # letters it holds up nobody, and the rebuild that must follow reads it from the stream again.
    outcome = Failure if indices.generation.collection == directory.NAME else Held
    for position in wanted:
        if reason := lost.get(operations[position].tenant):
            outcomes[position] = outcome(reason)
    wanted = [position for position in wanted if operations[position].tenant not in lost]
    for chunk in _chunks(indices, operations, wanted):
        again += await _send(engine, indices, operations, chunk, outcomes)
    return again


async def _ensure(indices: Indices, tenants: Iterable[str]) -> dict[str, str]:
    """Make the indices that are not there. Return, by tenant, why nothing can be written to one that is lost."""
    lost = {}
    for tenant in tenants:
        try:
            await indices.ensure(tenant)
        except IndexLost as error:
            lost[tenant] = str(error)
    return lost


def _chunks(
    indices: Indices, operations: Sequence[Operation], wanted: Sequence[int]
) -> Iterator[tuple[list[int], bytes]]:
    """Yield parts of a batch, of a size that the engine likes; one operation is never cut."""
    positions: list[int] = []
    lines: list[bytes] = []
    size = 0
    for position in wanted:
        operation = operations[position]
        line = operation.lines(indices.generation.index(operation.tenant))
        if lines and size + len(line) > MAX_REQUEST_BYTES:
            yield positions, b"".join(lines)
            positions, lines, size = [], [], 0
        positions.append(position)
        lines.append(line)
        size += len(line)
    if lines:
        yield positions, b"".join(lines)


async def _send(
    engine: AsyncOpenSearch,
    indices: Indices,
    operations: Sequence[Operation],
    chunk: tuple[list[int], bytes],
    outcomes: list[Failure | None],
) -> list[int]:
    positions, body = chunk
    try:
        with SECONDS.labels(indices.generation.collection).time():
            answer = await engine.bulk(body=body, params=_ANSWER)
    except OpenSearchException as error:
        if not is_overload(error):
            raise
        log.warning("engine away or full; holding the batch", error=str(error)[:200])
        return positions
    if not answer.get("errors"):
        return []
    again = []
    for position, item in zip(positions, answer["items"], strict=True):
        result = next(iter(item.values()))
        if _is_retried(result, operations[position], indices):
            again.append(position)
        else:
            outcomes[position] = _outcome(result, operations[position])
    return again


def _is_retried(result: dict[str, Any], operation: Operation, indices: Indices) -> bool:
    if result["status"] == 404:
        indices.forget(operation.tenant)
        return True
    # A scripted update that lost every race is not stale, as an external version's conflict is.
    return result["status"] in (429, 502, 503, 504) or (result["status"] == 409 and "update" in operation.action)


def _outcome(result: dict[str, Any], operation: Operation) -> Failure | None:
    error = result.get("error")
    if error is None or result["status"] == 409:
        return None
    return Failure(f"the engine refused it: {error.get('type')}: {error.get('reason', '')[:500]}")
