"""A message of JetStream's as a delivery."""

from __future__ import annotations

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from search.core.streams.nats.failures import unavailable

UNTOLD = "The broker could not be told about a delivery"


class NatsDelivery:
    """Made for every event there is, so it holds no more than it must; the rest is read from the message on demand."""

    __slots__ = ("_message", "data")

    def __init__(self, message: Msg) -> None:
        self._message = message
        self.data = message.data

    @property
    def stream(self) -> str:
        return self._message.subject

    @property
    def key(self) -> None:
        """JetStream keeps the order of a whole stream, and has no keys."""
        return

    @property
    def position(self) -> int:
        return self._message.metadata.sequence.stream

    @property
    def attempts(self) -> int:
        return self._message.metadata.num_delivered

    async def settle(self) -> None:
        try:
            await self._message.ack()
        except NatsError as error:
            raise unavailable(UNTOLD, error) from error

    async def extend(self) -> None:
        try:
            await self._message.in_progress()
        except NatsError as error:
            raise unavailable(UNTOLD, error) from error

    async def refuse(self, delay_s: float = 0) -> None:
        try:
            await self._message.nak(delay_s)
        except NatsError as error:
            raise unavailable(UNTOLD, error) from error
