"""The contract's rules in plain sets and loops: what each caller may see. It shares nothing with the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

ENTITIES_OF: Mapping[str, tuple[str, ...]] = {
    "messages": ("message",),
    "contacts": ("user", "department", "conversation"),
    "docs": ("doc",),
    "apps": ("app",),
}
VERTICAL_OF = {entity: vertical for vertical, entities in ENTITIES_OF.items() for entity in entities}

Key = tuple[str, str]
"""(entity, id)"""
Data = Mapping[str, Any]

ALWAYS = -(10**18)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """The caller is unknown or disabled, which is 403."""


def moment(text: str) -> int:
    """An RFC 3339 time → microseconds since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


class Oracle:
    """What the streams have said so far: of every entity the state with the highest sequence, deletes included."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str, str], tuple[int, Data | None]] = {}

    def copy(self) -> Oracle:
        """One that has heard the same, and will hear something else."""
        other = Oracle()
        other._heard = dict(self._heard)
        return other

    def hear(self, event: Mapping[str, Any]) -> None:
        """One CloudEvent of the contract, in any order and however often."""
        entity, verb = event["type"].split(".")[1:]
        place = (event["tenant"], entity, event["subject"])
        sequence = int(event["sequence"])
        if place not in self._heard or self._heard[place][0] < sequence:
            self._heard[place] = (sequence, event["data"] if verb == "upserted" else None)

    def company(self, tenant: str) -> dict[Key, Data]:
        """Everything of one tenant that is there, by entity and id."""
        return {
            (entity, id): data
            for (owner, entity, id), (_, data) in self._heard.items()
            if owner == tenant and data is not None
        }

    def version(self, tenant: str, entity: str, id: str) -> int:
        """The sequence that an entity has reached, whether or not it is still there; −1 for one never heard of."""
        return self._heard.get((tenant, entity, id), (-1, None))[0]

    def sight(self, tenant: str, user: str, now: int) -> Sight:
        """What `user` may see at a time in microseconds. Raises Refused."""
        return Sight(self.company(tenant), user, now)


class Sight:
    """One caller's view of their company at one time; the numbers are those of the contract's section 2."""

    def __init__(self, company: Mapping[Key, Data], user: str, now: int) -> None:
        """Raises Refused (1)."""
        me = company.get(("user", user))
        if me is None or me["status"] != "active":
            raise Refused
        self.company = company
        self.user = user
        self.now = now
        self.departments = {above for id in me["department_ids"] for above in self._upwards(id)}
        self.since = self._scopes({f"user:{user}", *(f"department:{id}" for id in self.departments)})
        self.everywhere: set[str] = {"tenant:*", *self.since}
        self.bounded: list[tuple[str, set[str]]] = []
        self.modules: dict[str, list[set[str] | None]] = {}
        self._take_roles()

    def _upwards(self, id: str | None) -> set[str]:
        """A department and those above it; one that is not there grants nothing, and nothing is known above it."""
        found: set[str] = set()
        while id is not None and id not in found and ("department", id) in self.company:
            found.add(id)
            id = self.company["department", id].get("parent_id")
        return found

    def _subtree(self, roots: Iterable[str]) -> set[str]:
        known = [id for entity, id in self.company if entity == "department"]
        return {id for id in known for root in roots if root in self._upwards(id)}

    def _scopes(self, begin: set[str]) -> dict[str, int]:
        """(3) Principal → since when: along a way the latest time counts, and of several ways the earliest wins."""
        since = dict.fromkeys(begin, ALWAYS)
        changed = True
        while changed:
            changed = False
            for member in self._memberships_in_force():
                if member["principal"] not in since or not self._exists(member["scope"]):
                    continue
                begun = moment(member["since"]) if member.get("since") else ALWAYS
                way = max(since[member["principal"]], begun)
                if way < since.get(member["scope"], way + 1):
                    since[member["scope"]] = way
                    changed = True
        return since

    def _memberships_in_force(self) -> list[Data]:
        return [
            data
            for (entity, _), data in self.company.items()
            if entity == "member"
            and (not data.get("since") or moment(data["since"]) <= self.now)
            and (not data.get("until") or self.now < moment(data["until"]))
        ]

    def _exists(self, scope: str) -> bool:
        """A role or conversation that is unknown or deleted grants nothing; groups and folders are their members."""
        kind, id = scope.split(":")
        return kind in ("group", "folder") or (kind, id) in self.company

    def _take_roles(self) -> None:
        """(7) `role:default` is everyone's; a role with departments counts within their subtrees only."""
        for (entity, id), role in self.company.items():
            name = f"role:{id}"
            if entity != "role" or (id != "default" and name not in self.since):
                continue
            within = None if role.get("department_ids") is None else self._subtree(role["department_ids"])
            self.everywhere.discard(name)
            if within is None:
                self.everywhere.add(name)
            else:
                self.bounded.append((name, within))
            for module in role["modules"]:
                self.modules.setdefault(module, []).append(within)

    def sees(self, entity: str, id: str) -> bool:
        """Whether the entity is visible at all, whatever modules say."""
        data = self.company.get((entity, id))
        if data is None:
            return False
        if entity == "message":
            return self._reads(data)
        if entity == "conversation":
            return bool(data["public"]) or f"conversation:{id}" in self.since  # (6)
        if entity == "department":
            return True
        if entity == "user":
            listed = data.get("visible_to")
            return id == self.user or listed is None or self._meets(listed, data)
        return self._is_allowed(data)

    def _is_allowed(self, data: Data) -> bool:
        """(5)"""
        if data.get("owner_id") == self.user:
            return True
        listed = [*data["allow"], *(data.get("discoverable") or [])]
        listed += [f"folder:{data['folder_id']}"] if data.get("folder_id") else []
        return self._meets(listed, data) and not self._meets(data.get("deny") or [], data)

    def opens(self, app: str) -> bool:
        """(5) Whether an app that the caller may see is theirs to open, and not only to ask for."""
        data = self.company["app", app]
        return self._meets(data["allow"], data)

    def _reads(self, message: Data) -> bool:
        """(4)"""
        room = self.company.get(("conversation", message["conversation_id"]))
        if room is None:
            return False
        since = self.since.get(f"conversation:{message['conversation_id']}")
        if room["public"]:
            return True
        return since is not None and (room["history"] == "all" or moment(message["sent_at"]) >= since)

    def _meets(self, listed: Iterable[str], data: Data) -> bool:
        return any(
            name in self.everywhere or any(name == role and _lies_within(data, within) for role, within in self.bounded)
            for name in listed
        )

    def denied(self, vertical: str) -> bool:
        return f"search.{vertical}" not in self.modules

    def searches(self, entity: str, id: str) -> bool:
        """(7) Whether the caller sees the entity and has, for it, the module of its vertical."""
        if not self.sees(entity, id):
            return False
        return self._calls(f"search.{VERTICAL_OF[entity]}", entity, id)

    def discovers(self, app: str) -> bool:
        """(7) Whether the caller sees an app and has, for it, the store's module."""
        return self.sees("app", app) and self._calls("discover.apps", "app", app)

    def _calls(self, module: str, entity: str, id: str) -> bool:
        data = self.company[entity, id]
        scopes = self.modules.get(module, [])
        return any(within is None or (entity != "message" and _lies_within(data, within)) for within in scopes)

    def name_of(self, user: str) -> str | None:
        """What a person is called, for whom the caller may see."""
        return self.company["user", user]["name"] if self.sees("user", user) else None

    def titles(self, conversation: str) -> set[str]:
        """What may stand over a conversation's messages: its name, of a direct one the other person's.

        Where the contract is silent - no name, or no single other person - there may also be nothing.
        """
        room = self.company["conversation", conversation]
        if room["kind"] != "direct" and room.get("name"):
            return {room["name"]}
        scope = f"conversation:{conversation}"
        people = {
            data["principal"].removeprefix("user:")
            for (entity, _), data in self.company.items()
            if entity == "member" and data["scope"] == scope and data["principal"].startswith("user:")
        }
        others = people - {self.user}
        inside = scope in self.since
        if inside and room["kind"] == "direct" and len(others) == 1:
            return {self.name_of(other) or "" for other in others}
        return {""} | {self.name_of(other) or "" for other in others if inside and len(others) == 1}


def _lies_within(data: Data, departments: set[str]) -> bool:
    """Whether an entity's own departments all lie within; one that names none is outside."""
    own = data.get("department_ids") or []
    return bool(own) and set(own) <= departments
