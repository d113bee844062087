"""Who makes a tenant's figures just now, which of them count, and how each run ended.

Under one document a tenant, changed by compare-and-set, like that of any build: `indexers.decisions`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError

from indexers.building import SILENT_S, Lease, stirs, this_process
from indexers.decisions import Build, Decision, Decisions, Overtaken
from indexers.generations import create_index
from mappings.figures import MAPPING, RUNS
from search.core.errors import OfficeSearchError

MOST_TENANTS: Final = 10_000
_OUTCOME: Final = "outcome/"

Ended = Literal["done", "nothing", "failed"]
"""`nothing`: the tenant has no use of apps yet."""


class Busy(OfficeSearchError):
    """Somebody else makes this tenant's figures."""


@dataclass(frozen=True)
class Outcome:
    """How a tenant's last run ended. `at`: when, in seconds since 1970; `seconds`: how long it took."""

    ended: Ended
    at: float
    seconds: float
    number: int
    error: str = ""


class Runs:
    """Reads and changes the record. `replicas`: of its index, if it is made now."""

    def __init__(self, engine: AsyncOpenSearch, replicas: int) -> None:
        self._engine = engine
        self._replicas = replicas
        self.decisions = Decisions(engine, RUNS)

    async def prepare(self) -> None:
        """Make the record, unless it is there."""
        settings = {"number_of_shards": 1, "number_of_replicas": self._replicas}
        await create_index(self._engine, RUNS, {"settings": {"index": settings}, "mappings": dict(MAPPING)})

    async def decision(self, collection: str) -> Decision:
        """Return which run's figures of a tenant count: number 0 before the first."""
        found = (await self.decisions.of([collection])).get(collection)
        if found is None:
            await self.decisions.first(Decision(collection, 0, 0))
            found = (await self.decisions.of([collection]))[collection]
        return found

    async def take(self, tenant: str) -> Lease:
        """Take the right to make a tenant's figures; also from who has given no sign of life for long.

        Raises Busy while somebody else makes them, or was quicker.
        """
        decision = await self.decision(tenant)
        build = decision.build
        if build and (build.silent_s() <= SILENT_S or await stirs(self, decision)):
            raise Busy(f"The figures of {tenant} are being made by {build.holder}; wait until that is done.")
        number = decision.last + 1
        taken = Build(number, this_process(), time.time(), time.time())
        try:
            return Lease(self, await self.decisions.change(decision, build=taken, last=number), taken)
        except Overtaken:
            raise Busy(
                f"Somebody else has just begun to make the figures of {tenant}; wait until that is done."
            ) from None

    async def note(self, tenant: str, outcome: Outcome) -> None:
        """Note how a tenant's run ended."""
        params = {"refresh": "true"}
        await self._engine.index(index=RUNS, id=f"{_OUTCOME}{tenant}", body=asdict(outcome), params=params)

    async def outcomes(self) -> Mapping[str, Outcome]:
        """Return how the last run of each tenant ended."""
        try:
            answer = await self._engine.search(index=RUNS, body={"size": MOST_TENANTS, "query": {"match_all": {}}})
        except NotFoundError:
            return {}
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return {
            hit["_id"].removeprefix(_OUTCOME): Outcome(**hit["_source"])
            for hit in hits
            if hit["_id"].startswith(_OUTCOME)
        }
