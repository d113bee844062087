"""Streams and durable consumers at the server: made, measured, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from search.core.streams.nats.names import DEAD_LETTERS, stream_name
from search.core.streams.port import MAX_EVENT_BYTES, Progress, StreamInfo

MAX_ACK_PENDING = 100_000
DEAD_LETTERS_ONCE_S = 24 * 3600


async def ensure_streams(js: JetStreamContext, names: Iterable[str]) -> None:
    """Create the streams that are not there yet, and the dead letters."""
    for name in names:
        await _ensure(js, StreamConfig(name=stream_name(name), subjects=[name], max_msg_size=MAX_EVENT_BYTES))
    await ensure_dead_letters(js)


async def ensure_dead_letters(js: JetStreamContext) -> None:
    dead = StreamConfig(name=DEAD_LETTERS, subjects=[f"{DEAD_LETTERS}.>"], duplicate_window=DEAD_LETTERS_ONCE_S)
    await _ensure(js, dead)


async def _ensure(js: JetStreamContext, config: StreamConfig) -> None:
    assert config.name
    try:
        await js.stream_info(config.name)
    except NotFoundError:
        config.storage = StorageType.FILE
        config.retention = RetentionPolicy.LIMITS
        config.discard = DiscardPolicy.NEW
        await js.add_stream(config)


async def info(js: JetStreamContext, stream: str) -> StreamInfo | None:
    """Return what a stream is now; None when it is not there. Its time of creation tells it from another."""
    try:
        found = await js.stream_info(stream_name(stream))
    except NotFoundError:
        return None
    return StreamInfo(found.state.first_seq, found.state.last_seq, found.created.isoformat() if found.created else "")


async def end(js: JetStreamContext, stream: str) -> int:
    """Return the position of the newest event; 0 when there never was one."""
    return (await js.stream_info(stream_name(stream))).state.last_seq


async def ensure_consumer(js: JetStreamContext, stream: str, consumer: str, start: int, ack_wait_s: float) -> None:
    """Create a durable consumer. The server would take another start for one that exists without a word."""
    try:
        await js.consumer_info(stream_name(stream), consumer)
    except NotFoundError:
        config = ConsumerConfig(
            durable_name=consumer,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if start else DeliverPolicy.ALL,
            opt_start_seq=start or None,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait_s,
            max_ack_pending=MAX_ACK_PENDING,
            filter_subject=stream,
        )
        await js.add_consumer(stream_name(stream), config)


async def delete_consumer(js: JetStreamContext, stream: str, consumer: str) -> None:
    with suppress(NotFoundError):
        await js.delete_consumer(stream_name(stream), consumer)


async def names(js: JetStreamContext, stream: str) -> frozenset[str]:
    """Return the names of all consumers of a stream, which the server gives in pages."""
    found: set[str] = set()
    with suppress(NotFoundError):
        while page := await js.consumers_info(stream_name(stream), offset=len(found)):
            if not (new := {info.name for info in page} - found):
                break
            found |= new
    return frozenset(found)


async def progress(js: JetStreamContext, stream: str, consumer: str) -> Progress | None:
    """Return how far a consumer has come; None when it is not there."""
    try:
        info = await js.consumer_info(stream_name(stream), consumer)
    except NotFoundError:
        return None
    settled = info.ack_floor.stream_seq if info.ack_floor else 0
    return Progress((info.num_pending or 0) + (info.num_ack_pending or 0), settled)
