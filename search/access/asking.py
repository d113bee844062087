"""Asks the engine for several parts of an answer, such that one which hangs or breaks holds up no other.

They go in one request, which is cheapest. But the engine answers that only when its last part is done: so after a while
each part is asked for by itself as well, and whatever has come in time counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException, SerializationError

from search.access.clauses import Clause
from search.core.errors import Unavailable
from search.core.tasks import cancelled

log = structlog.get_logger(__name__)

TOGETHER, AT_ALL = 0.4, 0.8
"""Of the time that is left: how long all parts are waited for in one request, and how long any of them is."""

NO_ANSWER = "The search engine does not answer; try again in a moment."
TOO_SLOW = "The search engine was too slow; try again in a moment."

Line = tuple[Clause, Clause]
"""A part of what is asked: its head, which names the index, and its body."""
Place = Mapping[str, Any]
"""A document, as a multi-get names it."""
Part = Mapping[str, Any] | None
"""What the engine says to a part; None where it was late, or what came is no answer."""


async def ask(engine: AsyncOpenSearch, lines: Sequence[Line], left_s: float, patience_s: float) -> Sequence[Part]:
    """Return the engine's answers in the order of `lines`.

    `left_s`: of the answer's time. `patience_s`: how long the client waits for one of several parts. Raises Unavailable
    when the engine is not there.
    """
    if len(lines) == 1:
        return await _msearch(engine, lines, left_s) or [None]
    ends = asyncio.get_running_loop().time() + left_s * AT_ALL
    whole = asyncio.create_task(_msearch(engine, lines, patience_s))
    apart: list[asyncio.Task[Part]] = []
    try:
        await asyncio.wait([whole], timeout=left_s * TOGETHER)
        if whole.done() and (answers := whole.result()):
            return answers
        log.warning("parts_asked_apart", parts=len(lines), reason="nonsense" if whole.done() else "too late")
        apart = [asyncio.create_task(_alone(engine, line, patience_s)) for line in lines]
        await _first_to_end(whole, apart, ends)
        if whole.done() and not whole.exception() and (answers := whole.result()):
            return answers
        return [task.result() if task.done() else None for task in apart]
    finally:
        await cancelled(whole, *apart)


async def read(
    engine: AsyncOpenSearch, needed: Sequence[Place], wished: Sequence[Place], patience_s: float
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Return documents in real time; of those that are only wished for, none where they hold up the others.

    Raises Unavailable when the needed ones do not come.
    """
    whole = asyncio.create_task(_mget(engine, [*needed, *wished], patience_s))
    apart: list[asyncio.Task[Sequence[Mapping[str, Any]]]] = []
    try:
        async with asyncio.timeout(patience_s):
            await asyncio.wait([whole], timeout=patience_s * TOGETHER if needed and wished else None)
            if not _has_come(whole) and needed and wished:
                log.warning("read_apart", needed=len(needed), wished=len(wished))
                apart = [asyncio.create_task(_mget(engine, needed, patience_s))]
                await asyncio.wait([*apart, *([] if whole.done() else [whole])], return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        pass
    finally:
        await cancelled(whole, *apart)
    if _has_come(whole):
        found = whole.result()
        return found[: len(needed)], found[len(needed) :]
    if not needed:
        return (), ()
    for task in (*apart, whole):
        if not task.cancelled():
            return task.result(), ()
    raise Unavailable(TOO_SLOW)


def _has_come(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


async def _mget(engine: AsyncOpenSearch, places: Sequence[Place], patience_s: float) -> Sequence[Mapping[str, Any]]:
    try:
        answer = await engine.mget(body={"docs": places}, request_timeout=patience_s)
    except OpenSearchException as error:
        raise Unavailable(NO_ANSWER) from error
    found = answer.get("docs") if isinstance(answer, Mapping) else None
    if not isinstance(found, list) or len(found) != len(places) or not all(isinstance(one, Mapping) for one in found):
        raise Unavailable(NO_ANSWER)
    return found


async def _first_to_end(
    whole: asyncio.Task[Sequence[Part] | None], apart: Sequence[asyncio.Task[Part]], ends: float
) -> None:
    """Wait until the one request is answered, or all of the others are, or the time is over."""
    while left := [task for task in apart if not task.done()]:
        was_done = whole.done()
        rest = ends - asyncio.get_running_loop().time()
        if rest <= 0:
            return
        waiting = left if was_done else [whole, *left]
        await asyncio.wait(waiting, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        if whole.done() and not was_done:
            return


async def _alone(engine: AsyncOpenSearch, line: Line, patience_s: float) -> Part:
    try:
        answers = await _msearch(engine, [line], patience_s)
    except Unavailable:
        return None
    return answers[0] if answers else None


async def _msearch(engine: AsyncOpenSearch, lines: Sequence[Line], patience_s: float) -> Sequence[Part] | None:
    """Return one answer a line; None for nonsense instead of a list of them, each None when the engine is late."""
    # As bytes at once: with thousands of principals it is a megabyte, and the client's own way takes it five times.
    body = b"".join(orjson.dumps(one) + b"\n" for line in lines for one in line)
    try:
        answer = await engine.msearch(body=body, request_timeout=patience_s)
    except ConnectionTimeout:
        return [None] * len(lines)
    except SerializationError:
        return None
    except OpenSearchException as error:
        raise Unavailable(NO_ANSWER) from error
    parts = answer.get("responses") if isinstance(answer, Mapping) else None
    if not isinstance(parts, list) or len(parts) != len(lines):
        return None
    return [part if _is_answer(part) else None for part in parts]


def _is_answer(part: object) -> bool:
    """Return whether a part has what every answer of a search has; what its hits hold is seen when they are read."""
    if not isinstance(part, Mapping):
        return False
    if "error" in part:
        return isinstance(part["error"], Mapping) and isinstance(part["error"].get("type"), str)
    shards, hits = part.get("_shards"), part.get("hits")
    counts = [shards.get(name) for name in ("total", "successful", "failed")] if isinstance(shards, Mapping) else []
    return bool(counts) and all(type(count) is int for count in counts) and isinstance(hits, Mapping)
