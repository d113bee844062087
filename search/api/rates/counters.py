"""Sliding windows that all processes count together, in counter streams of the broker."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from math import floor

import orjson
from limits.aio.storage import SlidingWindowCounterSupport, Storage
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import Header, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NoStreamResponseError, NotFoundError

from search.core.errors import Unavailable

STREAM = "rate_limits"
TIMEOUT_S = 0.25

_TAKEN = 10058  # the server's code for: there is such a stream, but with another configuration
_FORGOTTEN = (NoRespondersError, NoStreamResponseError)

Borrow = Callable[[], Client]


class CounterStorage(Storage, SlidingWindowCounterSupport):
    """A storage for the library `limits`: one in-memory stream per window length, one subject per key and window.

    The server adds to a counter and returns its new value in one request (NATS 2.12, ADR-49 of NATS), so processes that
    count one key at the same time need no retries. A window's subject expires one window length after its end.

    Raises NatsError; Unavailable while there is no connection, or if the server is too old.
    """

    STORAGE_SCHEME = ["async+jetstream"]  # noqa: RUF012  # the library's own way to declare it

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,
        *,
        borrow: Borrow,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use the connection that `borrow` returns; it raises Unavailable while there is none.

        `clock`: Unix seconds. Processes whose clocks differ only disagree about when a window ends.
        """
        super().__init__(uri, wrap_exceptions)
        self._borrow = borrow
        self._clock = clock
        self._there: set[int] = set()
        self._making = asyncio.Lock()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (NatsError, Unavailable)

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        number, left = self._window(expiry)
        stream = await self._stream(expiry)
        current, previous = _subject(key, expiry, number), _subject(key, expiry, number - 1)
        try:
            now, before = await asyncio.gather(_add(stream, current, amount), _value(stream, previous, expiry))
        except _FORGOTTEN:
            # A restarted broker has lost the streams that it held in memory.
            self._there.discard(expiry)
            raise
        if floor(before * left + now) <= limit:
            return True
        await _add(stream, current, -amount)
        return False

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        number, left = self._window(expiry)
        stream = await self._stream(expiry)
        before, now = await asyncio.gather(
            *(_value(stream, _subject(key, expiry, one), expiry) for one in (number - 1, number))
        )
        return before, left * expiry, now, (1 + left) * expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        number, _ = self._window(expiry)
        stream = await self._stream(expiry)
        for one in (number - 1, number):
            await stream.purge_stream(_name(expiry), subject=_subject(key, expiry, one))

    async def check(self) -> bool:
        try:
            return self._borrow().is_connected
        except Unavailable:
            return False

    async def reset(self) -> int | None:
        for expiry in self._there:
            await (await self._stream(expiry)).purge_stream(_name(expiry))
        return None

    # The base class needs these for fixed windows, which are not used here.

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    async def get(self, key: str) -> int:
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError

    async def clear(self, key: str) -> None:
        raise NotImplementedError

    def _window(self, expiry: int) -> tuple[int, float]:
        """Return the number of the current window, and the share of it that is still to come."""
        number, passed = divmod(self._clock(), expiry)
        return int(number), 1 - passed / expiry

    async def _stream(self, expiry: int) -> JetStreamContext:
        """Return a JetStream context, after making sure that the stream for this window length exists."""
        client = self._borrow()
        if expiry not in self._there:
            # Many first requests at the same time must make only one stream.
            async with self._making:
                if expiry not in self._there:
                    await _ensure(client.jetstream(), expiry)
                    self._there.add(expiry)
        return client.jetstream(timeout=TIMEOUT_S)


def _name(expiry: int) -> str:
    return f"{STREAM}_{expiry}"


def _subject(key: str, expiry: int, number: int) -> str:
    # Hashed, as ids may hold dots, which separate parts of a subject; it also hides who asks.
    return f"{STREAM}.{expiry}.{number}.{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


async def _ensure(stream: JetStreamContext, expiry: int) -> None:
    config = StreamConfig(
        name=_name(expiry),
        subjects=[f"{STREAM}.{expiry}.>"],
        storage=StorageType.MEMORY,
        max_msgs_per_subject=1,
        max_age=2 * expiry,
        duplicate_window=1,
        allow_direct=True,
        allow_msg_counter=True,
    )
    try:
        await stream.add_stream(config)
    except BadRequestError as error:
        # An existing stream may have another configuration, such as replicas; that is fine.
        if error.err_code != _TAKEN:
            raise


async def _add(stream: JetStreamContext, subject: str, amount: int) -> int:
    try:
        value = (await stream.publish(subject, headers={Header.INCR.value: str(amount)})).val
    except BadRequestError:
        value = None
    if value is None:
        # An old server stores the message without counting; a stream without counters refuses it.
        raise Unavailable("The broker's stream does not count; it takes NATS 2.12 or newer and `allow_msg_counter`.")
    return int(value)


async def _value(stream: JetStreamContext, subject: str, expiry: int) -> int:
    try:
        found = await stream.get_last_msg(_name(expiry), subject, direct=True)
    except NotFoundError:
        return 0
    return int(orjson.loads(found.data or b"{}").get("val", 0))
