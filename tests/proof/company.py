"""One tenant, told the same as the oracle: events under way, in disorder, again and late."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from proof.companies import Change, time_at
from proof.judge import Body, Refusal
from proof.oracle import Key, Oracle, Refused, Sight

SEQUENCES = 100_000
"""Sequence numbers that one company has for itself."""

Event = Mapping[str, Any]


class Product(Protocol):
    """What is tested: it takes events, and answers what a caller asks; None where there is no such caller."""

    now: int
    """The time that it goes by, in microseconds since 1970."""

    async def deliver(self, events: Sequence[Event]) -> None: ...
    async def refresh(self, tenants: Sequence[str]) -> None: ...
    async def ask(self, tenant: str, user: str, params: Mapping[str, Any]) -> Body | Refusal | None: ...
    async def store(self, tenant: str, user: str, path: str, params: Mapping[str, Any]) -> Body | Refusal | None: ...
    async def around(self, tenant: str, user: str, id: str, params: Mapping[str, Any]) -> Body | Refusal | None: ...


def in_time(value: Any) -> Any:
    """The same with every `hour:3` as a time."""
    if isinstance(value, dict):
        return {name: in_time(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [in_time(inner) for inner in value]
    if isinstance(value, str) and value.startswith("hour:"):
        return time_at(int(value.removeprefix("hour:")))
    return value


def cloud_event(change: Change, tenant: str, sequence: int) -> Event:
    """A change as the contract has it."""
    data = {"id": change.id} if change.data is None else in_time(change.data)
    return {
        "specversion": "1.0",
        "id": f"{tenant}-{sequence}",
        "source": "/proof",
        "type": f"office.{change.entity}.{'deleted' if change.data is None else 'upserted'}",
        "subject": change.id,
        "time": "2026-03-02T09:15:04.120Z",
        "datacontenttype": "application/json",
        "sequence": str(sequence),
        "tenant": tenant,
        "data": data,
    }


@dataclass
class Company:
    """One tenant of a product, and an oracle that has heard what has arrived there."""

    product: Product
    tenant: str
    sequence: int = 0
    oracle: Oracle = field(default_factory=Oracle)
    under_way: list[Event] = field(default_factory=list)
    _arrived: list[Event] = field(default_factory=list)
    _searchable: dict[Key, int] = field(default_factory=dict)

    def tell(self, changes: Iterable[Change]) -> None:
        """Say what happens; it is under way until `arrive`."""
        for change in changes:
            self.sequence += 1
            self.under_way.append(cloud_event(change, self.tenant, self.sequence))

    async def arrive(self, disorder: int, *, late: float = 0.0) -> None:
        """What is under way arrives, `late` of it only later; in any order and often, unless `disorder` is 0."""
        events, self.under_way = self.under_way, []
        if disorder:
            rng = random.Random(disorder)
            rng.shuffle(events)
            cut = round(len(events) * late)
            self.under_way, events = events[:cut], events[cut:]
            doubled = [event for event in events if rng.random() < 1 / 8]
            events += doubled + rng.sample(self._arrived, len(self._arrived) // 8)
            rng.shuffle(events)
        await self.product.deliver(events)
        self._arrived += events
        for event in events:
            self.oracle.hear(event)

    async def replay(self) -> None:
        """Let all that ever arrived come once more: of each entity its newest event, then the one before, and so on."""
        known = {event["sequence"]: event for event in self._arrived}
        rounds: defaultdict[int, list[Event]] = defaultdict(list)
        met: Counter[tuple[str, str]] = Counter()
        for event in sorted(known.values(), key=lambda event: -int(event["sequence"])):
            entity = (event["type"].split(".")[1], event["subject"])
            rounds[met[entity]].append(event)
            met[entity] += 1
        for events in rounds.values():
            await self.product.deliver(events)
            for event in events:
                self.oracle.hear(event)

    def refreshed(self) -> None:
        """Searches see all that has arrived."""
        self._searchable = {key: self.oracle.version(self.tenant, *key) for key in self.oracle.company(self.tenant)}

    def is_searchable(self, key: Key) -> bool:
        """Whether a search already sees this entity as it is now."""
        return self._searchable.get(key) == self.oracle.version(self.tenant, *key)

    def sight(self, user: str) -> Sight | None:
        """What the oracle says of a caller now; None: they are refused."""
        try:
            return self.oracle.sight(self.tenant, user, self.product.now)
        except Refused:
            return None

    def endings(self) -> list[Change]:
        """The end of all that was ever told of."""
        events = (*self._arrived, *self.under_way)
        told = dict.fromkeys((event["type"].split(".")[1], event["subject"]) for event in events)
        return [Change(entity, id, None) for entity, id in told]


class Ground:
    """A tenant in which companies are founded one after the other, each on what is left of the last."""

    def __init__(self, product: Product, tenant: str) -> None:
        self._last = Company(product, tenant)

    async def company(self) -> Company:
        """One of which nothing is there any more, though searches may still see it until the next refresh."""
        last = self._last
        self._last = ended = Company(last.product, last.tenant, (last.sequence // SEQUENCES + 1) * SEQUENCES)
        ended.tell(last.endings())
        await ended.arrive(0)
        self._last = Company(last.product, last.tenant, ended.sequence)
        return self._last
