"""The port's broker, on NATS JetStream."""

from __future__ import annotations

from collections.abc import Iterable

from nats.js import JetStreamContext
from nats.js.errors import NoStreamResponseError

from search.core.streams.nats import consumers, dead_letters, following, publishing
from search.core.streams.nats.connection import NatsConnection
from search.core.streams.nats.failures import told_as, unavailable
from search.core.streams.port import Delivery, Handler, Progress, StreamInfo

NO_ANSWER = "The broker does not answer"
# More than all publishers of a process together have under way; each bounds its own.
MOST_UNDER_WAY = 100_000


class NatsBroker:
    """Streams over one connection, which others may use for what NATS can do besides."""

    def __init__(self, connection: NatsConnection) -> None:
        self.connection = connection
        # Made of the client once, as each that publishes listens to an inbox of its own.
        self._context: JetStreamContext | None = None
        self._lent: following.Lent | None = None
        self._made: set[str] = set()

    async def open(self) -> None:
        await self.connection.open()

    @property
    def is_connected(self) -> bool:
        return self.connection.is_connected

    async def close(self) -> None:
        self._context = self._lent = None
        await self.connection.close()

    async def ensure_streams(self, names: Iterable[str]) -> None:
        wanted = tuple(names)
        with told_as(NO_ANSWER):
            await consumers.ensure_streams(self._js, wanted)
        self._made.update(wanted)

    async def info(self, stream: str) -> StreamInfo | None:
        with told_as(NO_ANSWER):
            return await consumers.info(self._js, stream)

    async def end(self, stream: str) -> int:
        with told_as(NO_ANSWER):
            return await consumers.end(self._js, stream)

    async def publish(self, stream: str, event: bytes, key: str | None = None, *, id: str | None = None) -> None:
        try:
            await publishing.publish(self._js, stream, event, id)
        except NoStreamResponseError as error:
            if stream not in self._made:
                raise unavailable(publishing.NOT_TAKEN, error) from error
            await self.ensure_streams([stream])
            with told_as(publishing.NOT_TAKEN):
                await publishing.publish(self._js, stream, event, id)

    def publisher(self, under_way: int = 1000, patience_s: float = 60) -> publishing.NatsPublisher:
        return publishing.NatsPublisher(self._js, under_way, patience_s)

    async def ensure_consumer(self, stream: str, consumer: str, start: int, ack_wait_s: float) -> None:
        with told_as(NO_ANSWER):
            await consumers.ensure_consumer(self._js, stream, consumer, start, ack_wait_s)

    async def delete_consumer(self, stream: str, consumer: str) -> None:
        with told_as(NO_ANSWER):
            await consumers.delete_consumer(self._js, stream, consumer)

    async def consumers(self, stream: str) -> frozenset[str]:
        with told_as(NO_ANSWER):
            return await consumers.names(self._js, stream)

    async def progress(self, stream: str, consumer: str) -> Progress | None:
        with told_as(NO_ANSWER):
            return await consumers.progress(self._js, stream, consumer)

    async def follow(self, stream: str, consumer: str, batch_size: int, handler: Handler) -> following.NatsSubscription:
        if self._lent is None:
            self._lent = following.Lent(self.connection.patient_client())
        with told_as(NO_ANSWER):
            return await following.follow(self._lent, stream, consumer, batch_size, handler)

    async def send_to_dead_letters(self, delivery: Delivery, reason: str, generation: str) -> None:
        with told_as("The broker did not take a dead letter"):
            await dead_letters.send(self._js, delivery, reason, generation)

    @property
    def _js(self) -> JetStreamContext:
        if self._context is None:
            client = self.connection.patient_client()
            self._context = client.jetstream(publish_async_max_pending=MOST_UNDER_WAY)
        return self._context
