"""The access filter: the contract's rules as one clause of the engine's, and the same rules on one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.vertical import ENTITY, Guard, Vertical
from search.access.principal import Principal, ScopedRole

Clause = dict[str, Any]
NOTHING: Clause = {"match_none": {}}

# One clause for any number of conversations, each with its own time: that many ranges pass the engine's limit.
SINCE_JOINED = """
if (doc['conversation_id'].size() == 0 || doc['sent_at'].size() == 0) { return false; }
def since = params.since[doc['conversation_id'].value];
return since != null && doc['sent_at'].value >= ((Number) since).longValue();
"""


def access_filter(principal: Principal, vertical: Vertical) -> Clause:
    """What of a vertical the caller may see; goes into the filter context of every query."""
    if not principal.may_call(vertical.module):
        return NOTHING
    scopes = principal.modules[vertical.module]
    visible = visibility_filter(principal, vertical)
    if scopes is None:
        return visible
    # Messages name no departments, so a module that a role gives within departments gives none of them.
    if vertical.guard is Guard.CONVERSATION:
        return NOTHING
    return _all_of(visible, _any_of([_within(role) for role in scopes]))


def visibility_filter(principal: Principal, vertical: Vertical) -> Clause:
    """The same without modules, which decide what is searched, not whom an operator may name."""
    if vertical.guard is Guard.CONVERSATION:
        return conversation_filter(principal)
    return allow_filter(principal, denies="deny" in vertical.properties)


def conversation_filter(principal: Principal) -> Clause:
    whole: Clause = {"terms": {"conversation_id": principal.read_whole}}
    if not principal.read_since:
        return whole
    since = principal.read_since
    script = {"lang": "painless", "source": SINCE_JOINED, "params": {"since": since}}
    return _any_of([whole, _all_of({"terms": {"conversation_id": list(since)}}, {"script": {"script": script}})])


def allow_filter(principal: Principal, *, denies: bool) -> Clause:
    """`denies`: whether the vertical has a `deny` at all; thousands of names are not sent to meet what is not there."""
    visible: Clause = {"filter": [_any_of(_meets("allow", principal))]}
    if denies:
        visible["must_not"] = [_any_of(_meets("deny", principal))]
    return _any_of([{"term": {"owner": principal.user}}, {"bool": visible}])


def _meets(field: str, principal: Principal) -> list[Clause]:
    scoped = [_all_of({"term": {field: role.name}}, _within(role)) for role in principal.roles]
    return [{"terms": {field: principal.sorted_names}}, *scoped]


def _within(role: ScopedRole) -> Clause:
    """Entities all of whose departments lie within the role's; one that names none is outside."""
    every = {"terms": sorted(role.departments), "minimum_should_match_field": "departments"}
    return _all_of({"range": {"departments": {"gte": 1}}}, {"terms_set": {"department_ids": every}})


def _any_of(clauses: Sequence[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _all_of(*clauses: Clause) -> Clause:
    return {"bool": {"filter": list(clauses)}}


def admits(principal: Principal, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
    """Whether the caller may see this stored document: the access filter once more, on its present state.

    Modules are left out: they decide what is searched, not whose name stands over a message.
    """
    if document.get("tombstone"):
        return False
    if vertical.guard is Guard.CONVERSATION:
        return principal.reads(document["conversation_id"], document["sent_at"])
    if document.get(ENTITY) == "conversation" and not principal.finds_conversation(id):
        return False
    if document.get("owner") == principal.user:
        return True
    scoped = frozenset(principal.names_for(document.get("department_ids", ())))
    # Not one set of all names: it would be made anew, thousands of names long, for every document.
    allowed, denied = (
        not (principal.names.isdisjoint(listed) and scoped.isdisjoint(listed))
        for listed in (document.get("allow", ()), document.get("deny", ()))
    )
    return allowed and not denied


def admits_module(principal: Principal, vertical: Vertical, document: Mapping[str, Any]) -> bool:
    """Whether one of the caller's roles has the vertical's module for this very document."""
    if not principal.may_call(vertical.module):
        return False
    scopes = principal.modules[vertical.module]
    return scopes is None or any(role.covers(document.get("department_ids", ())) for role in scopes)
