"""Departments and people of the demo companies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from faker import Faker
from pypinyin import lazy_pinyin

from search.demo.event_log import EventLog
from search.demo.slots import dice

# Surnames that are not read in pypinyin's most frequent way.
_SURNAMES = {"单": "shan", "解": "xie", "曾": "zeng", "仇": "qiu", "查": "zha", "区": "ou", "覃": "qin", "翟": "zhai"}
_INTERN_DAYS = 60


@dataclass(frozen=True)
class Person:
    id: str
    tenant: str
    name: str
    department: str
    title: str
    joined: datetime
    head: bool
    intern: bool
    persona: bool
    visible_to: list[str] | None
    left: datetime | None


@dataclass(frozen=True)
class Tenant:
    """One company: its settings, its departments (id → parent) and its people."""

    facts: dict[str, Any]
    parents: dict[str, str | None]
    people: list[Person]

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    def upwards(self, department: str | None) -> list[str]:
        """Return a department and its ancestors, nearest first."""
        found = []
        while department is not None:
            found.append(department)
            department = self.parents[department]
        return found

    def within(self, departments: Iterable[str]) -> list[Person]:
        """Return everybody in these departments and those below who is visible to the whole tenant."""
        wanted = set(departments)
        return [
            person
            for person in self.people
            if person.visible_to is None and wanted.intersection(self.upwards(person.department))
        ]


@dataclass(frozen=True)
class _Post:
    """A position in a department, not yet filled."""

    department: str
    title: str
    name: str | None = None
    english: str | None = None
    head: bool = False
    intern: bool = False
    visible_to: list[str] | None = None


def hire(log: EventLog, company: dict[str, Any], facts: dict[str, Any], origin: datetime, seed: int) -> Tenant:
    """Return one tenant's departments and people, after writing them to the log. `origin`: the demo's present."""
    departments = company["departments"][facts["id"]]
    founded = origin - timedelta(days=1600)
    for department in departments:
        data = {name: department[name] for name in ("id", "name", "parent") if name in department}
        if "parent" in data:
            data["parent_id"] = data.pop("parent")
        log.upsert(facts["id"], "department", founded, data)
    parents = {department["id"]: department.get("parent") for department in departments}
    people = _Office(log, facts, parents, origin, seed).settle(_posts(company, facts["id"], departments))
    return Tenant(facts, parents, people)


def _posts(company: dict[str, Any], tenant: str, departments: list[dict[str, Any]]) -> list[_Post]:
    special = [
        _Post(entry["department"], entry["title"], entry.get("name"), entry.get("english"))
        for entry in company["personas"]
        if entry["tenant"] == tenant
    ]
    special += [
        _Post(entry["department"], entry["title"], visible_to=entry["visible_to"])
        for entry in company["secluded"]
        if entry["tenant"] == tenant
    ]
    if tenant == company["tenants"][0]["id"]:
        titles = {department["id"]: department["titles"] for department in departments}
        homonyms = [(name, where) for name, places in company["homonyms"].items() for where in places]
        special += [_Post(where, titles[where][1], name) for name, where in homonyms]
    return [post for department in departments for post in _department(department, special)]


def _department(department: dict[str, Any], special: Sequence[_Post]) -> list[_Post]:
    """Return a department's posts: its head, the special posts, interns, then the others."""
    where, titles = department["id"], department["titles"]
    posts = [post for post in special if post.department == where]
    if not any(post.title == titles[0] for post in posts):
        posts.insert(0, _Post(where, titles[0]))
    posts += [_Post(where, "实习生", intern=True) for _ in range(department.get("interns", 0))]
    rest = titles[1:] or titles
    posts += [_Post(where, rest[index % len(rest)]) for index in range(department["size"] - len(posts))]
    return [_described(post, titles[0]) for post in posts]


def _described(post: _Post, head: str) -> _Post:
    return _Post(**{**vars(post), "head": post.title == head, "intern": "实习生" in post.title})


class _Office:
    """Fills posts with people: names, numbers and addresses."""

    def __init__(
        self, log: EventLog, facts: dict[str, Any], parents: dict[str, str | None], origin: datetime, seed: int
    ) -> None:
        self._log = log
        self._facts = facts
        self._parents = parents
        self._origin = origin
        self._chance: Random = dice(seed, f"people-{facts['id']}")
        self._chinese, self._western = Faker("zh_CN"), Faker("en_US")
        self._chinese.seed_instance(seed + len(facts["id"]))
        self._western.seed_instance(seed + len(facts["id"]))
        self._mailboxes: dict[str, int] = {}

    def settle(self, posts: list[_Post]) -> list[Person]:
        named = {post.name for post in posts if post.name}
        people = []
        for number, post in enumerate(posts, start=1):
            name = post.name or self._name(named)
            named.add(name)
            people.append(self._person(number, post, name))
        heads = {person.department: person for person in people if person.head}
        for number, (post, person) in enumerate(zip(posts, people, strict=True), start=1):
            self._publish(number, person, post.english, self._manager(person, heads))
        return people

    def _name(self, taken: set[str]) -> str:
        # Only the planned homonyms may share a name; others would make the demo's searches ambiguous.
        while (name := self._chinese.name()) in taken:
            pass
        return name

    def _person(self, number: int, post: _Post, name: str) -> Person:
        days = _INTERN_DAYS if post.intern else self._chance.randint(200, 1500)
        ordinary = not (post.head or post.intern or post.name or post.visible_to)
        left = self._origin - timedelta(days=self._chance.randint(30, 150)) if ordinary and number % 37 == 0 else None
        return Person(
            id=f"u-{self._facts['prefix']}{number:04}",
            tenant=self._facts["id"],
            name=name,
            department=post.department,
            title=post.title,
            joined=self._origin - timedelta(days=days),
            head=post.head,
            intern=post.intern,
            persona=post.english is not None,
            visible_to=post.visible_to,
            left=left,
        )

    def _manager(self, person: Person, heads: dict[str, Person]) -> str | None:
        where: str | None = person.department
        while where is not None:
            if where in heads and heads[where] is not person:
                return heads[where].id
            where = self._parents[where]
        return None

    def _publish(self, number: int, person: Person, english: str | None, manager: str | None) -> None:
        surname = _pinyin(person.name[:1])
        data: dict[str, Any] = {
            "id": person.id,
            "name": person.name,
            "english_name": english or f"{self._western.first_name()} {surname.title()}",
            "employee_no": f"{self._facts['employee_no']}{10000 + number * 7}",
            "email": f"{self._mailbox(person.name)}@{self._facts['domain']}",
            # No network hands out numbers that begin like this.
            "phone": f"100{self._chance.randint(10_000_000, 99_999_999)}",
            "title": person.title,
            "department_ids": [person.department],
            "status": "disabled" if person.left else "active",
        }
        if manager:
            data["manager_id"] = manager
        if person.visible_to is not None:
            data["visible_to"] = person.visible_to
        if not person.persona and self._chance.random() < 0.1:
            data["aliases"] = [f"{'老' if person.head else '小'}{person.name[0]}"]
        self._log.upsert(person.tenant, "user", person.left or person.joined, data)

    def _mailbox(self, name: str) -> str:
        """Return the name in full pinyin, with a number from the second person of the same sound on."""
        sound = _pinyin(name)
        self._mailboxes[sound] = self._mailboxes.get(sound, 0) + 1
        return sound if self._mailboxes[sound] == 1 else f"{sound}{self._mailboxes[sound]}"


def _pinyin(name: str) -> str:
    return _SURNAMES.get(name[0], lazy_pinyin(name[0])[0]) + "".join(lazy_pinyin(name[1:]))
