"""Tables of what people want done, with the apps that do it; and how far down these stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from search.demo.company import Company

TENANT = "whaleboat"
TABLES = Path(__file__).parent / "relevance" / "intent"
EVERYONE = "tenant:*"


@dataclass(frozen=True)
class Wish:
    """What somebody types, who sees the right apps; `apps`: their ids. `user` sees every one of them."""

    q: str
    user: str
    apps: frozenset[str]


def wishes(table: str, company: Company) -> list[Wish]:
    """The wishes of a table: a line is what is typed, a tab, and the right apps' names, `·` for a blank in one."""
    apps = {app["name"]: app for app in _states(company, "app")}
    found = []
    for line in (TABLES / f"{table}.tsv").read_text(encoding="utf-8").splitlines():
        q, _, named = line.partition("\t")
        right = [apps[name.replace("·", " ")] for name in named.split()]
        seers = [user for user in _people(company) if all(_sees(user, app) for app in right)]
        found.append(Wish(q, seers[0]["id"], frozenset(app["id"] for app in right)))
    return found


def place(wish: Wish, hits: Sequence[Mapping[str, Any]], *verticals: str) -> int | None:
    """The rank, from 1, of the first right app among the hits of these verticals, or of all; None: it is not there."""
    shown = [hit for hit in hits if not verticals or hit["vertical"] in verticals]
    right = (hit.get("vertical", "apps") == "apps" and hit["id"] in wish.apps for hit in shown)
    return next((rank for rank, is_right in enumerate(right, 1) if is_right), None)


def is_above_messages(wish: Wish, hits: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a right app stands above every message."""
    first = next((rank for rank, hit in enumerate(hits, 1) if hit["vertical"] == "messages"), len(hits) + 1)
    rank = place(wish, hits)
    return rank is not None and rank < first


def share(held: Iterable[bool]) -> float:
    """How many of them are so, of 1."""
    all_of_them = list(held)
    return sum(all_of_them) / len(all_of_them)


def _states(company: Company, entity: str) -> list[dict[str, Any]]:
    events = map(orjson.loads, (event for stream in company.events.values() for event in stream))
    return [one["data"] for one in events if one["tenant"] == TENANT and one["type"] == f"office.{entity}.upserted"]


def _people(company: Company) -> list[dict[str, Any]]:
    """Everybody who is there, with the principals that they have through departments and groups."""
    parents = {one["id"]: one.get("parent_id") for one in _states(company, "department")}
    members = [(one["scope"], one["principal"]) for one in _states(company, "member") if not one.get("until")]
    people = [one for one in _states(company, "user") if one["status"] == "active"]
    for person in people:
        names = {EVERYONE, f"user:{person['id']}"}
        above = list(person["department_ids"])
        while above:
            names.add(f"department:{(here := above.pop())}")
            above += [parent] if (parent := parents.get(here)) else []
        while more := {scope for scope, principal in members if principal in names} - names:
            names |= more
        person["names"] = names
    # Who sees the most first, so that one person asks for nearly everything.
    return sorted(people, key=lambda person: (-len(person["names"]), person["id"]))


def _sees(person: Mapping[str, Any], app: Mapping[str, Any]) -> bool:
    return not person["names"].isdisjoint(app["allow"]) and person["names"].isdisjoint(app.get("deny", ()))
