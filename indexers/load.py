"""Event files → the streams: what a producer would have published, line by line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nats.errors
import orjson
from nats.aio.client import Client
from nats.js.api import PubAck
from nats.js.errors import APIError

from mappings.catalogue import Catalogue
from search.core.broker import MAX_EVENT_BYTES, ensure_streams
from search.core.errors import OfficeSearchError, Unavailable

WINDOW = 1000
STORED_S = 60.0


@dataclass
class Loaded:
    """How many events of which type went to the broker, and what was left out with the reason."""

    sent: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)


def size(paths: Sequence[Path]) -> int:
    """Bytes of all files. Raises OfficeSearchError when one cannot be read."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise OfficeSearchError(f"{error.filename}: {error.strerror}.") from None


async def load(client: Client, catalogue: Catalogue, paths: Sequence[Path], advance: Callable[[int], None]) -> Loaded:
    """Publish all events of these files; `advance` is told of every line's bytes.

    Each file goes in its order, all files side by side, as the broker flushes every stream to disk by itself.
    Returns once the broker has stored them. Raises Unavailable when it does not take one.
    """
    loaded = Loaded()
    with _refusals():
        await ensure_streams(client.jetstream(), catalogue.streams)
    try:
        async with asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(_load_file(_Publisher(client), catalogue, path, advance, loaded))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return loaded


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, nats.errors.Error, APIError) as error:
        raise Unavailable(
            f"The broker did not take an event ({error!r:.200}); loading the same files again does no harm."
        ) from error


async def _load_file(
    publisher: _Publisher, catalogue: Catalogue, path: Path, advance: Callable[[int], None], loaded: Loaded
) -> None:
    for number, line in enumerate(_lines(path), 1):
        advance(len(line))
        if not (event := line.strip()):
            continue
        subject, kind = route(catalogue, event, path.name)
        if subject is None or len(event) > MAX_EVENT_BYTES:
            why = kind if subject is None else f"{len(event)} bytes, more than the broker takes"
            loaded.skipped.append(f"{path.name}:{number}: {why}")
            continue
        with _refusals():
            await publisher.publish(subject, event)
        loaded.sent[kind] += 1
    with _refusals():
        await publisher.settle()


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise OfficeSearchError(f"{path}: {error.strerror}.") from None


def route(catalogue: Catalogue, event: bytes, file_name: str) -> tuple[str | None, str]:
    """(stream, type) of an event; (None, reason) when neither it nor its file's name says where it belongs.

    What is no event goes to the stream that the file is named after, whose indexer gives it to the dead letters.
    """
    named = next((subject for subject in catalogue.streams if file_name.startswith(subject)), None)
    try:
        kind = orjson.loads(event)["type"]
        return catalogue.stream_of[kind.split(".")[1]], kind
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError):
        return (named, "no event of the contract") if named else (None, "no event of the contract")


class _Publisher:
    """Publishes with many acknowledgements under way; each must come, in time, from the stream."""

    def __init__(self, client: Client) -> None:
        self._stream = client.jetstream(publish_async_max_pending=2 * WINDOW)
        self._pending: list[asyncio.Future[PubAck]] = []

    async def publish(self, subject: str, event: bytes) -> None:
        self._pending.append(await self._stream.publish_async(subject, event))
        if len(self._pending) >= WINDOW:
            await self.settle()

    async def settle(self) -> None:
        pending, self._pending = self._pending, []
        async with asyncio.timeout(STORED_S):
            await asyncio.gather(*pending)
