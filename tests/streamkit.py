"""What tests of streams say things with: deliveries that no broker made, handlers that remember, publishing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import kit

from search.core.errors import Unavailable
from search.core.streams.port import Broker, Delivery, Handler, Publisher, Subscription

BATCH = 10


@dataclass(frozen=True)
class DeadLetter:
    """Where the event came from, why and by which generation it was given up, its bytes."""

    stream: str
    position: int
    reason: str
    generation: str
    data: bytes


class GivenDelivery:
    """A delivery of a test's own, which knows whether it was settled."""

    def __init__(self, data: bytes, stream: str = "changes.messages", position: int = 1) -> None:
        self.data = data
        self.stream = stream
        self.position = position
        self.key: str | None = None
        self.attempts = 1
        self.settled = False

    async def settle(self) -> None:
        self.settled = True

    async def extend(self) -> None:
        return

    async def refuse(self, delay_s: float = 0) -> None:
        self.attempts += 1


class Seen:
    """What a handler was handed, in order; settles it, unless told otherwise."""

    def __init__(self, *, settles: bool = True) -> None:
        self.deliveries: list[Delivery] = []
        self.batches: list[int] = []
        self._settles = settles

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        self.batches.append(len(deliveries))
        self.deliveries += deliveries
        if self._settles:
            await settle(deliveries)

    @property
    def numbers(self) -> list[int]:
        return [int(one.data) for one in self.deliveries]

    async def until(self, number: int, seconds: float = 30) -> None:
        """Wait until so many deliveries were handed over."""

        async def has() -> bool:
            return len(self.deliveries) >= number

        await kit.until(has, f"{number} deliveries", seconds)


class Stuck(Seen):
    """Handles one batch, and is then stuck with the next until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck, self.released = asyncio.Event(), asyncio.Event()

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        if self.batches:
            self.stuck.set()
            await self.released.wait()
        await super().take(deliveries)


async def settle(deliveries: Iterable[Delivery]) -> None:
    for one in deliveries:
        await one.settle()


async def publish(broker: Broker, stream: str, numbers: Iterable[int]) -> None:
    """Publish numbers as events, in order; returns once they are stored."""
    await kit.send(broker, (b"%d" % number for number in numbers), stream)


async def handed_to(publisher: Publisher, stream: str, event: bytes) -> None:
    await publisher.publish(stream, event)
    await publisher.flush()


@asynccontextmanager
async def following(
    broker: Broker, stream: str, handler: Handler, consumer: str = "one", batch: int = BATCH
) -> AsyncIterator[Subscription]:
    subscription = await broker.follow(stream, consumer, batch, handler)
    try:
        yield subscription
    finally:
        await subscription.stop()


async def lags(broker: Broker, stream: str, number: int, seconds: float = 30, consumer: str = "one") -> None:
    """Wait until a consumer is so far behind; what is settled is heard of a little later."""

    async def is_so() -> bool:
        with suppress(Unavailable):
            progress = await broker.progress(stream, consumer)
            return progress is not None and progress.lag == number
        return False

    await kit.until(is_so, f"a lag of {number}", seconds)


async def settled(broker: Broker, stream: str) -> int:
    """Return the position up to which the consumer has settled all."""
    progress = await broker.progress(stream, "one")
    assert progress
    return progress.settled
