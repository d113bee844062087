"""The surroundings of a message: what is asked of the engine, and what nobody can tell by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from kit import CATALOGUE, VERTICALS, message
from opensearchpy import AsyncOpenSearch

from search.access.directory import Directory
from search.access.principal import Principal, Rule, Rules, ScopedRole
from search.access.reader import Reader
from search.core.errors import Forbidden, NotFound, Unavailable
from search.query.context import NOT_THERE, Contexts

MESSAGES = VERTICALS["messages"]
ROOM, OTHER = "c-1", "c-2"
RULE = Rule("group", public=False, since_join=False, archived=False)
TEAM = ScopedRole("role:r-1", frozenset({"d-1"}))


def caller(*modules: str, within: tuple[ScopedRole, ...] | None = None) -> Principal:
    rules = Rules([{ROOM: RULE, OTHER: RULE}] * 64)
    named = frozenset({"user:u-1", "tenant:*"})
    return Principal("acme", "u-1", named, (), dict.fromkeys(modules, within), {ROOM: None}, rules)


def said(id: str, room: str) -> Mapping[str, Any]:
    data = message(id, "明天上午评审", conversation_id=room, sender_id="u-1")
    return {"conversation_id": room, "sent_at": 1, "sender_id": "u-1", "original": data}


@dataclass
class Engine:
    """Holds a message that the caller may see and one that they may not; `asked`: by kind, how much at a time."""

    fails: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def mget(self, *, body: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        self.asked.append(("mget", len(body["docs"])))
        there = {"m-seen": said("m-seen", ROOM), "m-hidden": said("m-hidden", OTHER)}
        about = {"found": True, "_version": 1, "_primary_term": 1, "_seq_no": 1}
        found = [(one["_index"] == "messages.acme" and there.get(one["_id"])) for one in body["docs"]]
        return {"docs": [{**about, "_source": source} if source else {"found": False} for source in found]}

    async def msearch(self, *, body: bytes, **_: Any) -> Mapping[str, Any]:
        count = len(body.splitlines()) // 2
        self.asked.append(("msearch", count))
        shards = {"total": 1, "successful": 1, "failed": 0}
        return {"responses": [{"timed_out": self.fails, "_shards": shards, "hits": {"hits": []}}] * count}


def contexts(engine: Engine) -> Contexts:
    client = cast(AsyncOpenSearch, engine)
    return Contexts(Reader(client, 1500), Directory(client, lambda: 1, patience_s=1), CATALOGUE)


async def test_what_can_be_seen_takes_one_search_of_both_sides() -> None:
    engine = Engine()
    found = await contexts(engine).around(caller(MESSAGES.module), "m-seen", 5, 5)
    assert found.message.snippet == "明天上午评审"
    assert engine.asked == [("mget", 1), ("msearch", 2), ("mget", 2)]


@pytest.mark.parametrize("id", ["m-hidden", "m-missing"])
async def test_what_is_hidden_takes_as_much_as_what_is_missing(id: str) -> None:
    engine = Engine()
    with pytest.raises(NotFound, match=NOT_THERE):
        await contexts(engine).around(caller(MESSAGES.module), id, 5, 5)
    assert engine.asked == [("mget", 1)]


async def test_what_can_be_no_id_is_not_asked_for() -> None:
    engine = Engine()
    for id in ("", "m:1", "x" * 129, "m-seen\n", "搜索", "\ud800"):
        with pytest.raises(NotFound, match=NOT_THERE):
            await contexts(engine).around(caller(MESSAGES.module), id, 5, 5)
    assert engine.asked == []


async def test_a_module_within_departments_shows_no_message() -> None:
    with pytest.raises(NotFound, match=NOT_THERE):
        await contexts(Engine()).around(caller(MESSAGES.module, within=(TEAM,)), "m-seen", 5, 5)


async def test_without_the_module_every_id_is_refused_alike() -> None:
    engine = Engine()
    for id in ("m-seen", "m-hidden", "m-missing", "m:1"):
        with pytest.raises(Forbidden, match=r"^You may not search messages: none of your roles has the module\.$"):
            await contexts(engine).around(caller("search.docs"), id, 5, 5)
    assert engine.asked == []


async def test_half_a_conversation_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        await contexts(Engine(fails=True)).around(caller(MESSAGES.module), "m-seen", 5, 5)
