"""Memberships of the demo companies besides departments: groups, roles and folders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from search.demo.event_log import EventLog
from search.demo.people import Person, Tenant


class Memberships:
    """Publishes the groups, roles and folders of one tenant to the log, and knows every person's principals."""

    def __init__(self, log: EventLog, company: dict[str, Any], tenant: Tenant, origin: datetime) -> None:
        self._log = log
        self._tenant = tenant
        self._since = origin - timedelta(days=600)
        self._members: dict[str, set[str]] = {}
        for group in company["groups"][tenant.id]:
            self._admit(f"group:{group['id']}", self._of_group(group), group.get("members", []))
        for role in company["roles"][tenant.id]:
            data = {name: role[name] for name in ("id", "name", "modules", "department_ids") if name in role}
            log.upsert(tenant.id, "role", self._since, data)
            self._admit(f"role:{role['id']}", self._titled(role.get("titles", [])), role["members"])
        for folder in company["folders"][tenant.id]:
            self._admit(f"folder:{folder['id']}", [], folder["members"])

    def principals(self, person: Person) -> frozenset[str]:
        """Return the principals by which access lists can name this person, without conversations."""
        found = {"tenant:*", "role:default", f"user:{person.id}"}
        found |= {f"department:{department}" for department in self._tenant.upwards(person.department)}
        while more := {scope for scope, inside in self._members.items() if scope not in found and inside & found}:
            found |= more
        return frozenset(found)

    def in_group(self, group: str) -> list[Person]:
        """Return everybody in a group, including members of groups within it."""
        return [person for person in self._tenant.people if f"group:{group}" in self.principals(person)]

    def _of_group(self, group: dict[str, Any]) -> list[Person]:
        people = self._titled(group.get("titles", []))
        if group.get("heads"):
            people += [person for person in self._tenant.people if person.head and person not in people]
        if group.get("interns"):
            people += [person for person in self._tenant.people if person.intern]
        return people

    def _titled(self, titles: list[str]) -> list[Person]:
        return [person for person in self._tenant.people if person.title in titles and person.left is None]

    def _admit(self, scope: str, people: list[Person], others: list[str]) -> None:
        for person in people:
            self._log.member(self._tenant.id, scope, f"user:{person.id}", max(person.joined, self._since))
        for principal in others:
            self._log.member(self._tenant.id, scope, principal, self._since)
        self._members[scope] = {f"user:{person.id}" for person in people} | set(others)
