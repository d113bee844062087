"""The access filter: its shape, and that it says the same as the check of one document and as the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from filterkit import engine_says, rules
from hypothesis import example, given
from hypothesis import strategies as st
from kit import VERTICALS

from mappings.vertical import Vertical
from search.access.filter import (
    MOST_TERMS,
    NOTHING,
    SINCE_JOINED,
    access_filter,
    admits,
    admits_module,
    met,
    module_refusal,
    refusal,
    visibility_filter,
)
from search.access.principal import Principal, Rule, ScopedRole
from search.access.refusal import Refusal

MESSAGES, CONTACTS, DOCS, APPS = (VERTICALS[name] for name in ("messages", "contacts", "docs", "apps"))


def group(*, public: bool = False, since_join: bool = False) -> Rule:
    return Rule("group", public, since_join, archived=False)


def caller(**more: Any) -> Principal:
    """A caller with every module and nothing else, unless told otherwise."""
    plain = Principal(
        tenant="acme",
        user="u",
        names=frozenset({"tenant:*", "user:u"}),
        roles=(),
        modules=dict.fromkeys(vertical.module for vertical in VERTICALS.values()),
        joined={},
        rules=rules(),
    )
    return replace(plain, **more)


class TestShape:
    @pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
    def test_without_the_module_nothing_at_all(self, vertical: Vertical) -> None:
        assert access_filter(caller(modules={}), vertical) == NOTHING == {"match_none": {}}

    def test_messages_of_whole_conversations(self) -> None:
        known = rules(a=group(), b=group(), p=group(public=True))
        assert access_filter(caller(joined={"b": None, "a": None}, rules=known), MESSAGES) == {
            "terms": {"conversation_id": ["a", "b", "p"]}
        }

    def test_messages_since_joining_are_one_clause_for_any_number_of_conversations(self) -> None:
        found = access_filter(caller(joined={"b": 7, "a": 5, "c": None}), MESSAGES)
        script = {"lang": "painless", "source": SINCE_JOINED, "params": {"since": {"a": 5, "b": 7}}}
        assert found == {
            "bool": {
                "should": [
                    {"terms": {"conversation_id": ["c"]}},
                    {"bool": {"filter": [{"terms": {"conversation_id": ["a", "b"]}}, {"script": {"script": script}}]}},
                ],
                "minimum_should_match": 1,
            }
        }

    def test_a_public_conversation_is_read_whole_whenever_one_joined(self) -> None:
        known = rules(p=group(public=True, since_join=True))
        assert access_filter(caller(joined={"p": 5}, rules=known), MESSAGES) == {"terms": {"conversation_id": ["p"]}}

    def test_in_no_conversation_no_message(self) -> None:
        assert access_filter(caller(), MESSAGES) == {"terms": {"conversation_id": []}}

    def test_docs_are_the_owner_s_or_allowed_and_not_denied(self) -> None:
        names = ["tenant:*", "user:u"]
        assert access_filter(caller(), DOCS) == {
            "bool": {
                "should": [
                    {"term": {"owner": "u"}},
                    {"bool": {"filter": [{"terms": {"allow": names}}], "must_not": [{"terms": {"deny": names}}]}},
                ],
                "minimum_should_match": 1,
            }
        }

    def test_contacts_have_no_deny_to_meet(self) -> None:
        assert b"deny" not in orjson.dumps(access_filter(caller(), CONTACTS))
        assert b"deny" in orjson.dumps(access_filter(caller(), APPS))

    def test_a_module_within_departments_reaches_no_messages(self) -> None:
        scoped = (ScopedRole("role:r", frozenset({"d"})),)
        known = rules(p=group(public=True))
        assert access_filter(caller(modules={MESSAGES.module: scoped}, rules=known), MESSAGES) == NOTHING
        assert visibility_filter(caller(modules={}, rules=known), MESSAGES) == {"terms": {"conversation_id": ["p"]}}

    def test_a_module_within_departments_reaches_entities_all_of_whose_departments_lie_within(self) -> None:
        scoped = (ScopedRole("role:r", frozenset({"e", "d"})),)
        found = access_filter(caller(modules={DOCS.module: scoped}), DOCS)
        every = {"terms": ["d", "e"], "minimum_should_match_field": "departments"}
        within = {
            "bool": {"filter": [{"range": {"departments": {"gte": 1}}}, {"terms_set": {"department_ids": every}}]}
        }
        assert found == {"bool": {"filter": [access_filter(caller(), DOCS), within]}}

    @pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
    def test_equal_callers_have_equal_bytes(self, vertical: Vertical) -> None:
        """So that the engine may know the filter again."""
        one = caller(names=frozenset("abcdef"), joined={"x": 1, "y": 2, "z": None, "w": None})
        two = caller(names=frozenset("fedcba"), joined={"w": None, "z": None, "y": 2, "x": 1})
        assert orjson.dumps(access_filter(one, vertical)) == orjson.dumps(access_filter(two, vertical))

    def test_more_names_than_the_engine_takes_in_one_clause_are_several(self) -> None:
        ids = [f"c-{number:06d}" for number in range(MOST_TERMS + 1)]
        found = access_filter(caller(joined=dict.fromkeys(ids)), MESSAGES)
        parts = [clause["terms"]["conversation_id"] for clause in found["bool"]["should"]]
        assert [len(part) for part in parts] == [MOST_TERMS, 1]
        assert parts[0] + parts[1] == ids

    def test_its_size_does_not_grow_in_clauses(self) -> None:
        """The engine takes 1,024."""
        many = caller(
            names=frozenset(f"group:{number}" for number in range(20_000)),
            joined={f"c-{number}": number if number % 4 == 0 else None for number in range(20_000)},
        )
        for vertical in VERTICALS.values():
            assert clauses(access_filter(many, vertical)) < 20


def clauses(found: Any) -> int:
    if isinstance(found, Mapping):
        own = sum(kind in found for kind in ("term", "terms", "terms_set", "range", "script"))
        return own + sum(clauses(inner) for inner in found.values())
    return sum(map(clauses, found)) if isinstance(found, list) else 0


# The contract's rules as plain sets, beside what the engine makes of the filter.

DEPARTMENTS = ["d", "e", "f"]
NAMES = ["tenant:*", "user:u", "user:v", "group:g", "role:s", "role:t", "conversation:c"]
names = st.lists(st.sampled_from(NAMES), max_size=4, unique=True)
departments = st.lists(st.sampled_from(DEPARTMENTS), max_size=3, unique=True)
scopes = st.frozensets(st.sampled_from(DEPARTMENTS))
scoped_roles = st.builds(ScopedRole, st.sampled_from(["role:s", "role:t"]), scopes)
modules = st.one_of(st.none(), st.lists(scoped_roles, min_size=1, max_size=2).map(tuple))


def within(role: ScopedRole, document: Mapping[str, Any]) -> bool:
    return bool(document["department_ids"]) and all(id in role.departments for id in document["department_ids"])


def contract_says(who: Principal, document: Mapping[str, Any], allowed: Sequence[str], denied: Sequence[str]) -> bool:
    mine = {*who.names, *(role.name for role in who.roles if within(role, document))}
    return document.get("owner") == who.user or (bool(mine & {*allowed}) and not mine & {*denied})


@given(
    st.frozensets(st.sampled_from(NAMES[:4])).map(lambda mine: mine | {"tenant:*", "user:u"}),
    st.lists(scoped_roles, max_size=2),
    modules,
    names,
    names,
    departments,
    st.sampled_from(["u", "v"]),
)
def test_docs_and_apps(
    mine: frozenset[str],
    roles: list[ScopedRole],
    module: tuple[ScopedRole, ...] | None,
    allow: list[str],
    deny: list[str],
    named: list[str],
    owner: str,
) -> None:
    document = {"allow": allow, "deny": deny, "department_ids": named, "departments": len(named)}
    for vertical, owned in ((DOCS, {"owner": owner}), (APPS, {})):
        who = caller(names=mine, roles=tuple(roles), modules={vertical.module: module})
        stored = document | owned
        visible = contract_says(who, stored, allow, deny)
        reached = module is None or any(within(role, stored) for role in module)
        assert engine_says(stored, visibility_filter(who, vertical)) == visible
        assert engine_says(stored, access_filter(who, vertical)) == (visible and reached)
        assert admits(who, vertical, "x", stored) == visible
        assert admits_module(who, vertical, stored) == reached


conversations = st.dictionaries(
    st.sampled_from("abc"),
    st.builds(Rule, st.just("group"), st.booleans(), st.booleans(), st.booleans()),
)


since = st.dictionaries(st.sampled_from("abc"), st.sampled_from([None, 1, 2, 3]))


@given(conversations, since, st.sampled_from("abcd"), st.integers(0, 4))
@example({"a": group(since_join=True)}, {"a": 2}, "a", 1)
@example({"a": group(since_join=True)}, {"a": 2}, "a", 2)
def test_messages(known: dict[str, Rule], joined: dict[str, int | None], said_in: str, sent_at: int) -> None:
    # A principal is in known conversations only, and remembers since when for `since_join` only.
    mine = {id: since if known[id].since_join else None for id, since in joined.items() if id in known}
    who = caller(joined=mine, rules=rules(**known))
    document = {"conversation_id": said_in, "sent_at": sent_at}
    public = said_in in known and known[said_in].public
    member = said_in in mine and (mine[said_in] is None or sent_at >= (mine[said_in] or 0))
    assert engine_says(document, access_filter(who, MESSAGES)) == (public or member)
    assert admits(who, MESSAGES, "m", document) == (public or member)


@given(conversations, st.sets(st.sampled_from("abc")), st.sampled_from("abcd"))
def test_conversations_as_contacts(known: dict[str, Rule], joined: set[str], id: str) -> None:
    """What counts is the directory, even where the document itself still says otherwise."""
    mine = dict.fromkeys(joined & known.keys())
    names = frozenset({"tenant:*", "user:u", *(f"conversation:{one}" for one in mine)})
    who = caller(names=names, joined=mine, rules=rules(**known))
    visible = id in mine or (id in known and known[id].public)
    document = {"entity": "conversation", "allow": [f"conversation:{id}", "tenant:*"]}
    assert admits(who, CONTACTS, id, document) == visible


@given(names, departments, st.lists(scoped_roles, max_size=2), st.sampled_from(["u", "v"]))
def test_people(visible_to: list[str], named: list[str], roles: list[ScopedRole], id: str) -> None:
    who = caller(names=frozenset({"tenant:*", "user:u", "group:g"}), roles=tuple(roles))
    document = {
        "entity": "user",
        "owner": id,
        "allow": visible_to,
        "department_ids": named,
        "departments": len(named),
    }
    visible = contract_says(who, document, visible_to, ())
    assert admits(who, CONTACTS, id, document) == visible
    assert engine_says(document, access_filter(who, CONTACTS)) == visible


@pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
def test_a_tombstone_is_nobody_s(vertical: Vertical) -> None:
    assert not admits(caller(), vertical, "x", {"tombstone": True})


@pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
def test_a_tombstone_meets_no_filter(vertical: Vertical) -> None:
    everywhere = caller(rules=rules(p=group(public=True)))
    assert not engine_says({"tombstone": True}, access_filter(everywhere, vertical))


# Why somebody is refused

PERSON = {"entity": "user", "owner": "v"}
WITHIN_D = (ScopedRole("role:s", frozenset({"d"})),)


@pytest.mark.parametrize(
    ("vertical", "document", "why"),
    [
        (DOCS, {"tombstone": True}, Refusal.DELETED),
        (DOCS, {"owner": "v", "allow": []}, Refusal.OWNER_ONLY),
        (DOCS, {"owner": "v", "allow": ["group:h"]}, Refusal.NOT_ALLOWED),
        (DOCS, {"owner": "v", "allow": ["folder:f"]}, Refusal.NOT_IN_FOLDER),
        (DOCS, {"owner": "v", "allow": ["folder:f", "group:h"]}, Refusal.NOT_ALLOWED),
        (DOCS, {"owner": "v", "allow": ["role:s"], "department_ids": ["e"]}, Refusal.ROLE_ELSEWHERE),
        (DOCS, {"owner": "v", "allow": ["role:s"]}, Refusal.ROLE_ELSEWHERE),
        (DOCS, {"owner": "v", "allow": ["role:s"], "department_ids": ["d"]}, None),
        (DOCS, {"owner": "v", "allow": ["tenant:*"], "deny": ["group:g"]}, Refusal.DENIED),
        (DOCS, {"owner": "v", "allow": [], "deny": ["group:g"]}, Refusal.DENIED),
        (DOCS, {"owner": "u", "allow": [], "deny": ["user:u"]}, None),
        (APPS, {"allow": []}, Refusal.NOBODY_ALLOWED),
        (APPS, {"allow": ["user:v"]}, Refusal.NOT_ALLOWED),
        (CONTACTS, {**PERSON, "allow": []}, Refusal.NOT_VISIBLE_TO),
        (CONTACTS, {**PERSON, "allow": ["user:w"]}, Refusal.NOT_VISIBLE_TO),
        (CONTACTS, {"entity": "department", "allow": ["tenant:*"]}, None),
        (CONTACTS, {"entity": "conversation", "allow": ["conversation:x"]}, Refusal.NOT_A_MEMBER),
        (MESSAGES, {"conversation_id": "x", "sent_at": 5}, Refusal.NOT_A_MEMBER),
        (MESSAGES, {"conversation_id": "y", "sent_at": 5}, Refusal.BEFORE_JOINING),
        (MESSAGES, {"conversation_id": "y", "sent_at": 7}, None),
        (MESSAGES, {"conversation_id": "p", "sent_at": 5}, None),
        (MESSAGES, {"conversation_id": "gone", "sent_at": 5}, Refusal.CONVERSATION_UNKNOWN),
    ],
)
def test_the_rule_that_decides_is_named(vertical: Vertical, document: dict[str, Any], why: Refusal | None) -> None:
    known = rules(x=group(), y=group(since_join=True), p=group(public=True))
    who = caller(names=frozenset({"tenant:*", "user:u", "group:g"}), roles=WITHIN_D, joined={"y": 7}, rules=known)
    assert refusal(who, vertical, "x", document) == why


def test_a_conversation_that_is_not_there_is_told_apart_from_one_that_is_behind() -> None:
    who = caller(rules=rules(p=group(public=True)))
    document = {"entity": "conversation", "allow": ["conversation:p"]}
    assert refusal(who, CONTACTS, "p", document) == Refusal.NOT_PUBLIC
    assert refusal(who, CONTACTS, "gone", document) == Refusal.CONVERSATION_UNKNOWN


def test_a_module_that_no_role_has_is_told_apart_from_one_within_other_departments() -> None:
    scoped = caller(modules={DOCS.module: WITHIN_D})
    assert module_refusal(caller(modules={}), DOCS.module, ["d"]) == Refusal.NO_MODULE
    assert module_refusal(scoped, DOCS.module, ["d", "e"]) == Refusal.MODULE_ELSEWHERE
    assert module_refusal(scoped, DOCS.module, []) == Refusal.MODULE_ELSEWHERE
    assert module_refusal(scoped, DOCS.module, ["d"]) is None
    assert module_refusal(caller(), DOCS.module, []) is None


callers = st.builds(
    lambda mine, roles, known, joined, modules: caller(
        names=frozenset({"tenant:*", "user:u", *mine}),
        roles=tuple(roles),
        joined={id: since if known[id].since_join else None for id, since in joined.items() if id in known},
        rules=rules(**known),
        modules=modules,
    ),
    st.frozensets(st.sampled_from(NAMES[3:])),
    st.lists(scoped_roles, max_size=2),
    conversations,
    since,
    st.dictionaries(st.sampled_from([vertical.module for vertical in VERTICALS.values()]), modules),
)
guarded = st.fixed_dictionaries(
    {"allow": names, "deny": names, "department_ids": departments, "owner": st.sampled_from(["u", "v"])}
)
documents = st.one_of(
    st.tuples(st.just(DOCS), guarded),
    st.tuples(st.just(APPS), guarded.map(lambda document: {k: v for k, v in document.items() if k != "owner"})),
    st.tuples(st.just(CONTACTS), guarded.map(lambda document: {**document, "deny": [], "entity": "user"})),
    st.tuples(st.just(CONTACTS), st.fixed_dictionaries({"allow": names, "entity": st.just("conversation")})),
    st.tuples(
        st.just(MESSAGES),
        st.fixed_dictionaries({"conversation_id": st.sampled_from("abcd"), "sent_at": st.integers(0, 4)}),
    ),
    st.tuples(st.sampled_from(list(VERTICALS.values())), st.just({"tombstone": True})),
)


@given(callers, documents, st.sampled_from("abcd"))
def test_what_is_refused_has_a_reason_and_nothing_else_has(
    who: Principal, place: tuple[Vertical, dict[str, Any]], id: str
) -> None:
    """And it is the reason that holds: no rule that is named may be one that the document and the caller fulfil."""
    vertical, document = place
    why = refusal(who, vertical, id, document)
    assert admits(who, vertical, id, document) == (why is None)
    reached = module_refusal(who, vertical.module, document.get("department_ids", ()))
    assert admits_module(who, vertical, document) == (reached is None)
    allowed, denied = met(who, document, "allow"), met(who, document, "deny")
    said_in = document.get("conversation_id", id)
    match why:
        case None:
            assert "conversation_id" in document or document.get("owner") == who.user or (allowed and not denied)
        case Refusal.DELETED:
            assert document == {"tombstone": True}
        case Refusal.DENIED:
            assert denied
        case Refusal.CONVERSATION_UNKNOWN:
            assert who.rules.get(said_in) is None
        case Refusal.NOT_A_MEMBER:
            assert who.rules.get(said_in)
            assert said_in not in who.joined
        case Refusal.BEFORE_JOINING:
            assert document["sent_at"] < (who.joined[said_in] or 0)
        case _:
            assert not allowed
            assert not denied


@given(callers, documents.filter(lambda place: "tombstone" not in place[1]), st.sampled_from("abcd"))
def test_the_engine_is_asked_for_just_what_has_no_refusal(
    who: Principal, place: tuple[Vertical, dict[str, Any]], id: str
) -> None:
    vertical, document = place
    if document.get("entity") == "conversation":
        # As the indexers write it, and as the directory resolves it.
        document = document | {"allow": [f"conversation:{id}"]}
        others = {name for name in who.names if not name.startswith("conversation:")}
        who = replace(who, names=frozenset({*others, *(f"conversation:{joined}" for joined in who.joined)}))
        if (rule := who.rules.get(id)) and rule.public:
            document["allow"].append("tenant:*")
    stored = document | {"departments": len(document.get("department_ids", ()))}
    assert engine_says(stored, visibility_filter(who, vertical)) == (refusal(who, vertical, id, stored) is None)
