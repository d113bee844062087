"""App stores of the demo companies: their apps, and who uses them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from search.demo.event_log import EventLog, stamp
from search.demo.memberships import Memberships
from search.demo.people import Tenant
from search.demo.slots import dice
from search.demo.texts import read

_KINDS_WITH_PAGE = ("mini_program", "web")


class AppStore:
    """Publishes a tenant's apps, and records of their use."""

    def __init__(self, log: EventLog, tenant: Tenant, memberships: Memberships, origin: datetime, seed: int) -> None:
        self._log = log
        self._tenant = tenant
        self._memberships = memberships
        self._origin = origin
        self._chance: Random = dice(seed, f"store-{tenant.id}")
        self._apps: list[dict[str, Any]] = []

    def publish(self, shelf: str) -> None:
        """Publish the apps of one shelf of the data file."""
        found = read("apps.toml")
        for number, entry in enumerate(found[shelf]["apps"], start=1):
            audience = found["audiences"][entry["to"]]
            published = self._origin - timedelta(days=self._chance.randint(20, 700), hours=5)
            app = self._app(f"app-{self._tenant.facts['prefix']}{number:03}", entry, audience, published)
            self._log.upsert(self._tenant.id, "app", published, app)
            self._apps.append(app)

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
        if entry["kind"] in _KINDS_WITH_PAGE:
            app["url"] = f"https://apps.{self._tenant.facts['domain']}/{identity}"
        return app

    def use(self, total: int) -> None:
        """Record `total` uses over the last ninety days; people use again what they have installed."""
        chance = self._chance
        people = [person for person in self._tenant.people if person.left is None]
        visible = [self._visible(self._memberships.principals(person)) for person in people]
        popularity = {app["id"]: 1 / (rank + 2) for rank, app in enumerate(chance.sample(self._apps, len(self._apps)))}
        habits: dict[tuple[str, str], int] = {}
        moments = sorted(self._origin - timedelta(minutes=chance.randint(900, 90 * 1440)) for _ in range(total))
        for number, moment in enumerate(moments, start=1):
            index = chance.randrange(len(people))
            mine, apps = people[index].id, visible[index]
            weights = [popularity[app] * (1 + 4 * habits.get((mine, app), 0)) for app in apps]
            app = chance.choices(apps, weights)[0]
            times = habits[mine, app] = habits.get((mine, app), 0) + 1
            data: dict[str, Any] = {"user_id": mine, "app_id": app, "action": "install" if times == 1 else "open"}
            if times > 2 and chance.random() < 0.05:
                data |= {"action": "rate", "value": chance.choice([3, 4, 4, 5, 5, 5])}
            subject = f"use-{self._tenant.facts['prefix']}{number:05}"
            self._log.usage(self._tenant.id, subject, moment, data | {"at": stamp(moment)})

    def _visible(self, principals: frozenset[str]) -> list[str]:
        return [
            app["id"]
            for app in self._apps
            if principals.intersection(app["allow"]) and not principals.intersection(app.get("deny", ()))
        ]
