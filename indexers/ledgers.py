"""Indices that alone know what they hold: what is aside, and which streams are followed. One that is lost is a gap.

Made anew it is empty, and all looks well: nothing aside, no stream lost. So the engine's id of each is noted elsewhere;
another id means that what it knew is gone, which nobody but an operator can accept.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from opensearchpy import AsyncOpenSearch

from indexers import aside, followed, tenants
from indexers.followed import Followed
from mappings.catalogue import Catalogue

log = structlog.get_logger(__name__)

NAMES = (aside.INDEX, followed.INDEX)


class Ledgers:
    """Looks after them. The notes lie in the record of tenants."""

    def __init__(self, engine: AsyncOpenSearch) -> None:
        self._engine = engine

    async def lost(self) -> list[str]:
        """Return those that are gone, or are not the ones that were noted."""
        return _lost(await self._there(), await self._noted())

    async def look_after(self, catalogue: Catalogue) -> None:
        """Make those that are missing, and note which they are. Where one was lost, a gap is noted in every stream."""
        there, noted = await self._there(), await self._noted()
        if there.keys() == set(NAMES) and there == noted:
            return
        lost = _lost(there, noted)
        await aside.prepare(self._engine)
        await Followed(self._engine).prepare()
        for name in lost:
            log.error("what only this index knew is lost", index=name)
            for collection in catalogue.made:
                for stream in catalogue.streams_of(collection):
                    await Followed(self._engine).note_gap(collection, stream)
        there = await self._there()
        for name in NAMES:
            if there[name] != noted.get(name):
                await self._engine.index(index=tenants.INDEX, id=_note(name), body={"uuid": there[name]})

    async def _there(self) -> Mapping[str, str]:
        params = {"ignore_unavailable": "true", "filter_path": "*.settings.index.uuid"}
        found = await self._engine.indices.get_settings(index=",".join(NAMES), params=params)
        return {name: one["settings"]["index"]["uuid"] for name, one in found.items()}

    async def _noted(self) -> Mapping[str, str]:
        body = {"ids": [_note(name) for name in NAMES]}
        answer = await self._engine.mget(index=tenants.INDEX, body=body)
        docs = {one["_id"]: one["_source"]["uuid"] for one in answer["docs"] if one.get("found")}
        return {name: docs[_note(name)] for name in NAMES if _note(name) in docs}


def _lost(there: Mapping[str, str], noted: Mapping[str, str]) -> list[str]:
    return [name for name in NAMES if name in noted and there.get(name) != noted[name]]


def _note(name: str) -> str:
    # No generation has such a name.
    return f"ledger:{name}"
