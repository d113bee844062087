"""Contacts: people, departments and conversations, found by every name they go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzers import Cut, normalise
from mappings.entities import Conversation, Department, Entity, User
from mappings.names import NAME_PROPERTIES, name_keys
from mappings.properties import KEYWORD, Document
from mappings.vertical import Guard, Shown, TextField, Vertical

NAME = TextField("name", boost=3.0, words=0.4, bigrams=0.6, chars=1.0)
MORE = TextField("more", boost=1.0, words=1.0, bigrams=0.6, chars=0.3)


def to_document(entity: str, state: Entity, cut: Cut | None) -> Document:
    if isinstance(state, User):
        return _user(state, cut)
    if isinstance(state, Conversation):
        return _conversation(state, cut)
    assert isinstance(state, Department), entity
    return {"allow": ["tenant:*"], "kind": "department", "disabled": False, **_named([state.name], cut)}


def _user(user: User, cut: Cut | None) -> Document:
    names = [name for name in (user.name, user.english_name, *(user.aliases or ())) if name]
    mailbox = (user.email or "").partition("@")[0]
    more = [text for text in (user.title, user.employee_no, user.email, mailbox, user.phone) if text]
    return {
        "allow": list(user.visible_to) if user.visible_to is not None else ["tenant:*"],
        "owner": user.id,
        "department_ids": list(user.department_ids),
        "departments": len(set(user.department_ids)),
        "kind": "user",
        "disabled": user.status == "disabled",
        **_named(names, cut, [text for text in (user.employee_no, user.email, mailbox, user.phone) if text]),
        "endings": [ending for text in (user.phone, user.employee_no) if text for ending in _endings(text)],
        **MORE.terms(*more, cut=cut),
    }


def _conversation(conversation: Conversation, cut: Cut | None) -> Document:
    public = ["tenant:*"] if conversation.public else []
    return {
        "allow": [f"conversation:{conversation.id}", *public],
        "kind": ["conversation", conversation.kind],
        "disabled": False,
        **_named([conversation.name] if conversation.name else [], cut),
    }


def _named(names: list[str], cut: Cut | None, exactly: list[str] | None = None) -> Document:
    return {
        "exact": [normalise(name)[:256] for name in (*names, *(exactly or ()))],
        **name_keys(names),
        **NAME.terms(*names, cut=cut),
    }


def _endings(number: str) -> Iterator[str]:
    """The last four to eight digits of a phone or employee number, by which colleagues are told apart aloud."""
    digits = "".join(filter(str.isdecimal, normalise(number)))
    yield from (digits[-count:] for count in range(4, 9) if count <= len(digits))


_SHOWN = (
    "status",
    "english_name",
    "aliases",
    "employee_no",
    "email",
    "phone",
    "title",
    "department_ids",
    "avatar_url",
)


def show(entity: str, original: Mapping[str, Any]) -> Shown:
    fields: dict[str, Any] = {"kind": entity}
    if entity == "conversation":
        fields |= {"conversation_kind": original["kind"]}
        fields |= {name: original[name] for name in ("public", "archived")}
        return Shown(original.get("name"), [], fields)
    if entity == "department":
        fields |= {name: original[name] for name in ("parent_id",) if original.get(name)}
        return Shown(original["name"], [], fields)
    fields |= {name: original[name] for name in _SHOWN if original.get(name)}
    line = [original.get(name) for name in ("english_name", "title", "employee_no", "email", "phone")]
    return Shown(original["name"], [" · ".join(text for text in line if text)], fields)


VERTICAL = Vertical(
    name="contacts",
    stream="changes.contacts",
    entities={"user": User, "department": Department, "conversation": Conversation},
    properties={
        "allow": KEYWORD,
        "owner": KEYWORD,
        "department_ids": KEYWORD,
        "departments": {"type": "integer"},
        "kind": KEYWORD,
        "disabled": {"type": "boolean"},
        "exact": KEYWORD,
        "endings": KEYWORD,
        **NAME_PROPERTIES,
        **NAME.properties(),
        **MORE.properties(),
    },
    to_document=to_document,
    module="search.contacts",
    guard=Guard.ALLOW,
    texts=[NAME, MORE],
    show=show,
    exact="exact",
    by_name=True,
    endings="endings",
    homes="department_ids",
    last="disabled",
    kinds="kind",
    order=0,
)
