"""How far the consumers of all living generations are behind their streams."""

from __future__ import annotations

from collections.abc import Mapping

from nats.js import JetStreamContext

from indexers.generations import Generation, Registry
from search.core import broker as streams


async def lags(registry: Registry, stream: JetStreamContext) -> dict[str, int | None]:
    """Events not yet settled, by consumer; None where a consumer is not there.

    Raises OfficeSearchError when no indexer has ever run.
    """
    found: dict[str, int | None] = {}
    for generation in await registry.all():
        if generation.state != "retired":
            found |= await lags_of(generation, stream)
    return found


async def lags_of(generation: Generation, stream: JetStreamContext) -> Mapping[str, int | None]:
    found: dict[str, int | None] = {}
    for subject in generation.streams:
        durable = generation.durable(subject)
        progress = await streams.progress(stream, subject, durable)
        found[durable] = progress.lag if progress else None
    return found


async def behind(registry: Registry, stream: JetStreamContext, collection: str) -> int | None:
    """Events that the generation which serves a collection has not settled; None where a consumer is not there.

    Raises OfficeSearchError when none serves.
    """
    found = (await lags_of(await registry.serving(collection), stream)).values()
    return None if None in found else sum(lag or 0 for lag in found)
