"""A consumer's batches to a handler: FastStream's subscriber over the process's connection and a standing pull."""

from __future__ import annotations

from typing import Annotated

from faststream import AckPolicy, Context
from faststream.nats import JStream, PullSub
from faststream.nats import NatsBroker as FastStreamBroker
from faststream.nats.message import NatsBatchMessage
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.client import Client

from search.core.streams.nats.deliveries import NatsDelivery
from search.core.streams.nats.names import stream_name
from search.core.streams.nats.pulls import StandingPull
from search.core.streams.port import Handler

PULL_TIMEOUT_S = 1.0


class Lent(FastStreamBroker):
    """FastStream's broker over a connection that is not its own; to be connected, and never stopped."""

    def __init__(self, client: Client) -> None:
        super().__init__(logger=None)
        self._lent = client

    async def _connect(self) -> Client:
        self.config.connect(self._lent)
        return self._lent


class NatsSubscription:
    """A running FastStream subscriber, and what it reads from."""

    def __init__(self, subscriber: BatchPullStreamSubscriber, pull: StandingPull) -> None:
        self.pull = pull
        self._subscriber = subscriber

    async def stop(self) -> None:
        await self.pull.unsubscribe()
        await self._subscriber.stop()


async def follow(broker: Lent, stream: str, consumer: str, batch_size: int, handler: Handler) -> NatsSubscription:
    """Start a subscriber that hands batches over, one after the other."""
    client = await broker.connect()
    subscriber = broker.subscriber(
        stream,
        durable=consumer,
        stream=JStream(stream_name(stream), declare=False),
        pull_sub=PullSub(batch_size=batch_size, timeout=PULL_TIMEOUT_S, batch=True),
        ack_policy=AckPolicy.MANUAL,
        decoder=_as_bytes,
        persistent=False,
    )

    async def handle(message: Annotated[NatsBatchMessage, Context("message")]) -> None:
        await handler([NatsDelivery(one) for one in message.raw_message])

    subscriber(handle)
    pull = StandingPull(client, stream_name(stream), consumer, batch_size)
    await pull.open()
    # Already set, so that FastStream makes none of its own, and then no task to read from it either.
    subscriber.subscription = pull  # type: ignore[assignment]
    await subscriber.start()
    subscriber.add_task(subscriber._consume_pull)
    return NatsSubscription(subscriber, pull)


async def _as_bytes(message: NatsBatchMessage) -> list[bytes]:
    """Decode nothing: FastStream's own decoder reads the JSON of every event, which the handler does again."""
    return []
