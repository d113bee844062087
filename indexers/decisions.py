"""Which generation of a collection serves, and which is being built: one document, changed by compare-and-set.

Everything else (aliases, consumers, indices, states in the registry) follows from it: see `indexers.reconcile`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError

from search.core.errors import Unavailable

REGISTRY = "generations"
# Processes of an older version read all documents of the registry, and pass over those of collections unknown to them.
_KIND = "@serving"


class Overtaken(Unavailable):
    """Somebody else has changed the decision in between."""


@dataclass(frozen=True)
class Build:
    """A build under way. `since` and `renewed` are seconds since 1970, by the builder's clock.

    `tenant`: the one whose index alone is filled anew; None for a whole generation.
    """

    number: int
    holder: str
    since: float
    renewed: float
    tenant: str | None = None

    def silent_s(self) -> float:
        """Return for how long it has given no sign of life; a clock that is ahead counts like one that is behind."""
        return abs(time.time() - self.renewed)


@dataclass(frozen=True)
class Decision:
    """The document as it was read.

    `number`: of the generation that serves. `last`: the highest number ever given to a build. `version`: the document's
    sequence number and primary term; None before it is stored.
    """

    collection: str
    number: int
    last: int
    build: Build | None = None
    version: tuple[int, int] | None = None


class Decisions:
    """Reads and changes the decisions, always in real time. `index`: where they are kept."""

    def __init__(self, engine: AsyncOpenSearch, index: str = REGISTRY) -> None:
        self._engine = engine
        self._index = index

    async def of(self, collections: Iterable[str]) -> dict[str, Decision]:
        """Return the decisions that there are, by collection. Raise NotFoundError where there is no registry."""
        wanted = {decision_id(collection): collection for collection in collections}
        answer = await self._engine.mget(index=self._index, body={"ids": list(wanted)})
        found = {}
        for got in answer["docs"]:
            if error := got.get("error"):
                raise NotFoundError(404, error["type"], error)
            if got["found"]:
                found[wanted[got["_id"]]] = _decision(wanted[got["_id"]], got)
        return found

    async def first(self, decision: Decision) -> None:
        """Store a collection's first decision, unless somebody else has done so."""
        try:
            await self._put(decision, {"op_type": "create"})
        except ConflictError:
            return

    async def change(self, decision: Decision, **changes: Any) -> Decision:
        """Store a decision with changes, and return it. Raise Overtaken when it is no longer as it was read."""
        if decision.version is None:
            raise Overtaken(f"Nothing is decided about {decision.collection} yet - run `office-search index`.")
        changed = replace(decision, **changes)
        params = {"if_seq_no": decision.version[0], "if_primary_term": decision.version[1]}
        try:
            answer = await self._put(changed, params)
        except ConflictError:
            raise Overtaken(
                f"Somebody else has just changed which generation of {decision.collection} serves or is being built; "
                "look at `office-search status`."
            ) from None
        return replace(changed, version=(answer["_seq_no"], answer["_primary_term"]))

    async def _put(self, decision: Decision, params: Mapping[str, Any]) -> Mapping[str, Any]:
        build = asdict(decision.build) if decision.build else None
        # Beside the build, in which processes of an older version know no more fields than theirs.
        tenant = build.pop("tenant") if build else None
        body = {
            "collection": _KIND,
            "number": decision.number,
            "last": decision.last,
            "build": build,
            "tenant": tenant,
        }
        answer: Mapping[str, Any] = await self._engine.index(
            index=self._index, id=decision_id(decision.collection), body=body, params=dict(params)
        )
        return answer


def decision_id(collection: str) -> str:
    return f"serving/{collection}"


def _decision(collection: str, got: Mapping[str, Any]) -> Decision:
    source = got["_source"]
    build = Build(**source["build"], tenant=source.get("tenant")) if source["build"] else None
    return Decision(collection, source["number"], source["last"], build, (got["_seq_no"], got["_primary_term"]))
