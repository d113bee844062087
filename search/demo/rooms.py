"""Conversations of the demo companies, and who was a member when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from random import Random

from search.demo.event_log import EventLog
from search.demo.memberships import Memberships
from search.demo.people import Person, Tenant
from search.demo.slots import dice
from search.demo.texts import RoomPlan, Topic

_DIRECT = RoomPlan(name="", kind="direct", departments=[], size=2, weight=0.5)


@dataclass(frozen=True)
class Member:
    person: Person
    since: datetime
    until: datetime | None = None

    def present(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True)
class Room:
    id: str
    plan: RoomPlan
    topic: Topic
    members: list[Member]
    opened: datetime
    closed: datetime


class Building:
    """Opens a tenant's conversations; writes them and their memberships to the log."""

    def __init__(self, log: EventLog, tenant: Tenant, memberships: Memberships, origin: datetime, seed: int) -> None:
        self._log = log
        self._tenant = tenant
        self._memberships = memberships
        self._origin = origin
        self._chance: Random = dice(seed, f"rooms-{tenant.id}")
        self._opened = 0

    def open_all(self, topics: list[Topic]) -> list[Room]:
        """Return every conversation that the topics plan, and the tenant's number of direct conversations."""
        rooms = [self._open(plan, topic) for topic in topics for plan in topic.rooms]
        pairs = self._pairs([topic for topic in topics if not topic.confidential])
        return rooms + [self._direct(*next(pairs)) for _ in range(self._tenant.facts["directs"])]

    def _open(self, plan: RoomPlan, topic: Topic) -> Room:
        people = self._memberships.in_group(plan.group) if plan.group else self._choose(plan)
        opened, closed = self._period(plan)
        if plan.group:
            members = [Member(person, opened) for person in people]
        else:
            members = [self._member(person, opened, closed, plan) for person in people]
        return self._publish(Room(self._next_id(), plan, topic, members, opened, closed))

    def _period(self, plan: RoomPlan) -> tuple[datetime, datetime]:
        opened = self._origin - timedelta(days=self._chance.randint(300, 340))
        return opened, self._origin - timedelta(days=120 if plan.archived else 0)

    def _choose(self, plan: RoomPlan) -> list[Person]:
        """Return the members: heads and personas first, as the demo is about them; then people at random."""
        people = [
            person
            for person in self._tenant.within(plan.departments)
            if (plan.interns or not person.intern)
            and (not plan.managers or person.head or person.department == plan.departments[0])
        ]
        first = [person for person in people if person.persona or (person.head and person.department != "d-root")]
        rest = [person for person in people if person not in first]
        return first + self._chance.sample(rest, max(0, min(plan.size - len(first), len(rest))))

    def _member(self, person: Person, opened: datetime, closed: datetime, plan: RoomPlan) -> Member:
        since = max(opened, person.joined + timedelta(hours=2))
        if not (person.head or person.persona) and self._chance.random() < 0.15:
            since += (closed - since) * self._chance.uniform(0.1, 0.7)
        until = person.left
        if until is None and not (person.head or person.persona or plan.public) and self._chance.random() < 0.05:
            until = since + (closed - since) * self._chance.uniform(0.3, 0.9)
        # People who left the company before the conversation was opened were members for no time.
        return Member(person, min(since, until) if until else since, until)

    def _pairs(self, topics: list[Topic]) -> Iterator[tuple[Person, Person, Topic]]:
        """Yield two people and their topic: personas in turn, and every third time two random people."""
        stars = cycle([person for person in self._tenant.people if person.persona])
        seen: set[frozenset[str]] = set()
        while True:
            topic = self._chance.choice(topics)
            people = [one for one in self._tenant.within(topic.departments) if not (one.intern or one.left)]
            one, other = self._chance.sample(people, 2)
            if len(seen) % 3 and (star := next(stars)):
                mine = [topic for topic in topics if star.department in topic.departments]
                topic = self._chance.choice(mine)
                one = star
                other = self._chance.choice([two for two in self._tenant.within(topic.departments) if not two.left])
            pair = frozenset((one.id, other.id))
            if len(pair) == 2 and pair not in seen:
                seen.add(pair)
                yield one, other, topic

    def _direct(self, one: Person, other: Person, topic: Topic) -> Room:
        opened = max(one.joined, other.joined, self._origin - timedelta(days=self._chance.randint(90, 320)))
        members = [Member(one, opened), Member(other, opened)]
        return self._publish(Room(self._next_id(), replace(_DIRECT), topic, members, opened, self._origin))

    def _next_id(self) -> str:
        self._opened += 1
        return f"c-{self._tenant.facts['prefix']}{self._opened:03}"

    def _publish(self, room: Room) -> Room:
        plan = room.plan
        data: dict[str, object] = {"id": room.id, "kind": plan.kind, "history": plan.history}
        data |= {"public": plan.public, "archived": plan.archived}
        if plan.kind != "direct":
            data |= {"name": plan.name, "owner_id": room.members[0].person.id}
        changed = room.closed if plan.archived else room.opened
        self._log.upsert(self._tenant.id, "conversation", changed, data)
        scope = f"conversation:{room.id}"
        if plan.group:
            self._log.member(self._tenant.id, scope, f"group:{plan.group}", room.opened)
        else:
            for member in room.members:
                self._log.member(self._tenant.id, scope, f"user:{member.person.id}", member.since, member.until)
        return room
