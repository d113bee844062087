"""The demo company: made-up change events, from a seed, so that they are the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from search.demo.app_store import AppStore
from search.demo.event_log import EventLog
from search.demo.memberships import Memberships
from search.demo.papers import Shelf
from search.demo.people import Tenant, hire
from search.demo.rooms import Building
from search.demo.slots import CHINA
from search.demo.talk import Talk
from search.demo.texts import read, topics


@dataclass(frozen=True)
class DemoCaller:
    """A person whom users of the demo can search as. `role`: what they do, by language (zh, en)."""

    tenant: str
    user: str
    name: str
    role: dict[str, str]
    examples: list[str]


@dataclass(frozen=True)
class Company:
    """The demo company. `events`: stream → events in JSON, in the order of their sequences."""

    events: dict[str, list[bytes]]
    callers: list[DemoCaller]


def generate(seed: int = 20260301, now: date | None = None) -> Company:
    """Return the demo company as of the morning of `now` (by default today); it depends on these two values alone."""
    today = now or datetime.now(CHINA).date()
    origin = datetime(today.year, today.month, today.day, tzinfo=CHINA)
    found, log = read("company.toml"), EventLog()
    tenants = [_tenant(log, found, facts, origin, seed) for facts in found["tenants"]]
    callers = [_caller(persona, tenants) for persona in found["personas"]]
    return Company(log.streams(), callers)


def write(company: Company, folder: Path) -> list[Path]:
    """Write one file of JSON lines per stream, named after the stream; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for stream, events in company.events.items():
        path = folder / f"{stream}.ndjson"
        path.write_bytes(b"".join(event + b"\n" for event in events))
        paths.append(path)
    return paths


def _tenant(log: EventLog, found: dict[str, Any], facts: dict[str, Any], origin: datetime, seed: int) -> Tenant:
    tenant = hire(log, found, facts, origin, seed)
    memberships = Memberships(log, found, tenant, origin)
    mine = [topic for topic in topics() if topic.tenant == tenant.id]
    shared = {"customer": found["customers"], "city": found["cities"], "room": found["meeting_rooms"]}
    rooms = Building(log, tenant, memberships, origin, seed).open_all(mine)
    Talk(log, tenant, shared, found["acks"], seed).fill(rooms, facts["messages"])
    Shelf(log, tenant, shared, origin, seed).fill(mine, facts["docs"])
    store = AppStore(log, tenant, memberships, origin, seed)
    store.publish(facts["shelf"])
    store.use(facts["usage"])
    return tenant


def _caller(persona: dict[str, Any], tenants: list[Tenant]) -> DemoCaller:
    people = [person for tenant in tenants if tenant.id == persona["tenant"] for person in tenant.people]
    [who] = [person for person in people if person.persona and person.name == persona["name"]]
    return DemoCaller(who.tenant, who.id, who.name, persona["role"], persona["examples"])
