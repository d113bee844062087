"""Event files → the streams: what a producer would have published, line by line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from mappings.catalogue import Catalogue
from search.core.errors import OfficeSearchError, Unavailable
from search.core.streams.port import MAX_EVENT_BYTES, Broker, Publisher

WINDOW = 1000
STORED_S = 60.0


@dataclass
class Loaded:
    """How many events of which type went to the broker, and what was left out with the reason."""

    sent: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)


def size(paths: Sequence[Path]) -> int:
    """Return the bytes of all files. Raise OfficeSearchError when one cannot be read."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise OfficeSearchError(f"{error.filename}: {error.strerror}.") from None


async def load(broker: Broker, catalogue: Catalogue, paths: Sequence[Path], advance: Callable[[int], None]) -> Loaded:
    """Publish all events of these files; `advance` is told of every line's bytes.

    Each file goes in its order, all files side by side, as the broker flushes every stream to disk by itself.
    Returns once the broker has stored them. Raises Unavailable when it does not take one.
    """
    loaded = Loaded()
    with _refusals():
        await broker.ensure_streams(catalogue.streams)
    try:
        async with asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(_load_file(broker.publisher(WINDOW, STORED_S), catalogue, path, advance, loaded))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return loaded


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise Unavailable(f"{str(error).rstrip('.')}; loading the same files again does no harm.") from error


async def _load_file(
    publisher: Publisher, catalogue: Catalogue, path: Path, advance: Callable[[int], None], loaded: Loaded
) -> None:
    for number, line in enumerate(_lines(path), 1):
        advance(len(line))
        if not (event := line.strip()):
            continue
        stream, kind, key = _route(catalogue, event, path.name)
        if stream is None or len(event) > MAX_EVENT_BYTES:
            why = kind if stream is None else f"{len(event)} bytes, more than the broker takes"
            loaded.skipped.append(f"{path.name}:{number}: {why}")
            continue
        with _refusals():
            await publisher.publish(stream, event, key)
        loaded.sent[kind] += 1
    with _refusals():
        await publisher.flush()


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise OfficeSearchError(f"{path}: {error.strerror}.") from None


def _route(catalogue: Catalogue, event: bytes, file_name: str) -> tuple[str | None, str, str | None]:
    """Return an event's stream, type and key; None, a reason, None where nothing says which stream it belongs to.

    What is no event goes to the stream that the file is named after, whose indexer gives it to the dead letters.
    """
    named = next((stream for stream in catalogue.streams if file_name.startswith(stream)), None)
    try:
        said = orjson.loads(event)
        kind, subject = said["type"], said.get("subject")
        return catalogue.stream_of[kind.split(".")[1]], kind, subject if isinstance(subject, str) else None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError):
        return named, "no event of the contract", None
