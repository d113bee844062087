"""What would be if no membership had ended, or if all had begun: only to say why it is not so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mappings.directory import SELF
from search.access.closure import FOREVER, NEVER_BEGAN, Access, Member, reach
from search.access.parsed import parse
from search.access.standing import Assumption, as_it_is, ignoring_expiry, ignoring_start

NOW = 100


def reached(documents: Mapping[str, Access | None], assumption: Assumption) -> Mapping[str, int]:
    changed = {id: assumption(access, NOW) if access else None for id, access in documents.items()}
    return reach(["user:u"], changed, NOW).scopes


def stored(**memberships: list[Any]) -> Access:
    """A user's own document: scope → [version, since, until], or a version alone where it was removed."""
    source = {name.replace("_", ":"): value for name, value in memberships.items()}
    access: Access = parse("user:u", {SELF: [1, "active", []], **source})
    return access


def test_a_removed_membership_is_remembered_but_grants_nothing() -> None:
    access = stored(group_g=[2], group_h=[1, None, None])
    assert list(access.removed) == ["group:g"]
    documents = {"user:u": access, "group:g": None, "group:h": None}
    assert set(reached(documents, as_it_is)) == {"group:h"}
    assert set(reached(documents, ignoring_expiry)) == {"group:g", "group:h"}


def test_a_user_who_was_deleted_is_not_taken_for_a_scope() -> None:
    access: Access = parse("user:u", {SELF: [2], "group:g": [1, None, None]})
    assert (access.user, list(access.removed)) == (None, [])


def test_one_that_has_passed_goes_on_from_its_own_time() -> None:
    documents = {"user:u": stored(conversation_c=[1, 40, 60])}
    assert reached(documents, as_it_is) == {}
    assert reached(documents, ignoring_expiry) == {"conversation:c": 40}
    assert reached(documents, ignoring_start) == {}


def test_one_that_is_to_come_is_in_force() -> None:
    documents = {"user:u": stored(conversation_c=[1, 140, 160])}
    assert reached(documents, as_it_is) == {}
    assert reached(documents, ignoring_expiry) == {}
    assert set(reached(documents, ignoring_start)) == {"conversation:c"}


def test_along_a_way_through_groups_too() -> None:
    documents = {
        "user:u": stored(group_g=[1, None, None]),
        "group:g": parse("group:g", {"group:h": [2]}),
        "group:h": parse("group:h", {"folder:f": [1, None, None]}),
    }
    assert set(reached(documents, as_it_is)) == {"group:g"}
    assert set(reached(documents, ignoring_expiry)) == {"group:g", "group:h", "folder:f"}


times = st.integers(90, 110)
members = st.lists(
    st.builds(Member, st.sampled_from(["group:a", "group:b", "folder:f"]), times | st.just(NEVER_BEGAN), times),
    max_size=4,
)
accesses = st.builds(Access, st.none(), members, st.lists(st.sampled_from(["group:a", "folder:f"]), max_size=2))


@given(st.fixed_dictionaries({"user:u": accesses, "group:a": accesses, "group:b": accesses}))
def test_what_is_in_force_would_be_so_all_the_same(documents: dict[str, Access | None]) -> None:
    """Or a reason could be found in what has not changed."""
    now = set(reached(documents, as_it_is))
    assert now <= set(reached(documents, ignoring_expiry))
    assert now <= set(reached(documents, ignoring_start))


def test_a_document_as_it_is_is_the_document() -> None:
    access = stored(group_g=[1, None, None])
    assert as_it_is(access, NOW) is access
    assert access.members == [Member("group:g", NEVER_BEGAN, FOREVER)]
