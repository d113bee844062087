"""Events into JetStream: one at a time, or many with their acknowledgements under way."""

from __future__ import annotations

import asyncio

from nats.js import JetStreamContext
from nats.js.api import Header, PubAck
from nats.js.errors import NoStreamResponseError

from search.core.streams.nats.failures import FAILURES, unavailable

NOT_TAKEN = "The broker did not take an event"


async def publish(js: JetStreamContext, stream: str, event: bytes, id: str | None) -> None:
    """Return once the stream has it. Raises NoStreamResponseError when there is none, else Unavailable."""
    try:
        await js.publish(stream, event, headers=_headers(id))
    except NoStreamResponseError:
        raise
    except FAILURES as error:
        raise unavailable(NOT_TAKEN, error) from error


class NatsPublisher:
    """Waits for all that is under way, in time and from the stream, whenever that is as much as may be."""

    def __init__(self, js: JetStreamContext, under_way: int, patience_s: float) -> None:
        self._js = js
        self._under_way = under_way
        self._patience_s = patience_s
        self._pending: list[asyncio.Future[PubAck]] = []

    async def publish(self, stream: str, event: bytes, key: str | None = None, *, id: str | None = None) -> None:
        try:
            self._pending.append(await self._js.publish_async(stream, event, headers=_headers(id)))
        except FAILURES as error:
            raise unavailable(NOT_TAKEN, error) from error
        if len(self._pending) >= self._under_way:
            await self.flush()

    async def flush(self) -> None:
        pending, self._pending = self._pending, []
        try:
            async with asyncio.timeout(self._patience_s):
                await asyncio.gather(*pending)
        except FAILURES as error:
            raise unavailable(NOT_TAKEN, error) from error


def _headers(id: str | None) -> dict[str, str] | None:
    return None if id is None else {Header.MSG_ID.value: id}
