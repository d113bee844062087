"""What is noted ahead of a document narrows who sees it, and never gives anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import kit
import pytest
from kit import VERTICALS
from opensearchpy import AsyncOpenSearch

from mappings import withdrawals
from mappings.withdrawals import NOTHING_WITHDRAWN, Withdrawal
from search.access.filter import access_filter, as_noted, withdrawn_ids
from search.access.parsed import parse
from search.access.principal import Principal, Rules
from search.access.reader import Reader

DOCS, MESSAGES, CONTACTS = VERTICALS["docs"], VERTICALS["messages"], VERTICALS["contacts"]
MODULES = dict.fromkeys(vertical.module for vertical in VERTICALS.values())
PLAIN = Principal("acme", "u", frozenset({"user:u", "tenant:*"}), (), MODULES, {}, Rules([{}]))
MINE, NOBODYS = {"allow": ["user:u"], "deny": []}, {"allow": [], "deny": []}


def caller(lists: Mapping[str, Any], version: int = 7, key: str = "docs/f-1") -> Principal:
    return PLAIN.with_withdrawals({key: Withdrawal(version, lists)})


def stored(lists: Mapping[str, Any], version: int = 6) -> dict[str, Any]:
    document = {**lists, "original": {"title": "方案"}}
    return {"found": True, "_version": version, "_source": document, "_primary_term": 1, "_seq_no": 3}


def reader(found: Mapping[str, Any]) -> Reader:
    """One over an engine that holds a document so."""

    class Engine:
        async def mget(self, **_: Any) -> Any:
            assert found
            return {"docs": [found]}

    return Reader(cast(AsyncOpenSearch, Engine()), 1000)


async def seen(who: Principal, found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the reader gives of a document that the engine holds so."""
    answer = await reader(found).current(who, [(DOCS, "f-1")])
    return answer["docs", "f-1"].document if answer else None


def test_the_filter_leaves_out_what_is_taken_away() -> None:
    guard = access_filter(caller(NOBODYS), DOCS)
    assert guard["bool"]["must_not"] == [{"ids": {"values": ["f-1"]}}]
    assert guard["bool"]["filter"] == [access_filter(PLAIN, DOCS)]


@pytest.mark.parametrize("lists", [MINE, {**NOBODYS, "owner": "u"}, {"allow": ["tenant:*"]}])
def test_who_may_still_see_it_is_asked_nothing_more(lists: Mapping[str, Any]) -> None:
    assert access_filter(caller(lists), DOCS) == access_filter(PLAIN, DOCS)
    assert withdrawn_ids(caller(lists), DOCS) == []


def test_an_entry_is_of_one_vertical() -> None:
    assert access_filter(caller(NOBODYS, key="apps/f-1"), DOCS) == access_filter(PLAIN, DOCS)
    assert withdrawn_ids(caller(NOBODYS, key="contacts/user:u-2"), CONTACTS) == ["user:u-2"]


async def test_an_older_document_is_seen_under_both_lists() -> None:
    assert await seen(caller(NOBODYS), stored(MINE)) is None
    assert await seen(caller(MINE), stored(NOBODYS)) is None
    assert await seen(caller({**MINE, "owner": "v"}), stored(MINE)) == {**stored(MINE)["_source"], "owner": "v"}


async def test_a_document_that_is_as_new_speaks_for_itself() -> None:
    for version in (7, 8):
        assert await seen(caller(NOBODYS), stored(MINE, version)) == stored(MINE)["_source"]


@pytest.mark.parametrize(
    ("found", "taken"),
    [({"found": True, "_version": version}, ["f-1"] if version < 7 else []) for version in (6, 7, 8)]
    + [({"found": False}, ["f-1"]), ({"error": {"type": "shard_not_found_exception"}}, ["f-1"])],
)
async def test_what_is_written_by_now_is_left_out_of_searches_no_more(
    found: Mapping[str, Any], taken: list[str]
) -> None:
    other = {"docs/f-2": Withdrawal(7, MINE), "apps/f-1": Withdrawal(7, NOBODYS)}
    who = PLAIN.with_withdrawals({"docs/f-1": Withdrawal(7, NOBODYS), **other})
    ahead = await reader(found)._ahead(who, [DOCS])
    assert withdrawn_ids(ahead, DOCS) == taken
    assert other.items() <= ahead.withdrawals.items()
    # Whoever loses nothing by it asks the engine nothing.
    assert await reader({})._ahead(caller(MINE), [DOCS]) == caller(MINE)


def test_what_the_newer_state_does_not_name_counts_no_more() -> None:
    document = {"allow": [], "owner": "u", "deny": ["user:v"], "department_ids": ["d-1"], "title": "方案"}
    assert as_noted(caller({"allow": []}), DOCS, "f-1", 6, document) == {"allow": [], "title": "方案"}
    assert as_noted(caller({"allow": []}), DOCS, "f-2", 6, document) is document


def test_a_conversation_decides_over_messages_and_nothing_is_noted_of_them() -> None:
    message = kit.message("m-1", "你好", conversation_id="c-1", sender_id="u-1")
    assert withdrawals.lists(MESSAGES, MESSAGES.entities["message"].model_validate(message)) is None
    doc = kit.doc("f-1", "方案", owner_id="u-1", allow=["user:u"], folder_id="x")
    assert withdrawals.lists(DOCS, DOCS.entities["doc"].model_validate(doc)) == {
        "owner": "u-1",
        "allow": ["user:u", "folder:x"],
        "deny": [],
        "department_ids": [],
    }


def test_what_is_stored_is_read_as_it_was_noted() -> None:
    noted = Withdrawal(2**62, {"allow": ["user:u"]})
    assert parse(withdrawals.PAGE_IDS[0], {"docs/f-1": noted.stored()}) == {"docs/f-1": noted}
    assert withdrawals.page("docs/f-1") in withdrawals.PAGE_IDS


def test_two_callers_that_differ_in_nothing_else_are_equal() -> None:
    assert caller(NOBODYS) == PLAIN == replace(PLAIN)
    assert PLAIN.with_withdrawals(NOTHING_WITHDRAWN) is PLAIN
    known = PLAIN.sorted_names
    assert caller(MINE).sorted_names == known


def test_who_may_discover_a_document_is_among_its_lists() -> None:
    """So that whoever is no longer told of an app is not for another second."""
    apps = VERTICALS["apps"]
    state = apps.entities["app"].model_validate(kit.app("a-1", "甲", allow=[], discoverable=["tenant:*"]))
    lists = {"allow": [], "deny": [], "discoverable": ["tenant:*"], "department_ids": []}
    assert withdrawals.lists(apps, state) == lists
    narrowed = caller({**lists, "discoverable": []}, key="apps/a-1")
    assert withdrawn_ids(PLAIN.with_withdrawals({"apps/a-1": Withdrawal(7, lists)}), apps) == []
    assert withdrawn_ids(narrowed, apps) == ["a-1"]
