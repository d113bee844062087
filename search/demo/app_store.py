"""App stores of the demo companies: their apps, and who uses them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from search.demo.event_log import EventLog, stamp
from search.demo.memberships import Memberships
from search.demo.people import Person, Tenant
from search.demo.slots import dice
from search.demo.texts import read

_KINDS_WITH_PAGE = ("mini_program", "web")
_DAYS_OF_USE = 90
# People of the departments that an app's category is for use it so much more than others.
_AT_HOME = 5.0
# Of late, what rises draws people so much more.
_LATE_DAYS = 8
_RISEN = 7.0
# Whoever has used an app is so much likelier to use it again, for each of the first times.
_HABIT = 3
_HABIT_TIMES = 3
_RATES = 0.12


@dataclass(frozen=True)
class _App:
    """An app as people take to it. `desks`: departments whose people use it most."""

    id: str
    allow: Collection[str]
    deny: Collection[str]
    published: datetime
    desks: Collection[str]
    rises: bool
    popularity: float

    def draws(self, person: Person, moment: datetime, origin: datetime) -> float:
        """Return how much it draws a person, at a moment, who has not used it yet."""
        if moment < self.published:
            return 0.0
        is_late = moment > origin - timedelta(days=_LATE_DAYS)
        at_home = person.department in self.desks
        return self.popularity * (_AT_HOME if at_home else 1.0) * (_RISEN if self.rises and is_late else 1.0)


class AppStore:
    """Publishes a tenant's apps, and records of their use."""

    def __init__(self, log: EventLog, tenant: Tenant, memberships: Memberships, origin: datetime, seed: int) -> None:
        self._log = log
        self._tenant = tenant
        self._memberships = memberships
        self._origin = origin
        self._chance: Random = dice(seed, f"store-{tenant.id}")
        self._apps: list[_App] = []

    def publish(self, shelf: str) -> None:
        """Publish the apps of one shelf of the data file."""
        found = read("apps.toml")
        entries = found[shelf]["apps"]
        ranks = self._chance.sample(range(len(entries)), len(entries))
        for number, (entry, rank) in enumerate(zip(entries, ranks, strict=True), start=1):
            audience = found["audiences"][entry["to"]]
            days = entry.get("days", self._chance.randint(70, 700))
            published = self._origin - timedelta(days=days, hours=5)
            app = self._app(f"app-{self._tenant.facts['prefix']}{number:03}", entry, audience, published)
            self._log.upsert(self._tenant.id, "app", published, app)
            self._apps.append(
                _App(
                    app["id"],
                    audience["allow"],
                    audience.get("deny", ()),
                    published,
                    found["desks"].get(entry["category"], ()),
                    entry.get("rising", False),
                    1 / (rank + 8),
                )
            )

    def _app(
        self, identity: str, entry: dict[str, Any], audience: dict[str, list[str]], published: datetime
    ) -> dict[str, Any]:
        app = {name: entry[name] for name in ("name", "kind", "category", "tags")}
        app |= {"id": identity, "description": entry["text"], "developer": f"{self._tenant.facts['name']} IT"}
        app |= {"allow": audience["allow"], "published_at": stamp(published)}
        app |= {"deny": audience["deny"]} if "deny" in audience else {}
        if "discoverable" in audience:
            ask = f"https://apps.{self._tenant.facts['domain']}/{identity}/ask"
            app |= {"discoverable": audience["discoverable"], "request_url": ask}
        app |= {"department_ids": audience["departments"]} if "departments" in audience else {}
        address = f"https://apps.{self._tenant.facts['domain']}/{identity}"
        app |= {"url": address} if entry["kind"] in _KINDS_WITH_PAGE else {}
        app |= {"discoverable": ["tenant:*"]} if "ask" in entry else {}
        app |= {"request_url": f"{address}/request"} if entry.get("ask") == "form" else {}
        return app

    def use(self, total: int) -> None:
        """Record `total` uses over the last ninety days; people use again what they have installed."""
        chance = self._chance
        people = [person for person in self._tenant.people if person.left is None]
        visible = [self._visible(self._memberships.principals(person)) for person in people]
        habits: dict[tuple[str, str], int] = {}
        latest, first = 900, _DAYS_OF_USE * 1440
        moments = sorted(self._origin - timedelta(minutes=chance.randint(latest, first)) for _ in range(total))
        for number, moment in enumerate(moments, start=1):
            index = chance.randrange(len(people))
            mine, apps = people[index], visible[index]
            weights = [
                app.draws(mine, moment, self._origin)
                * (1 + _HABIT * min(_HABIT_TIMES, habits.get((mine.id, app.id), 0)))
                for app in apps
            ]
            app = chance.choices(apps, weights)[0]
            self._record(number, moment, mine.id, app.id, habits)

    def _record(self, number: int, moment: datetime, user: str, app: str, habits: dict[tuple[str, str], int]) -> None:
        times = habits[user, app] = habits.get((user, app), 0) + 1
        data: dict[str, Any] = {"user_id": user, "app_id": app, "action": "install" if times == 1 else "open"}
        if times > 1 and self._chance.random() < _RATES:
            data |= {"action": "rate", "value": self._chance.choice([3, 4, 4, 5, 5, 5])}
        subject = f"use-{self._tenant.facts['prefix']}{number:05}"
        self._log.usage(self._tenant.id, subject, moment, data | {"at": stamp(moment)})

    def _visible(self, principals: frozenset[str]) -> list[_App]:
        return [
            app for app in self._apps if principals.intersection(app.allow) and not principals.intersection(app.deny)
        ]
