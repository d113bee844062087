"""How far the consumers of all living generations are behind their streams."""

from __future__ import annotations

from collections.abc import Mapping

from indexers.generations import Generation, Registry
from search.core.streams.port import Broker


async def lags(registry: Registry, broker: Broker) -> dict[str, int | None]:
    """Return how many events are not settled yet, by consumer; None where a consumer is not there.

    Raises OfficeSearchError when no indexer has ever run.
    """
    found: dict[str, int | None] = {}
    for generation in await registry.all():
        if generation.state != "retired":
            found |= await lags_of(generation, broker)
    return found


async def lags_of(generation: Generation, broker: Broker) -> Mapping[str, int | None]:
    found: dict[str, int | None] = {}
    for stream in generation.streams:
        durable = generation.durable(stream)
        progress = await broker.progress(stream, durable)
        found[durable] = progress.lag if progress else None
    return found


async def behind(registry: Registry, broker: Broker, collection: str) -> int | None:
    """Return how many events a collection's serving generation has not settled; None where a consumer is not there.

    Raises OfficeSearchError when none serves.
    """
    found = (await lags_of(await registry.serving(collection), broker)).values()
    return None if None in found else sum(lag or 0 for lag in found)
