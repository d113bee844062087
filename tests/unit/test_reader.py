"""What the engine is asked, and for how long: under the caller's filter, and for what is left of one answer's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import orjson
import pytest
from kit import VERTICALS
from opensearchpy import AsyncOpenSearch

from search.access.candidates import Request
from search.access.filter import access_filter, visibility_filter
from search.access.principal import Principal, Rules, ScopedRole
from search.access.reader import Reader
from search.core.errors import Unavailable

DOCS, APPS = VERTICALS["docs"], VERTICALS["apps"]
CALLER = Principal("acme", "u-1", frozenset({"user:u-1"}), (), {DOCS.module: None, APPS.module: None}, {}, Rules([{}]))
REQUESTS = [Request(DOCS, {"match_all": {}}), Request(APPS, {"match_all": {}})]
NOTHING = {
    "_shards": {"total": 1, "successful": 1, "failed": 0},
    "hits": {"hits": [], "total": {"value": 0, "relation": "eq"}},
}


@dataclass
class SlowEngine:
    """Answers with nothing; each search takes as long as it is told to."""

    takes_s: float = 0.0
    now: float = 100.0
    searches: list[list[Mapping[str, Any]]] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)

    async def msearch(self, *, body: bytes, request_timeout: float) -> Mapping[str, Any]:
        lines = [orjson.loads(line) for line in body.splitlines()]
        self.searches.append(lines)
        self.patience.append(request_timeout)
        self.now += self.takes_s
        return {"responses": [NOTHING] * (len(lines) // 2)}

    async def mget(self, *, body: Mapping[str, Any], request_timeout: float) -> Mapping[str, Any]:
        self.patience.append(request_timeout)
        return {"docs": [{"found": False} for _ in body["docs"]]}

    def deadlines(self) -> Sequence[set[str]]:
        """Of each search, by which the engine is told to give up."""
        return [
            {line.get("timeout") or line["cancel_after_time_interval"] for line in search} for search in self.searches
        ]


def reader(engine: SlowEngine) -> Reader:
    return Reader(cast(AsyncOpenSearch, engine), 1500, lambda: engine.now)


async def test_searches_for_one_answer_share_its_time() -> None:
    engine = SlowEngine(takes_s=0.6)
    answering = reader(engine).for_one_answer()
    for _ in range(3):
        assert None not in await answering.candidates(CALLER, REQUESTS)
    assert engine.deadlines() == [{"1500ms"}, {"900ms"}, {"300ms"}]


async def test_once_the_time_is_over_the_engine_is_not_asked_and_every_part_has_failed() -> None:
    engine = SlowEngine(takes_s=1.6)
    answering = reader(engine).for_one_answer()
    await answering.candidates(CALLER, REQUESTS)
    assert await answering.candidates(CALLER, REQUESTS) == [None, None]
    with pytest.raises(Unavailable):
        await answering.count(CALLER, [(DOCS, {"all": {"match_all": {}}})])
    assert len(engine.searches) == 1


async def test_what_was_found_may_still_be_read_for_as_long_again() -> None:
    engine = SlowEngine(takes_s=1.6)
    answering = reader(engine).for_one_answer()
    await answering.candidates(CALLER, REQUESTS)
    assert await answering.current(CALLER, [(DOCS, "f-1")]) == {}
    assert engine.patience == pytest.approx([3.0, 1.4])
    engine.now += 1.5
    with pytest.raises(Unavailable, match="too slow"):
        await answering.current(CALLER, [(DOCS, "f-1")])


async def test_a_reader_for_no_answer_in_particular_begins_anew_each_time() -> None:
    engine = SlowEngine(takes_s=5.0)
    plain = reader(engine)
    for _ in range(2):
        await plain.candidates(CALLER, REQUESTS)
    assert engine.deadlines() == [{"1500ms"}] * 2


async def test_one_caller_is_answered_from_the_same_copies() -> None:
    engine = SlowEngine()
    await reader(engine).candidates(CALLER, REQUESTS)
    assert {line["preference"] for line in engine.searches[0] if "index" in line} == {"caller-u-1"}


async def test_the_engine_is_asked_nothing_without_the_caller_s_filter() -> None:
    engine = SlowEngine()
    asking, everything = reader(engine), {"match_all": {}}
    scoped = replace(CALLER, modules={DOCS.module: (ScopedRole("role:r", frozenset({"d"})),)})
    await asking.candidates(scoped, [Request(DOCS, everything)])
    await asking.search(scoped, Request(DOCS, everything))
    await asking.count(scoped, [(DOCS, {"all": everything})])
    guards = [access_filter(scoped, DOCS), visibility_filter(scoped, DOCS), access_filter(scoped, DOCS)]
    asked = [body["query"]["bool"]["filter"] for _, body in engine.searches]
    assert [guard in filters for guard, filters in zip(guards, asked, strict=True)] == [True] * 3
