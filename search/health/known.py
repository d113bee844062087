"""Which indices there were, as the indexers have recorded it; looked at once a second, never for a request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from indexers.generations import Registry

# An index that is made and lost within a look is that of a tenant who was new a moment ago; longer than this without a
# look, everything counts as known.
STALE_S = 10.0


class KnownTenants:
    """Tells a tenant that never had an index of a collection from one whose index is lost.

    A tenant is recorded before anything is written to its index, so what was looked at since then knows it. Whatever is
    not known for certain counts as known: a missing index then is a failure, and no empty result.
    """

    def __init__(self, registry: Registry, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._known: Mapping[str, frozenset[str]] = {}
        self._looked: float | None = None

    async def look(self) -> None:
        """Read the record. Raises what the engine raises; then what was known before goes on to count for a while."""
        serving = {one.name: one.collection for one in await self._registry.all() if one.state == "serving"}
        found = await self._registry.tenants.of(serving)
        self._known = {serving[name]: tenants for name, tenants in found.items()}
        self._looked = self._clock()

    def __call__(self, collection: str, tenant: str) -> bool:
        if self._looked is None or self._clock() - self._looked > STALE_S:
            return True
        return collection not in self._known or tenant in self._known[collection]
