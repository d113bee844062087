"""One suite over all verticals: what they store, what they index of it, and what a hit shows agree."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kit
import orjson
import pytest
from kit import CATALOGUE, COLLECTIONS, VERTICALS

from mappings.collection import ENTITY, ORIGINAL, TOMBSTONE, Collection
from mappings.entities import Entity
from mappings.events import Change, decode
from mappings.parts import Fact, Field
from mappings.usage import USAGE
from mappings.vertical import Vertical

GOLDEN = Path(__file__).parents[1] / "golden" / "mappings"
MOMENT = "2026-03-02T09:15:04.120Z"

LEAST: Mapping[str, dict[str, Any]] = {
    "user": kit.user("u-1", "张三"),
    "department": {"id": "d-1", "name": "研发部"},
    "conversation": {"id": "c-1", "kind": "direct", "history": "all", "public": False, "archived": False},
    "message": kit.message("m-1", "", conversation_id="c-1", sender_id="u-1"),
    "doc": kit.doc("f-1", "", owner_id="u-1"),
    "app": kit.app("a-1", "", allow=[]),
    "usage": {"user_id": "u-1", "app_id": "a-1", "action": "open", "at": MOMENT},
}
"""Every entity with nothing but what the contract demands, and that as empty as it may be."""

FULL: Mapping[str, dict[str, Any]] = {
    "user": kit.user(
        "u-1",
        "单田芳",
        english_name="Tian Fang",
        aliases=["老单", "Fang"],
        employee_no="E-0042",
        email="tianfang@example.com",
        phone="+86 138 0000 0000",
        title="评书演员",
        department_ids=["d-1", "d-2", "d-1"],
        manager_id="u-9",
        avatar_url="https://example.com/u-1.png",
        status="disabled",
        visible_to=["group:g-1", "user:u-2"],
        unknown={"kept": True},
    ),
    "department": {"id": "d-1", "name": "研发部", "parent_id": "d-0", "unknown": 1},
    "conversation": kit.conversation("c-1", "搜索中台项目群", public=True, archived=True, owner_id="u-1", unknown=[1]),
    "message": kit.message(
        "m-1",
        "请看 https://example.com/方案 JIRA-1234",
        conversation_id="c-1",
        sender_id="u-1",
        kind="card",
        edited_at=MOMENT,
        mentions=["u-2"],
        attachments=[
            {"name": "Q3报表.xlsx", "mime": "application/pdf", "size": 9},
            {"name": "图.png", "mime": "image/png"},
        ],
        links=["https://example.com/方案"],
        thread_id="m-0",
        card={"title": "审批", "fields": ["金额 100", {"name": "申请人", "value": "张三"}, {"name": "空"}]},
        unknown="kept",
    ),
    "doc": kit.doc(
        "f-1",
        "搜索中台方案",
        "正文第一段",
        owner_id="u-1",
        allow=["department:d-1", "role:r-1", "conversation:c-1", "tenant:*"],
        deny=["user:u-3"],
        folder_id="fo-1",
        department_ids=["d-1"],
        url="https://example.com/f-1",
        unknown=None,
    ),
    "app": kit.app(
        "a-1",
        "请假助手",
        "一键请假",
        tags=["人事", "考勤"],
        developer="人力资源部",
        department_ids=["d-1"],
        deny=["user:u-3"],
        icon_url="https://example.com/a.png",
        url="https://example.com/a-1",
        discoverable=["department:d-2"],
        request_url="https://example.com/ask",
        unknown=0,
    ),
    "usage": {"user_id": "u-1", "app_id": "a-1", "action": "rate", "value": 4.5, "at": MOMENT, "unknown": 1},
}
"""Every entity with every field of the contract, and one that the contract does not have."""

ENTITIES = [(collection, entity) for collection in COLLECTIONS.values() for entity in collection.entities]
CASES = [
    pytest.param(collection, entity, data, id=f"{entity}-{name}")
    for (collection, entity), (name, states) in itertools.product(ENTITIES, (("least", LEAST), ("full", FULL)))
    for data in (states[entity],)
]
SEARCHED = [case for case in CASES if isinstance(case.values[0], Vertical)]

every_collection = pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=list(COLLECTIONS))
every_vertical = pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
every_state = pytest.mark.parametrize(("collection", "entity", "data"), CASES)
every_searched_state = pytest.mark.parametrize(("vertical", "entity", "data"), SEARCHED)


def change(collection: Collection, entity: str, data: Mapping[str, Any]) -> Change:
    verb = "recorded" if collection is USAGE else "upserted"
    raw = kit.event(entity, data, tenant="acme", verb=verb, subject=str(data.get("id", "us-1")))
    return decode(raw, collection.entities)


def document(collection: Collection, entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
    found = change(collection, entity, data)
    return collection.document(entity, found.state, found.data)


def model(collection: Collection, entity: str) -> type[Entity]:
    return collection.entities[entity]


# What is stored


@every_collection
def test_the_mapping_is_the_one_that_was_agreed(collection: Collection) -> None:
    """A change of these files means that the vertical must be reindexed."""
    golden = GOLDEN / f"{collection.name}.json"
    assert orjson.loads(orjson.dumps(collection.mapping())) == orjson.loads(golden.read_bytes())


def test_there_is_a_mapping_for_every_file_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(COLLECTIONS)


@every_collection
def test_the_engine_makes_no_field_of_its_own(collection: Collection) -> None:
    mapping = collection.mapping()
    assert mapping["dynamic"] is False
    assert mapping["properties"][ORIGINAL] == {"type": "object", "enabled": False}


@every_collection
def test_analysed_terms_are_not_stored_as_they_can_be_made_again(collection: Collection) -> None:
    mapping = collection.mapping()
    analysed = {name for name, field in mapping["properties"].items() if field["type"] == "text"}
    assert set(mapping["_source"].get("excludes", ())) == analysed


@every_collection
def test_analysed_terms_reach_the_engine_separated_by_blanks(collection: Collection) -> None:
    for field in collection.properties.values():
        assert field["type"] != "text" or field["analyzer"] == "whitespace"


@every_state
def test_every_field_of_a_document_is_in_the_mapping(collection: Collection, entity: str, data: dict[str, Any]) -> None:
    assert set(document(collection, entity, data)) <= set(collection.mapping()["properties"])


@every_state
def test_every_value_fits_its_field(collection: Collection, entity: str, data: dict[str, Any]) -> None:
    types = {"keyword": str, "text": str, "long": int, "integer": int, "boolean": bool}
    found = document(collection, entity, data)
    for name, value in found.items():
        if name != ORIGINAL:
            expected = types[collection.mapping()["properties"][name]["type"]]
            assert all(type(one) is expected for one in _values(value)), name


@every_state
def test_the_whole_data_are_kept_as_they_came(collection: Collection, entity: str, data: dict[str, Any]) -> None:
    assert document(collection, entity, data)[ORIGINAL] == data


@every_state
def test_what_is_stored_rebuilds_the_same_document(collection: Collection, entity: str, data: dict[str, Any]) -> None:
    first = document(collection, entity, data)
    assert collection.entity_of(first) == entity
    assert document(collection, collection.entity_of(first), first[ORIGINAL]) == first


@pytest.mark.parametrize(("collection", "entity"), ENTITIES, ids=[entity for _, entity in ENTITIES])
def test_every_field_of_the_contract_is_among_the_cases(collection: Collection, entity: str) -> None:
    assert model(collection, entity).model_fields.keys() <= FULL[entity].keys()


@pytest.mark.parametrize(("collection", "entity"), ENTITIES, ids=[entity for _, entity in ENTITIES])
def test_a_tombstone_holds_no_text_and_admits_nobody(collection: Collection, entity: str) -> None:
    tombstone = collection.document(entity, None, None)
    assert {name: value for name, value in tombstone.items() if name != ENTITY} == TOMBSTONE
    assert set(tombstone) <= set(collection.mapping()["properties"])
    assert collection.entity_of(tombstone) == entity


@every_collection
def test_entities_of_the_same_id_are_different_documents(collection: Collection) -> None:
    ids = {collection.document_id(entity, "x-1") for entity in collection.entities}
    assert len(ids) == len(collection.entities)


@pytest.mark.parametrize(("collection", "entity"), ENTITIES, ids=[entity for _, entity in ENTITIES])
def test_no_document_s_id_is_longer_than_the_engine_takes(collection: Collection, entity: str) -> None:
    assert len(collection.document_id(entity, "x" * 128).encode()) <= 512


# What is searched


@every_vertical
def test_what_a_vertical_says_about_its_fields_is_in_its_mapping(vertical: Vertical) -> None:
    ranking = vertical.ranking
    ranked = {field.name for field in (ranking.recency, ranking.demoted, ranking.near) if field}
    assert ranked | {one.field.name for one in vertical.filters} <= set(vertical.properties)
    assert {name for text in vertical.matching.texts for name in text.fields} <= set(vertical.properties)


@every_vertical
def test_every_part_owns_its_fields_and_fills_them_alone(vertical: Vertical) -> None:
    owned = [name for part in vertical.parts for name in part.properties()]
    assert len(owned) == len(set(owned))
    for entity in vertical.entities:
        state = change(vertical, entity, FULL[entity]).state
        for part in vertical.parts:
            assert set(part.values(state, None)) <= set(part.properties())


def test_two_parts_that_own_one_field_are_an_error() -> None:
    docs = VERTICALS["docs"]
    twice = dataclasses.replace(docs, stored=(Field("title_words", lambda _: "x"),))
    with pytest.raises(ValueError, match="two parts own the field 'title_words'"):
        twice.mapping()


@every_vertical
def test_parts_stay_small(vertical: Vertical) -> None:
    parts = (vertical, vertical.storage, vertical.display, *vertical.parts, *vertical.matching.texts)
    assert all(len(dataclasses.fields(part)) < 12 for part in parts)


@every_vertical
def test_the_fields_that_decide_access_are_exact_ones(vertical: Vertical) -> None:
    fields = {"conversation_id"} if vertical.in_conversations else {"allow"}
    assert all(vertical.properties[field] == {"type": "keyword"} for field in fields)


def test_a_filter_is_declared_once_and_its_names_are_its_own() -> None:
    declared = [one.filter for vertical in VERTICALS.values() for one in vertical.filters]
    assert {id(one) for one in declared} == {id(one) for one in CATALOGUE.filters.values()}
    names = [name for one in CATALOGUE.filters.values() for name in (one.name, *one.names)]
    assert len(names) == len(set(names))
    assert all(2 <= len(name) <= 20 and name.isalpha() and name == name.lower() for name in names)


@every_vertical
def test_everything_has_a_name_in_both_languages(vertical: Vertical) -> None:
    labels = [vertical.display.labels, *(fact.labels for fact in facts(vertical))]
    labels += [one.filter.labels for one in vertical.filters]
    labels += [choice.labels for one in vertical.filters for choice in one.choices]
    assert all(one.zh and one.en for one in labels)


def facts(vertical: Vertical) -> list[Fact]:
    return [*([vertical.display.kind] if vertical.display.kind else []), *vertical.display.facts]


@every_vertical
def test_a_fact_s_line_has_a_place_for_its_value_in_both_languages(vertical: Vertical) -> None:
    lines = [fact.line for fact in facts(vertical) if fact.line]
    assert all(text.count("{}") == 1 for line in lines for text in (line.zh, line.en))


@every_vertical
def test_a_fact_s_filter_is_one_of_its_vertical_s(vertical: Vertical) -> None:
    named = {fact.filter for fact in facts(vertical)} - {""}
    assert named <= {one.filter.name for one in vertical.filters}


@every_vertical
def test_every_fact_is_one_that_some_hit_has(vertical: Vertical) -> None:
    shown = {name for entity in vertical.entities for name in vertical.display.show(entity, FULL[entity]).fields}
    joined = vertical.display.joined
    shown |= set(joined.people.values()) if joined else set()
    assert {fact.field for fact in facts(vertical)} <= shown


@every_vertical
def test_links_and_pictures_are_where_it_says_in_hits_and_in_suggestions(vertical: Vertical) -> None:
    """At least one kind of hit has them; of what a suggestion tells everything is told by a hit, in the same words."""
    display, suggested = vertical.display, vertical.suggested
    hits = {entity: display.show(entity, FULL[entity]).fields for entity in vertical.entities}
    assert {display.link, display.picture} - {""} <= {name for fields in hits.values() for name in fields}
    for entity, fields in hits.items() if suggested else ():
        told = suggested.fields(entity, FULL[entity]) if suggested else {}
        assert told.items() <= fields.items()
        assert fields.keys() & {display.link, display.picture} <= told.keys()
        assert fields.keys() & {"kind", "conversation_kind", "status"} <= told.keys()


@every_searched_state
def test_every_kind_of_hit_has_a_name(vertical: Vertical, entity: str, data: dict[str, Any]) -> None:
    """What the page says first in the line below a hit; docs alone may have kinds that nobody declared."""
    kind, shown = vertical.display.kind, vertical.display.show(entity, data).fields
    if kind:
        values = {choice.value for one in vertical.filters if one.filter.name == kind.filter for choice in one.choices}
        assert shown.get(kind.field, shown.get(kind.otherwise)) in values


@every_searched_state
def test_every_document_says_whom_it_admits(vertical: Vertical, entity: str, data: dict[str, Any]) -> None:
    found = document(vertical, entity, data)
    if vertical.in_conversations:
        assert found["conversation_id"] == data["conversation_id"]
        assert isinstance(found["sent_at"], int)
    else:
        assert isinstance(found["allow"], list)


@every_vertical
def test_each_vertical_has_its_own_module_name_and_place(vertical: Vertical) -> None:
    others = [other for other in VERTICALS.values() if other is not vertical]
    place = vertical.ranking.order
    assert all(place != other.ranking.order for other in others)
    assert vertical.module == f"search.{vertical.name}"
    assert vertical.stream == f"changes.{vertical.name}"


# What is shown


@every_searched_state
def test_a_hit_can_be_shown_from_the_stored_original_alone(
    vertical: Vertical, entity: str, data: dict[str, Any]
) -> None:
    shown = vertical.display.show(entity, orjson.loads(orjson.dumps(document(vertical, entity, data)[ORIGINAL])))
    assert shown.title is None or isinstance(shown.title, str)
    assert all(isinstance(passage, str) for passage in shown.passages)
    assert orjson.dumps(shown.fields)


@every_searched_state
def test_what_is_shown_holds_no_principals_and_nothing_that_the_contract_does_not_know(
    vertical: Vertical, entity: str, data: dict[str, Any]
) -> None:
    shown = vertical.display.show(entity, data).fields
    ours = {"kind", "conversation_kind"}
    assert set(shown) <= set(model(vertical, entity).model_fields) | ours
    assert not set(shown) & {"allow", "deny", "visible_to", "unknown", "manager_id"}


# Vertical by vertical: who is admitted


def test_a_doc_s_folder_admits_too_and_its_owner_is_kept_apart() -> None:
    found = document(VERTICALS["docs"], "doc", FULL["doc"])
    assert found["allow"] == [*FULL["doc"]["allow"], "folder:fo-1"]
    assert found["deny"] == ["user:u-3"]
    assert found["owner"] == "u-1"


def test_an_app_without_allow_admits_nobody() -> None:
    found = document(VERTICALS["apps"], "app", LEAST["app"])
    assert found["allow"] == []
    assert "owner" not in found


def test_a_user_without_visible_to_is_everyone_s_and_an_empty_one_admits_nobody_but_themself() -> None:
    contacts = VERTICALS["contacts"]
    assert document(contacts, "user", LEAST["user"])["allow"] == ["tenant:*"]
    hidden = document(contacts, "user", kit.user("u-1", "张三", visible_to=[]))
    assert (hidden["allow"], hidden["owner"]) == ([], "u-1")


def test_a_conversation_admits_its_members_and_everyone_only_when_public() -> None:
    contacts = VERTICALS["contacts"]
    assert document(contacts, "conversation", LEAST["conversation"])["allow"] == ["conversation:c-1"]
    assert document(contacts, "conversation", FULL["conversation"])["allow"] == ["conversation:c-1", "tenant:*"]


@pytest.mark.parametrize("entity", ["user", "doc", "app"])
def test_departments_are_counted_once_each_so_that_a_role_s_scope_can_demand_all_of_them(entity: str) -> None:
    collection = next(c for c, name in ENTITIES if name == entity)
    found = document(collection, entity, FULL[entity])
    assert found["departments"] == len(set(found["department_ids"]))


@pytest.mark.parametrize(
    ("fields", "features"),
    [
        ({}, None),
        ({"kind": "file"}, ["file"]),
        ({"kind": "image"}, ["image"]),
        ({"attachments": [{"name": "a.png", "mime": "image/png"}]}, ["file", "image"]),
        ({"links": ["https://example.com"]}, ["link"]),
        ({"text": "看 https://example.com"}, ["link"]),
    ],
)
def test_what_a_message_has(fields: dict[str, Any], features: list[str] | None) -> None:
    found = document(VERTICALS["messages"], "message", LEAST["message"] | fields)
    assert found.get("has") == features


def _values(value: Any) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else [value])


def write_golden() -> None:
    """Run as a program, this file writes the golden mappings anew."""
    for collection in COLLECTIONS.values():
        text = orjson.dumps(collection.mapping(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        (GOLDEN / f"{collection.name}.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    write_golden()
