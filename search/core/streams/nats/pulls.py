"""A pull request that always stands, in the place of FastStream's own fetching.

FastStream 0.7.8 waits out its timeout for every partial batch, and its loop dies with the batch in hand when nats-py
2.16 raises the bare `TimeoutError`. Here a partial batch is handed over at once, and the next events are already under
way while it is handled. `tests/integration/test_pulls.py` fails when an upgrade of either library breaks this.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

import nats.errors
import orjson

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

EXPIRES_S = 10.0
# Several events of the largest size may be under way, so that one alone never exceeds the request.
MAX_BYTES = 32 * 1024 * 1024
# When nobody is there to ask: a consumer that was deleted, a server without JetStream.
PAUSE_S = 0.5
GIVE_BACK_S = 5.0


class StandingPull:
    """Has the shape of nats-py's pull subscription: `fetch` and `unsubscribe`."""

    def __init__(self, client: Client, stream: str, durable: str, batch: int) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._batch = batch
        self._inbox = client.new_inbox()
        self._buffer: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._asked = 0  # events asked for that have not come
        self._asked_at = 0.0
        self._ask_after = 0.0
        self._connection = 0  # how often the client had to connect anew when it last asked
        self._subscription: Subscription | None = None

    async def open(self) -> None:
        self._subscription = await self._client.subscribe(
            f"{self._inbox}.*", cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )

    async def fetch(self, batch: int, timeout: float | None = None) -> list[Msg]:  # noqa: ASYNC109 - nats-py's shape
        """Return what is there, at most `batch` events; wait for the first one. Raises nats.errors.TimeoutError."""
        await self._ask()
        if not self._buffer and batch == self._batch:
            await self._wait(timeout)
        if not self._buffer:
            # FastStream asks again to fill a partial batch; this hands the batch over as it is.
            raise nats.errors.TimeoutError
        return [self._buffer.popleft() for _ in range(min(batch, len(self._buffer)))]

    async def unsubscribe(self) -> None:
        """Take no more, and give back what nobody has fetched: nobody else would get it before `ack_wait` is over.

        FastStream does it once more when it stops.
        """
        if self._subscription is None:
            return
        subscription, self._subscription = self._subscription, None
        with suppress(nats.errors.Error, TimeoutError):
            async with asyncio.timeout(GIVE_BACK_S):
                await subscription.drain()  # type: ignore[no-untyped-call]
                while self._buffer:
                    await self._buffer.popleft().nak()

    async def _wait(self, timeout: float | None) -> None:  # noqa: ASYNC109
        self._arrived.clear()
        try:
            async with asyncio.timeout(timeout):
                await self._arrived.wait()
        except TimeoutError:
            return

    async def _ask(self) -> None:
        now = time.monotonic()
        if self._subscription is None or now < self._ask_after:
            return
        if self._connection != (connection := self._client.stats["reconnects"]) or now - self._asked_at > EXPIRES_S + 1:
            self._asked, self._connection = 0, connection  # the server has forgotten the request
        wanted = 2 * self._batch - len(self._buffer) - self._asked
        if wanted < self._batch // 2:
            return
        self._asked += wanted
        self._asked_at = now
        request = {"batch": wanted, "max_bytes": MAX_BYTES, "expires": int(EXPIRES_S * 1e9)}
        await self._client.publish(self._next, orjson.dumps(request), f"{self._inbox}.{wanted}")

    async def _receive(self, message: Msg) -> None:
        if message.reply:
            self._asked = max(0, self._asked - 1)
            self._buffer.append(message)
        else:
            # A status: the request ended, with so many events of it not delivered. Without that number there was nobody
            # to take it, and asking again at once would spin.
            pending = (message.headers or {}).get("Nats-Pending-Messages")
            self._asked = max(0, self._asked - int(pending)) if pending else 0
            self._ask_after = 0.0 if pending else time.monotonic() + PAUSE_S
        self._arrived.set()
