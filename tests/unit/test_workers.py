"""Events that are prepared in processes of their own, which may end at any time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import kit
import pytest
from kit import VERTICALS

from analyzers import Lexicons
from indexers.portions import LARGE_BYTES
from indexers.preparing import OnTheLoop, Prepared
from indexers.projections import Documents
from indexers.workers import TRIES, Workers, _Crew
from mappings.events import decode

TEXT = "年假申请的流程是什么？Please ask chenkai168 about MySQL8集群。"


def docs(number: int, size: int = 1) -> list[bytes]:
    return [kit.event("doc", kit.doc(f"f-{n}", TEXT * size, owner_id="u-1"), tenant="acme") for n in range(number)]


async def on_the_loop(events: Sequence[bytes]) -> Prepared:
    return await OnTheLoop(decode, Documents(VERTICALS["docs"], Lexicons())).prepare(events)


def pids(crew: _Crew) -> list[int]:
    assert crew._pool
    return list(crew._pool._processes)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1, None, "INFO")
    yield made
    made.close()


async def test_it_is_the_same_as_on_the_loop(workers: Workers) -> None:
    events = [*docs(3), b"{", *docs(1, size=LARGE_BYTES // 20)]
    found = await workers.prepare("docs", events, None)
    assert found == await on_the_loop(events)
    assert list(found.reasons) == [3]
    assert pids(workers._long) != pids(workers._ordinary)


async def test_a_process_that_is_killed_costs_nothing(workers: Workers) -> None:
    events = docs(40, size=400)
    [pid] = pids(workers._ordinary)
    working = asyncio.create_task(workers.prepare("docs", events, None))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    found = await working
    assert found.reasons == {}
    assert [(one.action, one.sources) for one in found.operations] == [
        (one.action, one.sources) for one in (await on_the_loop(events)).operations
    ]
    assert await workers.prepare("docs", docs(2), None) == await on_the_loop(docs(2))


async def test_only_the_event_that_ends_processes_is_given_up(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = docs(5)
    tried = []
    run = _Crew.run

    async def breaks(self: _Crew, collection: str, given: Sequence[bytes], who: str) -> Prepared:
        if events[3] in given:
            tried.append(len(given))
            raise BrokenProcessPool
        return await run(self, collection, given, who)

    monkeypatch.setattr(_Crew, "run", breaks)
    found = await workers.prepare("docs", events, None)
    assert found.reasons == {3: f"the process that analysed it ended, {TRIES} times"}
    assert [one.sources for one in found.operations] == [(0,), (1,), (2,), (4,)]
    assert tried == [5] + [1] * TRIES


async def test_a_faulty_event_keeps_its_place_when_they_go_one_by_one(workers: Workers) -> None:
    found = await workers._one_by_one("docs", [*docs(1), b"{", *docs(1)])
    assert list(found.reasons) == [1]
    assert [one.sources for one in found.operations] == [(0,), (2,)]


async def test_words_of_a_tenant_s_own_are_known_there(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "words.txt").write_text("申请的流程\n", encoding="utf-8")
    made = Workers(1, tmp_path, "INFO")
    try:
        with_words = await made.prepare("docs", docs(1), None)
    finally:
        made.close()
    assert with_words.operations[0].body != (await on_the_loop(docs(1))).operations[0].body
