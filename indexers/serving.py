"""The indices of the generations that serve, for what is written past a follower."""

from __future__ import annotations

import time

from indexers.indices import Indices
from indexers.resources import Resources

LOOK_S = 1.0


class Serving:
    """Knows which generation of each collection serves, not more than a second late."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: dict[str, tuple[float, Indices]] = {}

    async def indices(self, collection: str) -> Indices:
        """Return the indices that are written to. Raises OfficeSearchError when none serves."""
        looked, known = self._known.get(collection, (0.0, None))
        if known and time.monotonic() - looked < LOOK_S:
            return known
        resources = self._resources
        generation = await resources.registry.serving(collection)
        if known is None or known.generation.name != generation.name:
            known = Indices(
                resources.engine, resources.registry, generation, resources.settings.indices, resources.lexicons
            )
        self._known[collection] = (time.monotonic(), known)
        return known
