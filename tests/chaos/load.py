"""Events of several tenants without end, with duplicates, disorder and deletes; and the record of all that was said."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import kit

TOPIC = "zqbbbccc"
"""Stands in every text and name, so that one question finds all that its asker may see."""
BAD = b'{"specversion":"1.0","id":"bad","source":"/chaos","type":"office.doc.upserted","subject":"bad"}'
"""No event of the contract: it must end in the dead letters, and hold up nobody."""

USERS = tuple(f"u{number}" for number in range(5))
ROOMS = tuple(f"c{number}" for number in range(4))
GROUPS = ("g0", "g1")
MESSAGES = tuple(f"m{number}" for number in range(14))
DOCS = tuple(f"f{number}" for number in range(8))
APPS = tuple(f"a{number}" for number in range(6))
SCOPES = (*(f"conversation:{id}" for id in ROOMS), *(f"group:{id}" for id in GROUPS))
PRINCIPALS = ("tenant:*", *(f"user:{id}" for id in USERS), *(f"group:{id}" for id in GROUPS))

Key = tuple[str, str]
"""(entity, id)"""
State = Mapping[str, Any] | None
"""An entity's data; None where it is deleted, or was never there."""


@dataclass(frozen=True)
class Event:
    """One event to be published, as what it says and as bytes. A bad one says nothing."""

    tenant: str
    key: Key | None
    version: int
    state: State
    raw: bytes
    stream: str


@dataclass
class Said:
    """Everything that was ever handed to the broker.

    `states`: by tenant and entity, version → state. `taken`: the highest version that the broker has acknowledged.
    """

    events: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, dict[Key, dict[int, State]]] = field(default_factory=lambda: defaultdict(dict))
    taken: dict[str, dict[Key, int]] = field(default_factory=lambda: defaultdict(dict))

    def note_tried(self, event: Event) -> None:
        """Note an event before it is published, as it may arrive without an acknowledgement."""
        self.events[event.stream].append(event.raw)
        if event.key:
            self.states[event.tenant].setdefault(event.key, {})[event.version] = event.state

    def note_taken(self, event: Event) -> None:
        if event.key:
            taken = self.taken[event.tenant]
            taken[event.key] = max(event.version, taken.get(event.key, 0))


class Company:
    """What becomes of one tenant: its foundation, then changes without end. Versions grow with every change."""

    def __init__(self, tenant: str, chance: random.Random) -> None:
        self._tenant = tenant
        self._chance = chance
        self._versions = count(1)
        self._said: dict[Key, State] = {}
        self._made = {
            "message": (self._message, MESSAGES),
            "doc": (self._doc, DOCS),
            "app": (self._app, APPS),
            "user": (self._user, USERS),
            "conversation": (self._room, ROOMS),
        }

    def founded(self) -> Iterator[Event]:
        """Yield what there is in the beginning."""
        yield self._event("role", "default", kit.role())
        yield self._event("department", "d0", {"id": "d0", "name": "某部", "parent_id": None})
        for entity, (make, ids) in self._made.items():
            for id in ids:
                yield self._event(entity, id, make(id))
        for scope in SCOPES:
            for user in self._chance.sample(USERS, 3):
                yield self._membership(scope, user)

    def changed(self) -> Event:
        """Return the next thing that happens: a new state, a delete, or a membership that begins or ends."""
        if self._chance.random() < 0.3:
            return self._membership(self._chance.choice(SCOPES), self._chance.choice(USERS))
        entity = self._chance.choices(tuple(self._made), (6, 4, 3, 2, 1))[0]
        make, ids = self._made[entity]
        id = self._chance.choice(ids)
        may_go = entity in ("message", "doc", "app")
        return self._event(entity, id, None if may_go and self._chance.random() < 0.25 else make(id))

    def _event(self, entity: str, id: str, data: State) -> Event:
        version = next(self._versions)
        stream = kit.CATALOGUE.stream_of[entity]
        if data is None:
            gone: dict[str, Any] = {} if entity == "member" else {"id": id}
            raw = kit.event(entity, gone, tenant=self._tenant, version=version, verb="deleted", subject=id)
        else:
            data = {name: _with(value, version) for name, value in data.items()}
            raw = kit.event(entity, data, tenant=self._tenant, version=version, subject=id)
        self._said[entity, id] = data
        return Event(self._tenant, (entity, id), version, data, raw, stream)

    def _membership(self, scope: str, user: str) -> Event:
        id = f"{scope}|user:{user}"
        ends = self._said.get(("member", id)) is not None
        return self._event("member", id, None if ends else kit.member(scope, f"user:{user}"))

    def _allowed(self) -> list[str]:
        return self._chance.sample(PRINCIPALS, self._chance.randint(0, 3))

    def _denied(self) -> dict[str, Any]:
        return {"deny": [self._chance.choice(PRINCIPALS[1:])]} if self._chance.random() < 0.2 else {}

    def _message(self, id: str) -> dict[str, Any]:
        room = ROOMS[MESSAGES.index(id) % len(ROOMS)]
        return kit.message(id, f"{TOPIC} {id} v#", conversation_id=room, sender_id="u0")

    def _doc(self, id: str) -> dict[str, Any]:
        owner = USERS[DOCS.index(id) % len(USERS)]
        return kit.doc(id, f"{TOPIC} {id} v#", owner_id=owner, allow=self._allowed(), **self._denied())

    def _app(self, id: str) -> dict[str, Any]:
        return kit.app(id, f"{TOPIC} {id} v#", allow=self._allowed(), **self._denied())

    def _user(self, id: str) -> dict[str, Any]:
        some = [f"user:{other}" for other in self._chance.sample(USERS, 2)]
        hidden = {"visible_to": some} if self._chance.random() < 0.3 else {}
        status = "disabled" if id == USERS[-1] and self._chance.random() < 0.5 else "active"
        return kit.user(id, f"{TOPIC} {id} v#", **{"status": status, **hidden})

    def _room(self, id: str) -> dict[str, Any]:
        public = id == ROOMS[-1] and self._chance.random() < 0.5
        return kit.conversation(id, f"{TOPIC} {id} v#", public=public)


def _with(value: Any, version: int) -> Any:
    return value.replace("v#", f"v{version}") if isinstance(value, str) else value


class Flow:
    """The events of all tenants in the order in which they are published, with duplicates and in disorder."""

    DISORDER = 25
    """So many events wait at a time, and any of them is the next."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._companies: list[Company] = []
        self._waiting: list[Event] = []
        self._before: list[Event] = []

    def found(self, tenant: str) -> None:
        """Begin a tenant: all that it has comes at once, in disorder."""
        company = Company(tenant, random.Random(self._chance.random()))
        founded = list(company.founded())
        self._chance.shuffle(founded)
        # What waits is in its versions' order but for the window, so the beginning comes before any change of it.
        self._waiting += founded
        self._companies.append(company)

    def next(self) -> Event:
        if self._before and self._chance.random() < 0.15:
            return self._chance.choice(self._before)
        if self._chance.random() < 0.01:
            return Event("", None, 0, None, BAD, "changes.docs")
        while len(self._waiting) < self.DISORDER:
            self._waiting.append(self._chance.choice(self._companies).changed())
        event = self._waiting.pop(self._chance.randrange(self.DISORDER))
        self._before.append(event)
        return event

    @property
    def is_founding(self) -> bool:
        """Return whether a tenant's beginning is still to be published."""
        return len(self._waiting) > self.DISORDER
