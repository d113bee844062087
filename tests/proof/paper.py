"""The rules on paper: what the product's pure parts make of a company's events, without engine and broker."""

from __future__ import annotations

import operator
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from filterkit import engine_says
from hypothesis import given
from hypothesis import strategies as st
from kit import VERTICALS
from proof.companies import HOURS, USERS, Change, change, founded, time_at
from proof.company import Event, cloud_event
from proof.examples import proof
from proof.judge import Wrong, same
from proof.oracle import VERTICAL_OF, Oracle, Refused, moment

from indexers.projections import DirectoryEntries
from mappings import directory
from mappings.events import Change as Decoded
from mappings.events import decode
from mappings.vertical import Vertical
from search.access.closure import Access, reach, starts
from search.access.closure import principal as principal_of
from search.access.filter import access_filter, admits, admits_module, visibility_filter
from search.access.parsed import parse
from search.access.principal import Principal, Rules, Tree

Place = tuple[str, str]
"""(entity, id)"""


class Paper:
    """One tenant's documents, and its directory, as the indexers write them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.documents = {
            place: document for vertical in VERTICALS.values() for place, document in _made(vertical, events)
        }
        self._directory: dict[str, Mapping[str, Any]] = {}
        for stream, entities in directory.ENTITIES.items():
            changes = list(enumerate(_changes(events, entities)))
            for operation in DirectoryEntries(stream).operations(changes):
                entries = orjson.loads(operation.body)["script"]["params"]["entries"]
                id = operation.action["update"]["_id"]
                self._directory[id] = {**self._directory.get(id, {}), **entries}

    def principal(self, tenant: str, user: str, now: int) -> Principal | None:
        """A caller as the directory's documents make them; None: unknown or disabled."""
        me: Access | None = self._parsed(f"user:{user}")
        if me is None or me.user is None or not me.user.active:
            return None
        tree: Tree = self._parsed(directory.DEPARTMENTS) or Tree({})
        roots = starts(user, me.user, tree)
        known: dict[str, Access | None] = {}
        reached = reach(roots, known, now)
        while reached.missing:
            known |= {id: self._parsed(id) for id in reached.missing}
            reached = reach(roots, known, now)
        roles = self._parsed(directory.ROLES) or {}
        rules = Rules([self._parsed(page) or {} for page in directory.CONVERSATION_PAGE_IDS])
        return principal_of(tenant, user, roots, reached, tree, roles, rules)

    def _parsed(self, id: str) -> Any:
        return parse(id, self._directory.get(id))


def _made(vertical: Vertical, events: Sequence[Event]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    latest: dict[Place, Decoded] = {}
    for one in sorted(_changes(events, vertical.entities), key=lambda one: one.version):
        latest[one.entity, one.id] = one
    for place, one in latest.items():
        yield place, vertical.document(one.entity, one.state, one.data)


def _changes(events: Iterable[Event], entities: Mapping[str, Any]) -> list[Decoded]:
    return [decode(orjson.dumps(event), entities) for event in events if event["type"].split(".")[1] in entities]


def compare(events: Sequence[Event], tenant: str, users: Iterable[str], now: int) -> int:
    """How many decisions were compared with the oracle's. Raises Wrong."""
    oracle, paper, decisions = Oracle(), Paper(events), 0
    for event in events:
        oracle.hear(event)
    for user in users:
        caller = paper.principal(tenant, user, now)
        try:
            sight = oracle.sight(tenant, user, now)
        except Refused:
            same(f"whether {user} is refused", caller, None)
            continue
        if caller is None:
            raise Wrong(f"{user} is refused")
        for (entity, id), document in paper.documents.items():
            vertical = VERTICALS[VERTICAL_OF[entity]]
            told = (
                engine_says(document, visibility_filter(caller, vertical)),
                engine_says(document, access_filter(caller, vertical)),
                seen := admits(caller, vertical, id, document),
                seen and admits_module(caller, vertical, document),
            )
            expected = sight.sees(entity, id), (entity, id) in sight.company and sight.searches(entity, id)
            same(f"whether {user} sees and searches {entity} {id}: {document}", told, expected * 2)
            decisions += len(told)
    return decisions


def decide(companies: int, *, shrink: bool = True) -> int:
    """Decide on so many companies, the same ones each time: how many decisions were compared. Raises Wrong."""
    decisions = 0

    def company(told: list[Change], hour: int, edge: int, rng: random.Random) -> None:
        nonlocal decisions
        events = [cloud_event(one, "paper", number) for number, one in enumerate(told)]
        rng.shuffle(events)
        decisions += compare(events, "paper", USERS, moment(time_at(hour)) + edge)

    changes = st.builds(operator.add, founded(), st.lists(change(), max_size=8))
    hours, edges = st.integers(0, HOURS), st.sampled_from((-1, 0, 1))
    proof(companies, shrink=shrink)(given(changes, hours, edges, st.randoms())(company))()
    return decisions
