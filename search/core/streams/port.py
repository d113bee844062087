"""What the system asks of a broker, whichever it is.

A stream is named as the contract names it (`changes.messages`). A position is the place of an event in its stream: a
number from 1 on that grows. A consumer is a durable place in a stream that several processes may share.
Whatever a broker does not do, as it is away or refuses it, raises Unavailable.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_EVENT_BYTES = 6 * 1024 * 1024


class Delivery(Protocol):
    """One event as a consumer gets it; it comes again, perhaps to somebody else, until it is settled."""

    @property
    def data(self) -> bytes: ...

    @property
    def stream(self) -> str: ...

    @property
    def key(self) -> str | None:
        """What the producer named as its key; None where there was none, or the broker keeps none."""
        ...

    @property
    def position(self) -> int: ...

    @property
    def attempts(self) -> int:
        """How often it has been delivered, this time included."""
        ...

    async def settle(self) -> None:
        """Say that it is done with, and never to come again."""
        ...

    async def extend(self) -> None:
        """Say that it is still being worked on: the time after which it comes again begins anew."""
        ...

    async def refuse(self, delay_s: float = 0) -> None:
        """Have it delivered again, not before `delay_s` seconds have passed."""
        ...


def event_id(generation: str, stream: str, position: int, data: bytes) -> str:
    """Return what tells an event of a generation from all others.

    With its bytes: a stream that was made anew has another event at the same position.
    """
    return f"{generation}:{stream}:{position}:{zlib.crc32(data):08x}"


Handler = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Takes the next batch of a consumer, oldest first; the one after it comes once this has returned."""


@dataclass(frozen=True)
class Progress:
    """How far a consumer has come: events not yet settled, and the position up to which all are."""

    lag: int
    settled: int


@dataclass(frozen=True)
class StreamInfo:
    """A stream as it is now: the positions of its oldest and newest event, and which stream of that name it is.

    `last`: 0 when there never was an event. `epoch`: another one once the stream has been made anew.
    """

    first: int
    last: int
    epoch: str

    @property
    def is_whole(self) -> bool:
        """Return whether it still begins at its first event, so that everything can be made of it."""
        return self.first <= 1


class Subscription(Protocol):
    """Deliveries of a consumer to one handler, under way until it is stopped."""

    async def stop(self) -> None:
        """Take no more, give back what the handler was not handed, and wait a while for the handler to return."""
        ...


class Publisher(Protocol):
    """Publishes one event after the other without waiting for each to be stored."""

    async def publish(self, stream: str, event: bytes, key: str | None = None, *, id: str | None = None) -> None:
        """Hand an event over, in order; waits when too many are not stored yet. May raise for an earlier event."""
        ...

    async def flush(self) -> None:
        """Return once all that was handed over is stored."""
        ...


class DeadLetters(Protocol):
    """Where events go that can never be indexed: their bytes as they came, with the reason."""

    async def send_to_dead_letters(self, delivery: Delivery, reason: str, generation: str) -> None:
        """Return once it is stored; where the dead letters are missing, they are made again.

        The same delivery of a generation is kept once. The delivery is not settled.
        """
        ...


class Broker(DeadLetters, Protocol):
    """The process's one connection to the streams. Nothing but `open` and `close` may be called before it is opened."""

    async def open(self) -> None:
        """Connect, unless that is done; from then on a lost connection is found again, for as long as it takes."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether the broker answers now; False before it is opened."""
        ...

    async def close(self) -> None:
        """Disconnect, with everything that was settled told to the broker."""
        ...

    async def ensure_streams(self, names: Iterable[str]) -> None:
        """Make the streams that are not there, and the dead letters; one that is there stays as its owner made it."""
        ...

    async def info(self, stream: str) -> StreamInfo | None:
        """Return what a stream is now; None when it is not there."""
        ...

    async def end(self, stream: str) -> int:
        """Return the position of the newest event; 0 when there never was one."""
        ...

    async def publish(self, stream: str, event: bytes, key: str | None = None, *, id: str | None = None) -> None:
        """Return once the event is stored. A stream that this process has ensured is made again when it is missing.

        `key`: the subject of an event; those of one key keep their order, whatever the broker does with the others.
        `id`: of several events with the same one, published soon after each other, the first is kept.
        """
        ...

    def publisher(self, under_way: int = 1000, patience_s: float = 60) -> Publisher:
        """Return what publishes many events.

        `under_way`: how many may be handed over and not stored. `patience_s`: how long they may take to be stored.
        """
        ...

    async def ensure_consumer(self, stream: str, consumer: str, start: int, ack_wait_s: float) -> None:
        """Make a consumer whose first event is the one at `start`, or the next that there is.

        One that exists keeps its place. `ack_wait_s`: after so long without a word a delivery comes again.
        """
        ...

    async def delete_consumer(self, stream: str, consumer: str) -> None:
        """Delete a consumer, if it is there. Whoever follows it gets nothing more, and is not told."""
        ...

    async def consumers(self, stream: str) -> frozenset[str]:
        """Return the names of all consumers of a stream; none where there is no stream."""
        ...

    async def progress(self, stream: str, consumer: str) -> Progress | None:
        """Return how far a consumer has come; None when it is not there. One just made may say 0 for a moment."""
        ...

    async def follow(self, stream: str, consumer: str, batch_size: int, handler: Handler) -> Subscription:
        """Hand over what comes, at most `batch_size` events at a time, at once and never waiting for a full batch."""
        ...
