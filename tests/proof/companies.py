"""Random companies and what happens to them, as changes of single entities."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from proof.words import NUMBER, PAIRS, WISHES, WORDS

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

EPOCH = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 12
"""Everything happens at a full hour of so many, or at the edge of one."""

SEARCHED = ("search.messages", "search.contacts", "search.docs", "search.apps")
MODULES = (*SEARCHED, "discover.apps")


@dataclass(frozen=True)
class Change:
    """One event to be: an entity's new state, or None for its end. Times in it are hours, as `hour:3`."""

    entity: str
    id: str
    data: dict[str, Any] | None

    def __repr__(self) -> str:
        told = "ends" if self.data is None else {name: value for name, value in self.data.items() if name != "id"}
        return f"{self.entity} {self.id}: {told}"


def time_at(hour: int) -> str:
    return (EPOCH + timedelta(hours=hour)).isoformat(timespec="microseconds").replace("+00:00", "Z")


# The same ids for entities of every kind. Nobody is ever told of `nil`.
USERS = ("i0", "i1", "i2", "i3", "i4", "i5")
DEPARTMENTS = ("i0", "i1", "i2", "i3")
GROUPS = ("i0", "i1", "i2")
ROOMS, DIRECT = ("i0", "i1", "i2", "i3"), ("i4", "i5")
ROLES = ("i0", "i1", "i2")
FOLDERS = ("i0", "i1")
MESSAGES = tuple(f"i{number}" for number in range(10))
DOCS = ("i0", "i1", "i2", "i3", "i4", "i5")
APPS = ("i0", "i1", "i2", "i3")
NOBODY = "nil"
# A direct conversation's members are few, ever: past four, the product forgets who they are.
IN_DIRECT = USERS[:3]

_one_of = st.sampled_from
_mostly = _one_of((False, True, True, True, True))
_nearly_always = _one_of((True,) * 11 + (False,))
_rarely = _one_of((False, False, False, True))
_word = _one_of([word.written for word in WORDS])
_GAPS = (" ", " ", " & ", "，", " < ", ' "', "——")
_PAIRS = [f"{a.written}{gap}{b.written}" for gap in _GAPS for a, b in PAIRS]
_tag = _one_of([*(word.written for word in WORDS), *sorted(WISHES)])
_few_words = _one_of([word.written for word in WORDS] + _PAIRS)
_more_words = _one_of(["", *(f"{pair} & {word.written}" for pair, word in itertools.product(_PAIRS, WORDS))])
_maybe_word = _one_of([None, None, *(word.written for word in WORDS)])
_hour = st.integers(0, HOURS).map("hour:{}".format)
_maybe_hour = st.none() | _hour
_user = _one_of((*USERS, NOBODY))
_department = _one_of((*DEPARTMENTS, NOBODY))
_few_departments = st.lists(_one_of(DEPARTMENTS), max_size=2, unique=True)
_maybe_departments = st.none() | _few_departments
_principal = _one_of(
    [
        *(f"user:{id}" for id in USERS[:4]),
        *(f"department:{id}" for id in (*DEPARTMENTS, NOBODY)),
        *(f"group:{id}" for id in (*GROUPS, NOBODY)),
        *(f"role:{id}" for id in (*ROLES, "default", NOBODY)),
        *(f"conversation:{id}" for id in ("i0", "i1", "i4", NOBODY)),
        *(f"folder:{id}" for id in FOLDERS),
        "tenant:*",
    ]
)
_principals = st.lists(_principal, max_size=3, unique=True)
_maybe_principals = st.none() | st.none() | st.lists(_principal, max_size=2, unique=True)
_member = _one_of(
    [
        *(f"user:{id}" for id in USERS),
        *(f"user:{id}" for id in USERS),
        *(f"department:{id}" for id in (*DEPARTMENTS, NOBODY)),
        *(f"group:{id}" for id in GROUPS),
    ]
)
_member_of_direct = _one_of([*(f"user:{id}" for id in IN_DIRECT), "group:i0"])


def _given(**fields: Any) -> dict[str, Any]:
    """An entity's fields, those left out that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def _of_user(draw: Draw[Any], id: str) -> dict[str, Any]:
    more = draw(_rarely)
    return _given(
        id=id,
        name=draw(_word),
        english_name=draw(_maybe_word) if more else None,
        aliases=[draw(_word)] if more else None,
        title=draw(_few_words) if more else None,
        phone=NUMBER.written if draw(_rarely) else None,
        department_ids=draw(_few_departments),
        status=draw(_one_of(("active",) * 9 + ("disabled",))),
        visible_to=draw(_maybe_principals),
        secret=draw(_word),
    )


def _of_department(draw: Draw[Any], id: str) -> dict[str, Any]:
    return _given(id=id, name=draw(_few_words), parent_id=draw(st.none() | _department))


def _of_conversation(draw: Draw[Any], id: str) -> dict[str, Any]:
    direct = id in DIRECT
    return _given(
        id=id,
        kind="direct" if direct else draw(_one_of(("group", "channel"))),
        name=None if direct or draw(_rarely) else draw(_few_words),
        history=draw(_one_of(("all", "since_join"))),
        public=draw(_rarely),
        archived=draw(_rarely),
        owner_id=draw(_user),
    )


# Which conversation a message is of, and when it was said, never changes.
_HOURS_OF_MESSAGES = (3, 0, 5, 8, 1, 6, 10, 2, 4, 7)


def _of_message(draw: Draw[Any], id: str) -> dict[str, Any]:
    number = MESSAGES.index(id)
    more = draw(_rarely)
    rooms = (*ROOMS[:3], *DIRECT)
    return _given(
        id=id,
        conversation_id=(*rooms, *rooms)[number] if number != 9 else NOBODY,
        sender_id=draw(_user),
        kind=draw(_one_of(("text", "file", "image", "card"))),
        text=draw(_few_words),
        sent_at=f"hour:{_HOURS_OF_MESSAGES[number]}",
        attachments=[{"name": draw(_word)}] if more else None,
        links=[draw(_word)] if more and draw(_rarely) else None,
        card={"title": draw(_word), "fields": [draw(_word)]} if more and draw(_rarely) else None,
        secret=draw(_word),
    )


def _of_doc(draw: Draw[Any], id: str) -> dict[str, Any]:
    return _given(
        id=id,
        title=draw(_few_words),
        body=draw(_more_words),
        kind=draw(_one_of(("doc", "sheet"))),
        owner_id=draw(_user),
        folder_id=draw(_one_of((None, *FOLDERS))),
        department_ids=draw(_maybe_departments),
        allow=draw(_principals),
        deny=draw(st.none() | _principals.map(lambda listed: listed[:1])),
        created_at="hour:0",
        updated_at=draw(_hour),
        secret=draw(_word),
    )


def _of_app(draw: Draw[Any], id: str) -> dict[str, Any]:
    return _given(
        id=id,
        name=draw(_few_words),
        description=draw(_more_words),
        kind=draw(_one_of(("web", "bot"))),
        category=draw(_word),
        tags=[draw(_tag)] if draw(_rarely) else None,
        department_ids=draw(_maybe_departments),
        allow=draw(_principals),
        deny=draw(st.none() | _principals.map(lambda listed: listed[:1])),
        discoverable=draw(_maybe_principals),
        url=f"https://apps.example/{id}",
        request_url=f"https://ask.example/{id}" if draw(_rarely) else None,
        published_at=draw(_hour),
        secret=draw(_word),
    )


_some_modules = _one_of((MODULES[:2], MODULES[2:], MODULES[1:3], MODULES[3:4], MODULES[4:], ()))


def _of_role(draw: Draw[Any], id: str) -> dict[str, Any]:
    modules = MODULES if id == "default" and draw(_mostly) else draw(_some_modules)
    return _given(
        id=id,
        name=draw(_word),
        modules=list(modules),
        department_ids=draw(_few_departments) if draw(_rarely if id == "default" else st.booleans()) else None,
    )


_STATES: dict[str, tuple[Callable[[Draw[Any], str], dict[str, Any]], Sequence[str]]] = {
    "role": (_of_role, ("default", *ROLES)),
    "user": (_of_user, USERS),
    "department": (_of_department, DEPARTMENTS),
    "conversation": (_of_conversation, (*ROOMS, *DIRECT)),
    "message": (_of_message, MESSAGES),
    "doc": (_of_doc, DOCS),
    "app": (_of_app, APPS),
}
SCOPES = (
    *(f"conversation:{id}" for id in (*ROOMS, *DIRECT, NOBODY)),
    *(f"group:{id}" for id in GROUPS),
    *(f"role:{id}" for id in (*ROLES, NOBODY)),
    *(f"folder:{id}" for id in FOLDERS),
)


def membership(draw: Draw[Any], scope: str, *, ends: bool = False) -> Change:
    direct = scope in [f"conversation:{id}" for id in DIRECT]
    principal = draw(_member_of_direct if direct else _member)
    times = {"since": draw(_maybe_hour), "until": draw(_maybe_hour) if draw(_rarely) else None}
    data = None if ends else _given(scope=scope, principal=principal, **times)
    return Change("member", f"{scope}|{principal}", data)


@st.composite
def founded(draw: Draw[Any]) -> list[Change]:
    """A company as it begins: nearly all entities are there, each scope has a few members."""
    told = [
        Change(entity, id, state(draw, id))
        for entity, (state, ids) in _STATES.items()
        for id in ids
        if draw(_nearly_always)
    ]
    for scope in SCOPES:
        told += [membership(draw, scope) for _ in range(draw(st.integers(0, 3)))]
    return told


_what_changes = _one_of(("member", "member", "leave", "delete", *_STATES, "conversation", "user"))


@st.composite
def change(draw: Draw[Any]) -> Change:
    """Anything that may happen in a company."""
    what = draw(_what_changes)
    if what in ("member", "leave"):
        return membership(draw, draw(_one_of(SCOPES)), ends=what == "leave")
    entity = draw(_one_of(tuple(_STATES))) if what == "delete" else what
    state, ids = _STATES[entity]
    id = draw(_one_of(ids))
    return Change(entity, id, None if what == "delete" else state(draw, id))


SECRETS = ("h0", "h1", "h2", "h3")
_HOURS_OF_SECRETS = (1, 3, 5, 8)
_HARDLY_ANYBODY = ("group:nil", "user:i4", "user:i5", "user:h0")
_hardly_anybody = st.lists(_one_of(_HARDLY_ANYBODY), max_size=1)


@st.composite
def secret(draw: Draw[Any]) -> Change:
    """Something more, with the same words, that hardly anybody may see; of a kind that can be hidden."""
    entity = draw(_one_of(("user", "conversation", "message", "doc", "app", "role", "member")))
    number = draw(st.integers(0, len(SECRETS) - 1))
    id = SECRETS[number]
    if entity == "member":
        scope, principal = draw(_one_of(("conversation", "group", "role", "folder"))), draw(_one_of(_HARDLY_ANYBODY))
        return Change(entity, f"{scope}:{id}|{principal}", {"scope": f"{scope}:{id}", "principal": principal})
    if entity == "message":
        about = _of_message(draw, MESSAGES[number])
        said = {"conversation_id": id, "sent_at": f"hour:{_HOURS_OF_SECRETS[number]}"}
        return Change(entity, id, {**about, "id": id, **said})
    state, _ = _STATES[entity]
    hidden = {
        "user": {"visible_to": draw(_hardly_anybody)},
        "conversation": {"public": False},
        "doc": {"allow": draw(_hardly_anybody), "owner_id": draw(_one_of(("nil", "i4", "h0")))},
        "app": {"allow": draw(_hardly_anybody), "discoverable": draw(st.just([]) | _hardly_anybody)},
        "role": {},
    }[entity]
    return Change(entity, id, {**state(draw, id), **hidden})
