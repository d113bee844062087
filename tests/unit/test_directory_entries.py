"""What each change puts into the directory, and that a batch's entries come out the same in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kit
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexers.projections import DirectoryEntries, Operation
from mappings import directory
from mappings.directory import Entry
from mappings.events import decode

TENANT = "acme"
MODELS = {name: model for entities in directory.ENTITIES.values() for name, model in entities.items()}
JOINED, LEFT = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
JOINED_MICROS, LEFT_MICROS = 1_767_225_600_000_000, 1_769_904_000_000_000


def entries(raw: bytes) -> list[Entry]:
    return list(directory.entries(decode(raw, MODELS)))


def upserted(entity: str, data: Mapping[str, Any], version: int = 7) -> list[Entry]:
    return entries(kit.event(entity, data, tenant=TENANT, version=version))


def gone(entity: str, id: str, version: int = 8) -> list[Entry]:
    return entries(kit.deleted(entity, id, tenant=TENANT, version=version))


# What a change says


def test_a_user_s_own_state_lies_among_their_memberships() -> None:
    user = kit.user("u-1", "张三", department_ids=["d-1", "d-2"], status="disabled")
    assert upserted("user", user) == [("user:u-1", "@", [7, "disabled", ["d-1", "d-2"]])]
    assert gone("user", "u-1") == [("user:u-1", "@", [8])]


def test_a_department_names_its_parent() -> None:
    assert upserted("department", {"id": "d-1", "name": "研发部", "parent_id": "d-0"}) == [
        ("departments", "d-1", [7, "d-0"])
    ]
    assert upserted("department", {"id": "d-0", "name": "总部"}) == [("departments", "d-0", [7, None])]
    assert gone("department", "d-1") == [("departments", "d-1", [8])]


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({}, ["group", False, False, False]),
        ({"public": True}, ["group", True, False, False]),
        ({"history": "since_join"}, ["group", False, True, False]),
        ({"archived": True, "kind": "channel"}, ["channel", False, False, True]),
    ],
)
def test_a_conversation_s_rules_lie_in_the_page_of_its_id(fields: dict[str, Any], rules: list[Any]) -> None:
    page = directory.conversation_page("c-1")
    assert upserted("conversation", kit.conversation("c-1", **fields)) == [(page, "c-1", [7, *rules])]
    assert gone("conversation", "c-1") == [(page, "c-1", [8])]


def test_a_role_has_its_modules_and_its_scope_or_none() -> None:
    modules = ["search.docs", "search.apps"]
    assert upserted("role", kit.role("r-1", modules)) == [("roles", "r-1", [7, modules, None])]
    scoped = kit.role("r-1", modules, department_ids=[])
    assert upserted("role", scoped) == [("roles", "r-1", [7, modules, []])]
    assert gone("role", "r-1") == [("roles", "r-1", [8])]


def test_a_membership_lies_with_whoever_is_inside() -> None:
    data = kit.member("group:g-1", "department:d-1", since=JOINED, until=LEFT)
    assert upserted("member", data) == [("department:d-1", "group:g-1", [7, JOINED_MICROS, LEFT_MICROS])]
    assert gone("member", "group:g-1|department:d-1") == [("department:d-1", "group:g-1", [8])]


def test_a_membership_without_times_is_in_force_always() -> None:
    assert upserted("member", kit.member("role:r-1", "user:u-1")) == [("user:u-1", "role:r-1", [7, None, None])]


def test_a_user_s_membership_of_a_conversation_is_kept_the_other_way_round_too() -> None:
    assert upserted("member", kit.member("conversation:c-1", "user:u-1")) == [
        ("user:u-1", "conversation:c-1", [7, None, None]),
        ("members:c-1", "user:u-1", [7, None, None]),
    ]
    assert len(upserted("member", kit.member("conversation:c-1", "department:d-1"))) == 1


def test_every_conversation_has_one_page_among_those_that_are_read() -> None:
    ids = [f"c-{number}" for number in range(2_000)]
    pages = {directory.conversation_page(id) for id in ids}
    assert pages == set(directory.CONVERSATION_PAGE_IDS)


def test_no_two_kinds_of_documents_share_an_id() -> None:
    ids = {"user:x", "department:x", "group:x", directory.DEPARTMENTS, directory.ROLES, directory.INCARNATION}
    ids |= {directory.conversation_page("x"), directory.members_page("x")}
    assert len(ids) == 8


def test_the_keys_of_a_document_are_never_taken_for_another_s() -> None:
    """Neither the state of a user nor the mark of a full page can be an id or a scope."""
    for key in (directory.SELF, directory.FULL):
        assert not any(character.isalnum() or character in "._-:|" for character in key)


# A batch


def operations(events: list[bytes], stream: str = "changes.contacts") -> list[Operation]:
    projection = DirectoryEntries(stream)
    return projection.operations((position, decode(raw, projection.entities)) for position, raw in enumerate(events))


def written(operation: Operation) -> dict[str, Any]:
    entries: dict[str, Any] = orjson.loads(operation.body)["script"]["params"]["entries"]
    return entries


def department(id: str, parent: str | None, version: int) -> bytes:
    return kit.event("department", {"id": id, "name": id, "parent_id": parent}, tenant=TENANT, version=version)


def test_a_document_is_written_once_a_batch_with_the_highest_version_of_each_key() -> None:
    batch = [
        department("d-1", "d-0", 1),
        department("d-1", "d-9", 3),
        department("d-2", None, 1),
        department("d-1", None, 2),
    ]
    (only,) = operations(batch)
    assert written(only) == {"d-1": [3, "d-9"], "d-2": [1, None]}


def test_a_failed_write_is_told_of_every_event_that_needed_it() -> None:
    (only,) = operations([department("d-1", None, 1), department("d-2", None, 1), department("d-1", None, 1)])
    assert only.sources == [0, 1, 2]


def test_tenants_never_meet_in_a_document() -> None:
    other = kit.event("department", {"id": "d-1", "name": "部"}, tenant="other", version=9)
    found = operations([department("d-1", None, 1), other])
    assert {operation.tenant: written(operation) for operation in found} == {
        "acme": {"d-1": [1, None]},
        "other": {"d-1": [9, None]},
    }


def test_only_the_pages_of_members_are_cut() -> None:
    batch = [kit.event("member", kit.member("conversation:c-1", "user:u-1"), tenant=TENANT)]
    kept = {
        op.action["update"]["_id"]: orjson.loads(op.body)["script"]["params"]["keep"]
        for op in operations(batch, "changes.access")
    }
    assert kept == {"user:u-1": 0, "members:c-1": directory.MEMBERS_KEPT}


@given(
    st.lists(
        st.tuples(st.sampled_from(["d-1", "d-2", "d-3"]), st.integers(0, 2**63 - 1)), unique=True, max_size=12
    ).flatmap(lambda versions: st.tuples(st.just(versions), st.permutations(versions * 2)))
)
def test_a_batch_comes_out_the_same_in_any_order_and_doubled(
    orders: tuple[list[tuple[str, int]], list[tuple[str, int]]],
) -> None:
    def result(versions: list[tuple[str, int]]) -> list[dict[str, Any]]:
        return [written(op) for op in operations([department(id, f"p-{version}", version) for id, version in versions])]

    assert result(orders[0]) == result(orders[1])
