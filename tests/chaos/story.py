"""What may happen to a running system: stories, each a list of steps, made from a seed alone; pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kit import CATALOGUE

TENANTS = 2
"""There from the beginning; more come as new tenants."""
INDEXERS = ("indexer 1", "indexer 2")
API, ENGINE, BROKER = "the API", "the engine", "the broker"
TARGETS = (*INDEXERS, API, ENGINE, BROKER)
STREAMS = ("changes.messages", "changes.contacts", "changes.docs", "changes.apps", "changes.access", "dead_letters")
# The ones that the load speaks of; usage has no vertical that is searched.
COLLECTIONS = ("messages", "contacts", "docs", "apps", "directory")
VERTICALS = COLLECTIONS[:-1]
LONGEST_PAUSE_S = 3.0


@dataclass(frozen=True)
class Kill:
    """`part`: which of the target's processes, from 0 (the first that was started) to 1 (the last)."""

    target: str
    part: float = 0.0

    def __str__(self) -> str:
        return f"kill -9 {self.target}, the process at {self.part:.2f} of all that it has"


@dataclass(frozen=True)
class Stop:
    target: str
    seconds: float

    def __str__(self) -> str:
        return f"SIGSTOP {self.target}, SIGCONT after {self.seconds:.1f} s"


@dataclass(frozen=True)
class SlowDisk:
    """What a slow disk looks like from outside: the engine stands still every other tenth of a second."""

    seconds: float

    def __str__(self) -> str:
        return f"a slow disk: the engine stands still every other 100 ms, for {self.seconds:.1f} s"


@dataclass(frozen=True)
class LoseConsumer:
    collection: str
    stream: str

    def __str__(self) -> str:
        return f"delete the consumer of {self.collection} at {self.stream}"


@dataclass(frozen=True)
class LoseAlias:
    collection: str
    tenant: int

    def __str__(self) -> str:
        return f"delete the alias {self.collection}.{name(self.tenant)}"


@dataclass(frozen=True)
class LoseIndex:
    collection: str
    tenant: int

    def __str__(self) -> str:
        return f"delete the index of {name(self.tenant)} in {self.collection}; then a hand rebuilds"


@dataclass(frozen=True)
class LoseStream:
    stream: str

    def __str__(self) -> str:
        return f"delete the stream {self.stream}; then publish again what it held, and accept the gap"


@dataclass(frozen=True)
class Block:
    collection: str
    tenant: int
    setting: str
    seconds: float

    def __str__(self) -> str:
        return f"index.blocks.{self.setting} on {self.collection}.{name(self.tenant)} for {self.seconds:.1f} s"


@dataclass(frozen=True)
class BlockAll:
    seconds: float

    def __str__(self) -> str:
        return f"cluster.blocks.read_only for {self.seconds:.1f} s"


@dataclass(frozen=True)
class NoMoreShards:
    seconds: float

    def __str__(self) -> str:
        return f"cluster.max_shards_per_node: 1 for {self.seconds:.1f} s"


@dataclass(frozen=True)
class Reindex:
    """`killed_after`: seconds after which the command is killed; None lets it end."""

    vertical: str
    killed_after: float | None

    def __str__(self) -> str:
        end = "" if self.killed_after is None else f", killed after {self.killed_after:.1f} s"
        return f"office-search reindex {self.vertical}{end}"


@dataclass(frozen=True)
class NewTenant:
    tenant: int

    def __str__(self) -> str:
        return f"a new tenant, {name(self.tenant)}"


@dataclass(frozen=True)
class Check:
    """Not a fault: everything must come right again by itself, and be what the oracle says."""

    def __str__(self) -> str:
        return "wait until all is well, and compare"


Act = (
    Kill | Stop | SlowDisk | LoseConsumer | LoseAlias | LoseIndex | LoseStream
    | Block | BlockAll | NoMoreShards | Reindex | NewTenant | Check
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What is done, and for how many seconds the load runs on before the next; what lasts goes on meanwhile."""

    act: Act
    pause_s: float

    def __str__(self) -> str:
        return f"{self.act}" if isinstance(self.act, Check) else f"{self.act}; {self.pause_s:.1f} s later"


Story = Sequence[Step]


def name(tenant: int) -> str:
    """Return what a tenant is called."""
    return f"t{tenant}"


def faults(story: Story) -> int:
    """Return how many steps disturb something."""
    return sum(not isinstance(step.act, Check) for step in story)


def story(seed: int, steps: int, *, gentle: bool = False) -> list[Step]:
    """Return a story of so many steps, with checks in between and one at the end.

    `gentle`: without what takes long to come right again (the engine killed, an index lost), for every day.
    """
    chance = random.Random(seed)
    told = _Telling(chance, gentle=gentle)
    made: list[Step] = []
    until_check = chance.randint(4, 8)
    while faults(made) < steps:
        made += told.next()
        if faults(made) >= until_check:
            made.append(Step(Check(), 0))
            until_check += chance.randint(4, 8)
    made = made[: _nth_fault(made, steps)]
    return [*made, Step(Check(), 0)]


def _nth_fault(made: Story, steps: int) -> int:
    counted = 0
    for place, step in enumerate(made):
        counted += not isinstance(step.act, Check)
        if counted == steps:
            return place + 1
    return len(made)


class _Telling:
    """Draws one step after the other, and knows which tenants there are by then."""

    def __init__(self, chance: random.Random, *, gentle: bool) -> None:
        self._chance = chance
        self._tenants = TENANTS
        self._gentle = gentle
        self._drawn: list[tuple[int, Callable[[], list[Act]]]] = [
            (6, lambda: [Kill(self._target(), chance.random())]),
            (4, lambda: [Stop(self._target(), chance.uniform(0.5, 6))]),
            (1, lambda: [SlowDisk(chance.uniform(1, 6))]),
            (3, self._lost_consumer),
            (3, lambda: [LoseAlias(chance.choice(COLLECTIONS), self._tenant())]),
            (0 if gentle else 1, lambda: [LoseIndex(chance.choice(COLLECTIONS), self._tenant())]),
            (2, lambda: [LoseStream(chance.choice(STREAMS))]),
            (3, self._blocked),
            (1, lambda: [BlockAll(chance.uniform(0.5, 5))]),
            (1, lambda: [NoMoreShards(chance.uniform(1, 8)), *self._new_tenant()]),
            (3, self._reindexed),
            (2, self._new_tenant),
        ]

    def next(self) -> list[Step]:
        weights, acts = zip(*self._drawn, strict=True)
        [act] = self._chance.choices(acts, weights)
        return [Step(each, self._pause()) for each in act()]

    def _pause(self) -> float:
        """Return seconds; often none, so that things happen at once."""
        return 0.0 if self._chance.random() < 0.25 else round(self._chance.uniform(0, LONGEST_PAUSE_S), 1)

    def _target(self) -> str:
        targets = [target for target in TARGETS if not (self._gentle and target == ENGINE)]
        return self._chance.choice(targets)

    def _tenant(self) -> int:
        return self._chance.randrange(self._tenants)

    def _new_tenant(self) -> list[Act]:
        self._tenants += 1
        return [NewTenant(self._tenants - 1)]

    def _lost_consumer(self) -> list[Act]:
        collection = self._chance.choice(COLLECTIONS)
        return [LoseConsumer(collection, self._chance.choice(sorted(CATALOGUE.streams_of(collection))))]

    def _blocked(self) -> list[Act]:
        setting = self._chance.choice(("write", "read_only"))
        return [Block(self._chance.choice(COLLECTIONS), self._tenant(), setting, self._chance.uniform(0.5, 8))]

    def _reindexed(self) -> list[Act]:
        killed = self._chance.uniform(0.5, 8) if self._chance.random() < 0.4 else None
        return [Reindex(self._chance.choice(VERTICALS), killed)]
