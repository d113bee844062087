"""What a client is told about what there is: only what its caller may search, with names in both languages."""

from __future__ import annotations

import pytest
from kit import CATALOGUE, VERTICALS

from search.access.principal import Principal, Rules
from search.api.described import described


def caller(*modules: str) -> Principal:
    return Principal("acme", "u-1", frozenset(), (), dict.fromkeys(modules), {}, Rules([{}]))


EVERYTHING = caller(*(vertical.module for vertical in VERTICALS.values()))


def test_everything_for_whoever_may_search_everything() -> None:
    found = described(CATALOGUE, EVERYTHING)
    assert [one.name for one in found.verticals] == ["messages", "contacts", "docs", "apps"]
    assert [one.name for one in found.filters] == ["from", "in", "type", "has", "after", "before"]


@pytest.mark.parametrize("name", VERTICALS)
def test_only_what_the_caller_may_search(name: str) -> None:
    vertical = VERTICALS[name]
    found = described(CATALOGUE, caller(vertical.module))
    assert [one.name for one in found.verticals] == [name]
    assert {one.name for one in found.filters} == {one.filter.name for one in vertical.filters}
    values = {value.value for one in found.filters for value in one.values}
    assert values == {choice.value for one in vertical.filters for choice in one.choices}


def test_of_what_the_caller_may_not_search_there_are_names_alone_in_the_order_of_tabs() -> None:
    found = described(CATALOGUE, caller("search.docs", "search.messages"))
    assert [one.name for one in found.denied] == ["contacts", "apps"]
    assert [one.labels.zh for one in found.denied] == ["联系人与群", "应用"]
    tabs = sorted([*found.verticals, *found.denied], key=lambda one: one.tab)
    assert [one.name for one in tabs] == ["messages", "contacts", "docs", "apps"]
    assert described(CATALOGUE, EVERYTHING).denied == []


def test_nothing_but_names_for_whoever_may_search_nothing() -> None:
    found = described(CATALOGUE, caller("admin.status"))
    assert (found.verticals, found.filters) == ([], [])
    assert {one.name for one in found.denied} == set(VERTICALS)


def test_a_vertical_says_what_its_hits_tell_and_where() -> None:
    found = {one.name: one for one in described(CATALOGUE, EVERYTHING).verticals}
    assert {name: one.title for name, one in found.items() if one.title != "own"} == {"messages": "conversation"}
    assert found["messages"].kind is None
    kind = found["contacts"].kind
    assert kind
    assert (kind.field, kind.otherwise, kind.filter) == ("conversation_kind", "kind", "type")
    facts = {fact.field: fact for fact in found["docs"].facts}
    line = facts["updated_at"].line
    assert line
    assert (line.zh, line.en) == ("更新于 {}", "updated {}")
    assert (facts["created_at"].line, facts["created_at"].filter, facts["created_at"].otherwise) == (None, None, None)


def test_a_vertical_says_where_links_and_pictures_are_and_from_which_hosts() -> None:
    found = described(CATALOGUE, EVERYTHING, ("pictures.example", "*.cdn.example"))
    assert found.picture_hosts == ["pictures.example", "*.cdn.example"]
    assert {one.name: (one.link, one.picture) for one in found.verticals} == {
        "messages": (None, None),
        "contacts": (None, "avatar_url"),
        "docs": ("url", None),
        "apps": ("url", "icon_url"),
    }
    assert described(CATALOGUE, EVERYTHING).picture_hosts == []


def test_a_filter_says_how_it_is_written_and_what_its_values_are() -> None:
    found = {one.name: one for one in described(CATALOGUE, EVERYTHING).filters}
    assert (found["in"].names, found["in"].parameter, found["in"].kind) == (
        ["in", "群聊"],
        "conversation",
        "conversation",
    )
    assert {name: one.kind for name, one in found.items()} == {
        "from": "person",
        "in": "conversation",
        "type": "value",
        "has": "value",
        "after": "date",
        "before": "date",
    }
    [sheet] = [value for value in found["type"].values if value.value == "sheet"]
    assert (sheet.vertical, sheet.labels.zh, sheet.labels.en) == ("docs", "表格", "Sheet")
    assert "excel" in sheet.names
