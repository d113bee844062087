"""The access filter: the contract's rules as one clause for the engine, and the same rules for one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mappings import withdrawals
from mappings.collection import ENTITY
from mappings.vertical import Vertical
from search.access.clauses import Clause, all_of, any_of
from search.access.principal import Principal, ScopedRole
from search.access.refusal import Refusal

NOTHING: Clause = {"match_none": {}}
# The engine's limit for one clause (`index.max_terms_count`); large tenants have more public conversations.
MOST_TERMS = 65_536

# One clause for any number of conversations, each with its own time: that many ranges pass the engine's limit.
SINCE_JOINED = """
if (doc['conversation_id'].size() == 0 || doc['sent_at'].size() == 0) { return false; }
def since = params.since[doc['conversation_id'].value];
return since != null && doc['sent_at'].value >= ((Number) since).longValue();
"""


def access_filter(principal: Principal, vertical: Vertical) -> Clause:
    """Return the clause of what a caller may see in a vertical; it goes into the filter context of every query."""
    if not principal.may_call(vertical.module):
        return NOTHING
    scopes = principal.modules[vertical.module]
    visible = visibility_filter(principal, vertical)
    if scopes is None:
        return visible
    # Messages name no departments, so a module that a role gives within departments gives none of them.
    if vertical.in_conversations:
        return NOTHING
    return all_of(visible, any_of([_within(role) for role in scopes]))


def visibility_filter(principal: Principal, vertical: Vertical) -> Clause:
    """Return the access filter without modules, which decide what may be searched, not whom an operator may name."""
    if vertical.in_conversations:
        return conversation_filter(principal)
    visible = allow_filter(principal, denies=vertical.has_deny, discovers=vertical.discovery is not None)
    if withdrawn := withdrawn_ids(principal, vertical):
        return {"bool": {"filter": [visible], "must_not": [{"ids": {"values": withdrawn}}]}}
    return visible


def withdrawn_ids(principal: Principal, vertical: Vertical) -> list[str]:
    """Return the ids, sorted, of documents that a newer state of theirs, not written yet, takes from the caller."""
    places = ((*withdrawals.place(key), noted) for key, noted in principal.withdrawals.items())
    return sorted(
        id for name, id, noted in places if name == vertical.name and refusal(principal, vertical, id, noted.lists)
    )


def as_noted(
    principal: Principal, vertical: Vertical, document_id: str, sequence: int, document: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a stored document with the lists of its newer state, where these are noted already.

    `sequence`: of the event that the document was made of.
    """
    noted = principal.withdrawals.get(withdrawals.key(vertical.name, document_id))
    return noted.applied(document) if noted and sequence < noted.version else document


def conversation_filter(principal: Principal) -> Clause:
    whole = _one_of("conversation_id", principal.read_whole)
    if not principal.read_since:
        return whole
    since = principal.read_since
    script = {"lang": "painless", "source": SINCE_JOINED, "params": {"since": since}}
    return any_of([whole, all_of(_one_of("conversation_id", list(since)), {"script": {"script": script}})])


def allow_filter(principal: Principal, *, denies: bool, discovers: bool = False) -> Clause:
    """Return the clause of the rules of access lists.

    `denies`, `discovers`: whether any document of the vertical has a `deny`, or is `discoverable`; if none is,
    thousands of names need not be sent.
    """
    listed = ("allow", "discoverable") if discovers else ("allow",)
    visible: Clause = {"filter": [any_of([way for field in listed for way in _meets(field, principal)])]}
    if denies:
        visible["must_not"] = [any_of(_meets("deny", principal))]
    return any_of([{"term": {"owner": principal.user}}, {"bool": visible}])


def _meets(field: str, principal: Principal) -> list[Clause]:
    scoped = [all_of({"term": {field: role.name}}, _within(role)) for role in principal.roles]
    return [_one_of(field, principal.sorted_names), *scoped]


def _within(role: ScopedRole) -> Clause:
    """Return the clause of entities whose departments all lie within the role's; those without any are outside."""
    every = {"terms": sorted(role.departments), "minimum_should_match_field": "departments"}
    return all_of({"range": {"departments": {"gte": 1}}}, {"terms_set": {"department_ids": every}})


def _one_of(field: str, values: Sequence[str]) -> Clause:
    starts = range(0, max(len(values), 1), MOST_TERMS)
    return any_of([{"terms": {field: values[start : start + MOST_TERMS]}} for start in starts])


def admits(principal: Principal, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
    """Return whether the caller may see this stored document: the rules of the access filter, on its present state.

    Modules are left out: they decide what may be searched, not whose name may stand over a message.
    """
    return refusal(principal, vertical, id, document) is None


def admits_module(principal: Principal, vertical: Vertical, document: Mapping[str, Any]) -> bool:
    """Return whether one of the caller's roles has the vertical's module for this document."""
    return module_refusal(principal, vertical.module, departments_of(document)) is None


def refusal(principal: Principal, vertical: Vertical, id: str, document: Mapping[str, Any]) -> Refusal | None:
    """Return why the caller may not see this stored document; None if they may."""
    if document.get("tombstone"):
        return Refusal.DELETED
    if vertical.in_conversations:
        return _unread(principal, document["conversation_id"], document["sent_at"])
    if document.get(ENTITY) == "conversation" and not principal.finds_conversation(id):
        return _outside(principal, id)
    if document.get("owner") == principal.user:
        return None
    allowed, denied, discovers = _met(principal, document, "allow", "deny", "discoverable")
    if denied:
        return Refusal.DENIED
    return None if allowed or discovers else _unmet(principal, document)


def may_open(principal: Principal, vertical: Vertical, document: Mapping[str, Any]) -> bool:
    """Return whether a caller may open this stored document that they may see; if not, they may ask for it."""
    if vertical.discovery is None or document.get("owner") == principal.user:
        return True
    [allowed] = _met(principal, document, "allow")
    return allowed


def _met(principal: Principal, document: Mapping[str, Any], *fields: str) -> list[bool]:
    """Return, of each list of a document, whether it names the caller."""
    scoped = frozenset(principal.names_for(departments_of(document)))
    # Not one set of all names: it would be made anew, thousands of names long, for every document.
    return [
        not (principal.names.isdisjoint(listed) and scoped.isdisjoint(listed))
        for listed in (document.get(field, ()) for field in fields)
    ]


def module_refusal(principal: Principal, module: str, department_ids: Sequence[str]) -> Refusal | None:
    """Return why no role of the caller has a module for an entity of these departments; None if one has."""
    if not principal.may_call(module):
        return Refusal.NO_MODULE
    scopes = principal.modules[module]
    if scopes is None or any(role.covers(department_ids) for role in scopes):
        return None
    return Refusal.MODULE_ELSEWHERE


def met(principal: Principal, document: Mapping[str, Any], field: str) -> list[str]:
    """Return those principals in a document's `allow` or `deny` that are the caller's, sorted."""
    scoped = set(principal.names_for(departments_of(document)))
    return sorted(name for name in document.get(field, ()) if name in principal.names or name in scoped)


def departments_of(document: Mapping[str, Any]) -> Sequence[str]:
    """Return the departments by which scoped roles reach a stored document; none means outside of all."""
    found: Sequence[str] = document.get("department_ids", ())
    return found


def _unread(principal: Principal, conversation_id: str, sent_at: int) -> Refusal | None:
    if principal.reads(conversation_id, sent_at):
        return None
    return Refusal.BEFORE_JOINING if conversation_id in principal.joined else _outside(principal, conversation_id)


def _outside(principal: Principal, conversation_id: str) -> Refusal:
    return Refusal.NOT_A_MEMBER if principal.rules.get(conversation_id) else Refusal.CONVERSATION_UNKNOWN


def _unmet(principal: Principal, document: Mapping[str, Any]) -> Refusal:
    """Return why none of the principals in `allow` is the caller's, by what they are."""
    allow: Sequence[str] = document.get("allow", ())
    if document.get(ENTITY) == "user":
        return Refusal.NOT_VISIBLE_TO
    if document.get(ENTITY) == "conversation":
        return Refusal.NOT_PUBLIC
    if not allow:
        return Refusal.OWNER_ONLY if "owner" in document else Refusal.NOBODY_ALLOWED
    if any(role.name in allow for role in principal.roles):
        return Refusal.ROLE_ELSEWHERE
    return Refusal.NOT_IN_FOLDER if all(name.startswith("folder:") for name in allow) else Refusal.NOT_ALLOWED
