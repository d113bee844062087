"""A tenant's figures in the engine: written beside those that count, swapped by alias, and read as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError

from indexers.decisions import Decision
from mappings import figures as kept
from search.recommend import stored
from search.recommend.model import Model

PATIENCE_S: Final = 10.0


class Generations:
    """Writes and reads them. `replicas`: of indices made from now on. All raise what the engine raises."""

    def __init__(self, engine: AsyncOpenSearch, replicas: int = 0) -> None:
        self._engine = engine
        self._replicas = replicas

    async def write(self, tenant: str, model: Model) -> None:
        """Write a model under its number; nothing reads it yet."""
        index = kept.index(tenant, model.number)
        settings = {"number_of_shards": 1, "number_of_replicas": self._replicas}
        await self._engine.indices.delete(index=index, params={"ignore_unavailable": "true"})
        await self._engine.indices.create(
            index=index, body={"settings": {"index": settings}, "mappings": dict(kept.MAPPING)}
        )
        for id, document in stored.documents(model).items():
            await self._engine.index(index=index, id=id, body=document)

    async def align(self, tenant: str, decision: Decision) -> None:
        """Lead readers to the run that counts, in one step, and delete all others but one that is being made."""
        there = await self._there(tenant)
        counts = kept.index(tenant, decision.number)
        if counts in there and kept.alias(tenant) not in there[counts]:
            others = [index for index, names in there.items() if kept.alias(tenant) in names]
            actions = [{"remove": {"index": index, "alias": kept.alias(tenant)}} for index in others]
            actions.append({"add": {"index": counts, "alias": kept.alias(tenant)}})
            await self._engine.indices.update_aliases(body={"actions": actions})
        made = kept.index(tenant, decision.build.number) if decision.build else ""
        for index in there.keys() - {counts, made}:
            await self._engine.indices.delete(index=index, params={"ignore_unavailable": "true"})

    async def _there(self, tenant: str) -> Mapping[str, frozenset[str]]:
        """Return the tenant's indices, with their aliases."""
        try:
            found = await self._engine.indices.get_alias(index=f"{kept.NAME}-*-{tenant}")
        except NotFoundError:
            return {}
        # The pattern takes in the indices of tenants whose name ends alike.
        return {index: frozenset(about["aliases"]) for index, about in found.items() if kept.run_of(index)[0] == tenant}

    async def number(self, tenant: str) -> tuple[int, int] | None:
        """Return number and time of the figures that count, in real time; None where there are none."""
        params = {"_source_includes": "number,made_at"}
        try:
            found = await self._engine.get(
                index=kept.alias(tenant), id=kept.MODEL, params=params, request_timeout=PATIENCE_S
            )
        except NotFoundError:
            return None
        return found["_source"]["number"], found["_source"]["made_at"]

    async def read(self, tenant: str) -> Model | None:
        """Return the model that counts; None where there is none, or one of another version."""
        body: dict[str, Any] = {"ids": list(stored.IDS)}
        answer = await self._engine.mget(index=kept.alias(tenant), body=body, request_timeout=PATIENCE_S)
        found = {got["_id"]: got["_source"] for got in answer["docs"] if got.get("found")}
        # Swapped away while it was read, or never written whole: it is read anew soon.
        return stored.model_of(found) if found.keys() == set(stored.IDS) else None
