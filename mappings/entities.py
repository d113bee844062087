"""The entities of the contract as models: what a producer may send, and nothing looser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# What stands at the places 4, 7, 10, 13, 16 and 19 of an RFC 3339 time; Python's own reader takes much else.
_SHAPES = frozenset(f"--{between}::{after}" for between in "Tt " for after in ".Zz+-")
ID_PATTERN = r"^[A-Za-z0-9._-]{1,128}$"


def micros(value: object) -> int:
    """Return an RFC 3339 time with an offset as microseconds since 1970 in UTC. Raise ValueError on anything else."""
    if not isinstance(value, str) or value[4:20:3] not in _SHAPES:
        raise ValueError("a time must be RFC 3339, such as 2026-03-02T09:15:04.120Z")
    moment = datetime.fromisoformat(value.upper())
    if moment.tzinfo is None:
        raise ValueError("a time must carry an offset, such as Z or +08:00")
    return (moment - EPOCH) // MICROSECOND


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Time = Annotated[int, BeforeValidator(micros)]
Principal = Annotated[
    str,
    StringConstraints(pattern=r"^((user|department|group|role|conversation|folder):[A-Za-z0-9._-]{1,128}|tenant:\*)$"),
]
Member = Annotated[str, StringConstraints(pattern=r"^(user|department|group):[A-Za-z0-9._-]{1,128}$")]
Scope = Annotated[str, StringConstraints(pattern=r"^(conversation|group|role|folder):[A-Za-z0-9._-]{1,128}$")]


class Entity(BaseModel):
    """The full new state of one thing. Unknown fields are no error: the stored original keeps them."""

    # Tuples as defaults: a mutable default is copied for every event, which halves decoding.
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Named(Entity):
    id: Id


Ids = Annotated[tuple[Id, ...], Field(strict=False)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Principals = Annotated[tuple[Principal, ...], Field(strict=False)]


class User(Named):
    name: str
    english_name: str | None = None
    aliases: Texts | None = None
    employee_no: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    department_ids: Ids
    manager_id: Id | None = None
    avatar_url: str | None = None
    status: Literal["active", "disabled"]
    visible_to: Principals | None = None


class Department(Named):
    name: str
    parent_id: Id | None = None


class Conversation(Named):
    kind: Literal["direct", "group", "channel"]
    name: str | None = None
    history: Literal["all", "since_join"]
    public: bool
    archived: bool
    owner_id: Id | None = None


class Attachment(Entity):
    name: str
    mime: str | None = None
    size: int | None = None


class CardField(Entity):
    name: str | None = None
    value: str | None = None


class Card(Entity):
    title: str | None = None
    fields: Annotated[tuple[str | CardField, ...], Field(strict=False)] | None = None


class Message(Named):
    conversation_id: Id
    sender_id: Id
    kind: Literal["text", "file", "card", "image", "system"]
    text: str
    sent_at: Time
    edited_at: Time | None = None
    mentions: Ids | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(strict=False)] | None = None
    links: Texts | None = None
    thread_id: str | None = None
    card: Card | None = None


class Doc(Named):
    title: str
    body: str
    kind: str
    owner_id: Id
    folder_id: Id | None = None
    department_ids: Ids | None = None
    allow: Principals
    deny: Principals | None = None
    created_at: Time
    updated_at: Time
    url: str | None = None


class App(Named):
    name: str
    description: str
    kind: Literal["mini_program", "web", "bot", "service_account"]
    category: str
    tags: Texts | None = None
    developer: str | None = None
    department_ids: Ids | None = None
    allow: Principals
    deny: Principals | None = None
    published_at: Time
    icon_url: str | None = None
    url: str | None = None
    discoverable: Principals | None = None
    request_url: str | None = None


class Membership(Entity):
    scope: Scope
    principal: Member
    since: Time | None = None
    until: Time | None = None

    @property
    def id(self) -> str:
        return f"{self.scope}|{self.principal}"


class Role(Named):
    name: str
    modules: Texts
    department_ids: Ids | None = None


class Usage(Entity):
    user_id: Id
    app_id: Id
    action: Literal["open", "install", "uninstall", "rate"]
    value: float | None = None
    at: Time
