"""The streams at the broker: their names, how they are made, how far a consumer has come."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from search.core.errors import Unavailable
from search.core.settings import BrokerSettings

DEAD_LETTERS = "dead_letters"
FIRST_CONNECTION_S = 5.0
MAX_EVENT_BYTES = 6 * 1024 * 1024


def stream_name(subject: str) -> str:
    """Return the stream that carries a subject; JetStream's own names allow no dots."""
    return subject.replace(".", "_")


def options(settings: BrokerSettings, url: str) -> dict[str, Any]:
    """What a NATS client needs to connect to `url`: address, credentials, TLS."""
    found: dict[str, Any] = {"servers": [url]}
    if settings.username and settings.password:
        found |= {"user": settings.username, "password": settings.password.get_secret_value()}
    if settings.token:
        found["token"] = settings.token.get_secret_value()
    if settings.ca_file or settings.client_cert:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_cert:
            context.load_cert_chain(settings.client_cert, settings.client_key)
        found["tls"] = context
    return found


async def connect(settings: BrokerSettings, url: str) -> Client:
    """A connected client, which from then on finds the broker again by itself, for ever.

    Raises Unavailable, with the last thing that went wrong, when the first connection does not come about.
    """
    wrong: list[Exception] = []

    async def note(error: Exception) -> None:
        # Losing the broker later shows in lag and readiness; nats-py would print a traceback each time.
        wrong[:] = [error]

    client = Client()
    try:
        async with asyncio.timeout(FIRST_CONNECTION_S):
            await client.connect(**options(settings, url), connect_timeout=2, max_reconnect_attempts=-1, error_cb=note)
    except (NatsError, OSError, TimeoutError) as error:
        await client.close()
        reason = str(wrong[0] if wrong else error) or type(error).__name__
        raise Unavailable(f"The broker does not answer ({reason}); is it up? Try `office-search status`.") from None
    return client


class Connection:
    """This process's one connection to the broker: one part of it opens and closes it, the others borrow it."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._client: Client | None = None

    async def open(self) -> Client:
        """The connection, made if there is none. Raises Unavailable, like `connect`; to be tried until it succeeds."""
        if self._client is None:
            self._client = await self._connect()
        return self._client

    def borrow(self) -> Client:
        """Raises Unavailable while there is none, or while it is interrupted."""
        if self._client is None or not self._client.is_connected:
            raise Unavailable("The broker does not answer.")
        return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.close()


async def ensure_streams(stream: JetStreamContext, subjects: Iterable[str]) -> None:
    """Create the streams that are not there yet; one that is there keeps its owner's configuration."""
    for subject in subjects:
        config = StreamConfig(name=stream_name(subject), subjects=[subject], max_msg_size=MAX_EVENT_BYTES)
        await _ensure(stream, config)
    dead = StreamConfig(name=DEAD_LETTERS, subjects=[f"{DEAD_LETTERS}.>"], duplicate_window=24 * 3600)
    await _ensure(stream, dead)


async def _ensure(stream: JetStreamContext, config: StreamConfig) -> None:
    assert config.name
    try:
        await stream.stream_info(config.name)
    except NotFoundError:
        config.storage = StorageType.FILE
        config.retention = RetentionPolicy.LIMITS
        config.discard = DiscardPolicy.NEW
        await stream.add_stream(config)


@dataclass(frozen=True)
class Progress:
    """How far a durable consumer has come: events not yet settled, and the stream position up to which all are."""

    lag: int
    settled: int


async def progress(stream: JetStreamContext, subject: str, durable: str) -> Progress | None:
    """None: there is no such consumer."""
    try:
        info: ConsumerInfo = await stream.consumer_info(stream_name(subject), durable)
    except NotFoundError:
        return None
    settled = info.ack_floor.stream_seq if info.ack_floor else 0
    return Progress((info.num_pending or 0) + (info.num_ack_pending or 0), settled)


async def last_sequence(stream: JetStreamContext, subject: str) -> int:
    """The position of the newest event in a stream; 0 when it is empty."""
    return (await stream.stream_info(stream_name(subject))).state.last_seq
