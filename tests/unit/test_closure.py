"""Which scopes a user is inside: groups within groups, times along a way, departments, roles."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from mappings.directory import CONVERSATION_PAGES, page_number
from search.access.closure import (
    FOREVER,
    NEVER_BEGAN,
    Access,
    Member,
    RoleState,
    Tree,
    UserState,
    principal,
    reach,
    starts,
)
from search.access.principal import Principal, Rule, Rules

NOW = 1_000


def member(scope: str, since: int = NEVER_BEGAN, until: int = FOREVER) -> Member:
    return Member(scope, since, until)


def documents(**of: Sequence[Member]) -> dict[str, Access | None]:
    """What each of these is a member of; `group_g` stands for `group:g`."""
    return {name.replace("_", ":"): Access(None, members) for name, members in of.items()}


def rules_of(known: Mapping[str, Rule]) -> Rules:
    pages: list[dict[str, Rule]] = [{} for _ in range(CONVERSATION_PAGES)]
    for id, rule in known.items():
        pages[page_number(id)][id] = rule
    return Rules(pages)


def reached(docs: Mapping[str, Access | None], roots: Sequence[str] = ("user:u",), now: int = NOW) -> dict[str, int]:
    """The scopes reached, each with its time; everything that is needed is at hand."""
    found = reach(roots, docs, now)
    assert not found.missing
    return dict(found.scopes)


def caller(
    docs: Mapping[str, Access | None],
    *,
    departments: Mapping[str, str | None] | None = None,
    mine: Sequence[str] = (),
    roles: Mapping[str, RoleState] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> Principal:
    tree = Tree(departments or {})
    roots = starts("u", UserState(True, mine), tree)
    found = reach(roots, dict.fromkeys(roots) | dict(docs), NOW)
    return principal("acme", "u", roots, found, tree, roles or {}, rules_of(rules or {}))


class TestWays:
    def test_nobody_is_inside_anything_by_themself(self) -> None:
        assert reached(documents(user_u=[])) == {}

    def test_a_group_within_a_group(self) -> None:
        docs = documents(user_u=[member("group:a")], group_a=[member("group:b")], group_b=[member("folder:f")])
        assert set(reached(docs)) == {"group:a", "group:b", "folder:f"}

    def test_groups_that_are_inside_each_other_end(self) -> None:
        docs = documents(user_u=[member("group:a")], group_a=[member("group:b")], group_b=[member("group:a")])
        assert set(reached(docs)) == {"group:a", "group:b"}

    def test_a_group_inside_itself_ends(self) -> None:
        docs = documents(user_u=[member("group:a")], group_a=[member("group:a", since=500)])
        assert reached(docs) == {"group:a": NEVER_BEGAN}

    def test_nothing_is_inside_something_by_way_of_a_folder_role_or_conversation(self) -> None:
        ends = ("folder:x", "role:x", "conversation:x")
        docs = documents(user_u=[member(end) for end in ends]) | {
            end: Access(None, [member("group:g")]) for end in ends
        }
        assert set(reached(docs)) == set(ends)

    def test_the_latest_time_along_a_way_counts(self) -> None:
        docs = documents(user_u=[member("group:a", since=100)], group_a=[member("conversation:c", since=50)])
        assert reached(docs)["conversation:c"] == 100
        docs = documents(user_u=[member("group:a", since=50)], group_a=[member("conversation:c", since=100)])
        assert reached(docs)["conversation:c"] == 100

    def test_the_earliest_of_several_ways_wins(self) -> None:
        docs = documents(
            user_u=[member("conversation:c", since=300), member("group:a", since=100), member("group:b", since=20)],
            group_a=[member("conversation:c", since=200)],
            group_b=[member("conversation:c", since=400)],
        )
        assert reached(docs)["conversation:c"] == 200

    def test_a_longer_way_may_be_the_earlier_one(self) -> None:
        docs = documents(
            user_u=[member("group:far", since=10), member("group:near", since=90)],
            group_far=[member("group:farther")],
            group_farther=[member("group:near", since=20)],
            group_near=[member("conversation:c")],
        )
        assert reached(docs) == {"group:far": 10, "group:farther": 10, "group:near": 20, "conversation:c": 20}

    def test_departments_are_ways_in_beside_the_user(self) -> None:
        docs = documents(user_u=[], department_d=[member("group:a", since=5)], group_a=[member("folder:f")])
        assert reached(docs, ["user:u", "department:d"]) == {"group:a": 5, "folder:f": 5}


class TestTime:
    def test_in_force_when_since_is_not_after_now_and_until_is(self) -> None:
        for since, until, inside in (
            (NOW, NOW + 1, True),
            (NOW - 1, NOW + 1, True),
            (NOW + 1, NOW + 2, False),
            (NOW - 1, NOW, False),
            (NOW, NOW, False),
            (NEVER_BEGAN, FOREVER, True),
        ):
            docs = documents(user_u=[member("folder:f", since, until)])
            assert bool(reached(docs)) is inside, (since, until)

    def test_a_way_ends_where_one_membership_of_it_does(self) -> None:
        docs = documents(user_u=[member("group:a", until=NOW)], group_a=[member("folder:f")])
        assert reached(docs) == {}

    def test_the_answer_holds_until_the_next_membership_begins_or_ends(self) -> None:
        docs = documents(
            user_u=[member("group:a", until=NOW + 50), member("folder:later", since=NOW + 30), member("folder:f")],
            group_a=[member("folder:g", until=NOW + 20), member("folder:past", until=NOW - 10)],
        )
        assert reach(["user:u"], docs, NOW).until == NOW + 20

    def test_without_times_it_holds_for_ever(self) -> None:
        assert reach(["user:u"], documents(user_u=[member("folder:f")]), NOW).until == FOREVER


class TestMissing:
    def test_what_must_still_be_read_is_named(self) -> None:
        docs = documents(user_u=[member("group:a"), member("group:b"), member("folder:f")])
        assert reach(["user:u", "department:d"], docs, NOW).missing == {"group:a", "group:b", "department:d"}

    def test_a_document_that_does_not_exist_is_not_missing(self) -> None:
        docs = {**documents(user_u=[member("group:a")]), "group:a": None}
        found = reach(["user:u"], docs, NOW)
        assert (found.missing, set(found.scopes)) == (frozenset(), {"group:a"})


class TestDepartments:
    TREE = Tree({"top": None, "a": "top", "b": "a", "c": "top", "orphan": "gone"})

    def test_upwards_to_the_top(self) -> None:
        assert list(self.TREE.upwards("b")) == ["b", "a", "top"]

    def test_upwards_ends_below_an_unknown_one(self) -> None:
        assert list(self.TREE.upwards("orphan")) == ["orphan"]
        assert list(self.TREE.upwards("gone")) == []

    def test_upwards_ends_where_a_loop_would_begin(self) -> None:
        loop = Tree({"a": "b", "b": "c", "c": "a", "into": "a", "self": "self"})
        assert list(loop.upwards("into")) == ["into", "a", "b", "c"]
        assert list(loop.upwards("self")) == ["self"]

    def test_subtrees_hold_their_roots_and_all_below(self) -> None:
        assert self.TREE.subtrees(["a"]) == {"a", "b"}
        assert self.TREE.subtrees(["a", "c"]) == {"a", "b", "c"}
        assert self.TREE.subtrees(["top"]) == {"top", "a", "b", "c"}

    def test_an_unknown_root_has_no_subtree(self) -> None:
        assert self.TREE.subtrees(["gone"]) == set()

    def test_a_loop_is_its_own_subtree(self) -> None:
        loop = Tree({"a": "b", "b": "a", "below": "a", "other": None})
        assert loop.subtrees(["a"]) == {"a", "b", "below"}

    def test_a_user_starts_from_every_department_above(self) -> None:
        assert starts("u", UserState(True, ["b", "orphan", "gone"]), self.TREE) == [
            "user:u",
            *("department:a", "department:b", "department:orphan", "department:top"),
        ]


class TestPrincipal:
    def test_everybody_is_the_tenant_themself_and_their_departments(self) -> None:
        found = caller({}, departments={"top": None, "d": "top"}, mine=["d"])
        assert found.names == {"tenant:*", "user:u", "department:d", "department:top"}

    def test_groups_and_folders_exist_by_their_memberships(self) -> None:
        docs = documents(user_u=[member("group:g"), member("folder:f")], group_g=[])
        assert {"group:g", "folder:f"} <= caller(docs).names

    def test_a_role_counts_only_when_it_is_known(self) -> None:
        docs = documents(user_u=[member("role:known"), member("role:unknown")])
        found = caller(docs, roles={"known": RoleState(["search.docs"], None), "other": RoleState(["x"], None)})
        assert {name for name in found.names if name.startswith("role:")} == {"role:known"}
        assert found.modules == {"search.docs": None}

    def test_the_role_default_is_everybody_s(self) -> None:
        found = caller({}, roles={"default": RoleState(["search.docs"], None)})
        assert "role:default" in found.names
        assert found.may_call("search.docs")

    def test_a_conversation_counts_only_when_it_is_known(self) -> None:
        docs = documents(user_u=[member("conversation:c"), member("conversation:unknown")])
        found = caller(docs, rules={"c": Rule("group", False, False, False)})
        assert "conversation:c" in found.names
        assert "conversation:unknown" not in found.names
        assert found.joined == {"c": None}

    def test_only_since_join_remembers_when(self) -> None:
        docs = documents(user_u=[member(f"conversation:{id}", since=7) for id in ("all", "since")])
        docs["user:u"] = Access(None, [*docs["user:u"].members, member("conversation:always")])  # type: ignore[union-attr]
        rules = {"all": Rule("group", False, False, False)}
        rules |= {id: Rule("group", False, True, False) for id in ("since", "always")}
        assert caller(docs, rules=rules).joined == {"all": None, "since": 7, "always": None}

    def test_a_scoped_role_counts_only_within_its_departments(self) -> None:
        docs = documents(user_u=[member("role:hr")])
        found = caller(
            docs,
            departments={"top": None, "a": "top", "b": None},
            roles={"hr": RoleState(["search.docs"], ["top"])},
        )
        assert "role:hr" not in found.names
        assert list(found.names_for(["a", "top"])) == ["role:hr"]
        for outside in (["b"], ["a", "b"], []):
            assert list(found.names_for(outside)) == []
        [within] = found.modules["search.docs"] or ()
        assert within.departments == {"top", "a"}

    def test_a_role_without_bounds_makes_a_module_unbounded_in_any_order(self) -> None:
        docs = documents(user_u=[member("role:a"), member("role:b"), member("role:c")])
        bounded, free = RoleState(["m"], ["d"]), RoleState(["m"], None)
        for states in itertools.permutations([bounded, free, bounded]):
            assert caller(docs, roles=dict(zip("abc", states, strict=True))).modules == {"m": None}

    def test_several_scoped_roles_of_one_module_are_all_kept(self) -> None:
        docs = documents(user_u=[member("role:a"), member("role:b")])
        roles = {"a": RoleState(["m"], ["d"]), "b": RoleState(["m"], ["e"])}
        found = caller(docs, roles=roles, departments={"d": None, "e": None})
        assert [role.name for role in found.modules["m"] or ()] == ["role:a", "role:b"]


# An oracle that shares nothing with the product: it walks every way there is, one after the other.

SINCE = st.sampled_from([None, 0, 1, 2, 3])
UNTIL = st.sampled_from([None, 1, 2, 3, 4])
GROUPS = ("group:a", "group:b", "group:c", "group:d")
PLACES = ("user:u", "department:d", *GROUPS)
SCOPES = (*GROUPS, "folder:f", "conversation:c")


@dataclass(frozen=True)
class Edge:
    """That `inner` is a member of `outer`; None is no limit."""

    inner: str
    outer: str
    since: int | None
    until: int | None

    def in_force(self, now: int) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


def ways(place: str, edges: Sequence[Edge], now: int, been: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """(scope, latest since) at the end of every way from `place` that meets nothing twice."""
    for edge in edges:
        if edge.inner == place and edge.in_force(now) and edge.outer not in been:
            since = NEVER_BEGAN if edge.since is None else edge.since
            yield edge.outer, since
            for scope, later in ways(edge.outer, edges, now, (*been, edge.outer)):
                yield scope, max(since, later)


def told_by_the_oracle(edges: Sequence[Edge], now: int) -> dict[str, int]:
    earliest: dict[str, int] = {}
    for root in ("user:u", "department:d"):
        for scope, since in ways(root, edges, now):
            earliest[scope] = min(since, earliest.get(scope, since))
    return earliest


memberships = st.lists(
    st.builds(Edge, st.sampled_from(PLACES), st.sampled_from(SCOPES), SINCE, UNTIL),
    max_size=14,
    unique_by=lambda edge: (edge.inner, edge.outer),
)


def as_documents(edges: Sequence[Edge]) -> dict[str, Access | None]:
    found: dict[str, Access | None] = {}
    for place in PLACES:
        members = [
            member(
                edge.outer,
                NEVER_BEGAN if edge.since is None else edge.since,
                FOREVER if edge.until is None else edge.until,
            )
            for edge in edges
            if edge.inner == place
        ]
        found[place] = Access(None, members) if members else None
    return found


@given(memberships, st.integers(0, 4))
def test_every_closure_is_what_walking_all_ways_gives(edges: list[Edge], now: int) -> None:
    assert reached(as_documents(edges), ["user:u", "department:d"], now) == told_by_the_oracle(edges, now)


@given(memberships, st.integers(0, 4))
def test_reading_only_what_is_missing_leads_to_the_same(edges: list[Edge], now: int) -> None:
    everything = as_documents(edges)
    known: dict[str, Access | None] = {}
    while missing := (found := reach(["user:u", "department:d"], known, now)).missing:
        known |= {id: everything[id] for id in missing}
    assert dict(found.scopes) == told_by_the_oracle(edges, now)


@given(memberships, st.integers(0, 3))
def test_nothing_changes_before_the_time_that_is_told(edges: list[Edge], now: int) -> None:
    found = reach(["user:u", "department:d"], as_documents(edges), now)
    assert found.until > now
    for moment in range(now, min(found.until, 6)):
        assert told_by_the_oracle(edges, moment) == dict(found.scopes)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([None, *"abcdefg"])), st.sets(st.sampled_from("abcg"))
)
def test_a_department_is_in_a_subtree_when_a_root_is_above_it(parents: dict[str, str | None], roots: set[str]) -> None:
    def above(id: str | None, seen: frozenset[str] = frozenset()) -> set[str]:
        if id is None or id not in parents or id in seen:
            return set()
        return {id} | above(parents[id], seen | {id})

    assert Tree(parents).subtrees(sorted(roots)) == {id for id in parents if above(id) & roots}
