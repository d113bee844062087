"""Contacts: people, departments and conversations, found by every name they go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mappings.collection import Storage
from mappings.entities import Conversation, Department, Entity, User
from mappings.filters import TYPE
from mappings.parts import (
    AllowList,
    Choice,
    Display,
    Fact,
    Field,
    Filtered,
    Labels,
    Matching,
    Ranking,
    Shown,
    Suggested,
    Text,
)
from mappings.parts.suggesting import members
from mappings.properties import BOOLEAN
from mappings.vertical import Vertical

EVERYONE = "tenant:*"


def allow(state: Entity) -> Sequence[str]:
    if isinstance(state, User):
        return state.visible_to if state.visible_to is not None else [EVERYONE]
    if isinstance(state, Conversation):
        return [f"conversation:{state.id}", *([EVERYONE] if state.public else [])]
    return [EVERYONE]


def owner(state: Entity) -> str | None:
    return state.id if isinstance(state, User) else None


def departments(state: Entity) -> Sequence[str] | None:
    return state.department_ids if isinstance(state, User) else None


def kind(state: Entity) -> str | list[str]:
    """Return what it is for `type:`; a conversation is one, and a group, a channel or a direct one."""
    if isinstance(state, Conversation):
        return ["conversation", state.kind]
    return "user" if isinstance(state, User) else "department"


def names(state: Entity) -> list[str]:
    assert isinstance(state, User | Department | Conversation)
    if isinstance(state, User):
        return [name for name in (state.name, state.english_name, *(state.aliases or ())) if name]
    return [state.name] if state.name else []


def exact(state: Entity) -> list[str]:
    """Return what may be typed to mean just this one: a name, and of a person a number or an address."""
    if not isinstance(state, User):
        return names(state)
    addresses = (state.employee_no, state.email, _mailbox(state), state.phone)
    return [*names(state), *(text for text in addresses if text)]


def more(state: Entity) -> list[str]:
    """Return what else a person is found by."""
    if not isinstance(state, User):
        return []
    return [text for text in (state.title, state.employee_no, state.email, _mailbox(state), state.phone) if text]


def numbers(state: Entity) -> list[str] | None:
    return [text for text in (state.phone, state.employee_no) if text] if isinstance(state, User) else None


def _mailbox(user: User) -> str:
    return (user.email or "").partition("@")[0]


def disabled(state: Entity) -> bool:
    return isinstance(state, User) and state.status == "disabled"


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


def suggested(entity: str, original: Mapping[str, Any]) -> str | None:
    """Return what kind of thing it is; a direct conversation is its other side, who is suggested as a person."""
    if entity == "conversation":
        return None if original["kind"] == "direct" else "group"
    return "person" if entity == "user" else entity


def detail(entity: str, original: Mapping[str, Any]) -> Sequence[str]:
    return [text for text in (original.get("title"), original.get("english_name")) if text] if entity == "user" else []


_told = members("status", "avatar_url", "archived", "public")


def told(entity: str, original: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a client needs to draw a suggestion, as hits tell it."""
    kinds = {"conversation_kind": original["kind"]} if entity == "conversation" else {}
    return {"kind": entity, **kinds, **_told(entity, original)}


VERTICAL = Vertical(
    name="contacts",
    module="search.contacts",
    storage=Storage("changes.contacts", {"user": User, "department": Department, "conversation": Conversation}),
    access=AllowList(allow=allow, owner=owner, departments=departments),
    matching=Matching(
        texts=(
            Text("name", names, boost=3.0, words=0.4, bigrams=0.6, chars=1.0),
            Text("more", more, boost=1.0, words=1.0, bigrams=0.6, chars=0.3),
        ),
        exact=exact,
        names=names,
        numbers=numbers,
    ),
    ranking=Ranking(demoted=Field("disabled", disabled, BOOLEAN), near=Field("department_ids"), order=0),
    filters=(
        Filtered(
            TYPE,
            Field("kind", kind),
            choices=(
                Choice("user", "人 用户 联系人 同事 person people", Labels("联系人", "Person")),
                Choice("department", "部门", Labels("部门", "Department")),
                Choice("conversation", "会话", Labels("会话", "Conversation")),
                Choice("group", "群 群聊 群组", Labels("群聊", "Group")),
                Choice("channel", "频道", Labels("频道", "Channel")),
                Choice("direct", "单聊 私聊", Labels("单聊", "Direct")),
            ),
        ),
    ),
    suggested=Suggested(
        kind=suggested,
        detail=detail,
        named={"department_ids": "department"},
        fields=told,
    ),
    display=Display(
        labels=Labels("联系人与群", "People & groups"),
        icon="group",
        tab=1,
        show=show,
        picture="avatar_url",
        kind=Fact("conversation_kind", TYPE.labels, otherwise="kind", filter=TYPE.name),
        facts=(
            Fact("english_name", Labels("英文名", "English name")),
            Fact("title", Labels("职位", "Title")),
            Fact("employee_no", Labels("工号", "Employee no.")),
            Fact("email", Labels("邮箱", "E-mail")),
            Fact("phone", Labels("电话", "Phone")),
        ),
    ),
)
