"""Reads documents in real time without a caller, for explanations only. Never use it to answer a user's request.

An import contract in pyproject.toml lists who may import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from mappings.vertical import Vertical
from search.access.known import Known
from search.core.engine import is_missing
from search.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored document as it is now, tombstones included, regardless of who may see it."""

    document_id: str
    version: tuple[int, int]  # primary term and sequence number
    sequence: int  # of the event that it was made of
    document: Mapping[str, Any]


class Bypass:
    """Reads any document of a tenant."""

    def __init__(self, engine: AsyncOpenSearch, known: Known) -> None:
        self._engine = engine
        self._known = known

    async def read(self, tenant: str, vertical: Vertical, document_ids: Iterable[str]) -> list[Stored]:
        """Return those of the documents that exist. Raises Unavailable when one of them cannot be read."""
        docs = [{"_id": id} for id in document_ids]
        if not docs:
            return []
        try:
            answer = await self._engine.mget(body={"docs": docs}, index=f"{vertical.name}.{tenant}")
        except OpenSearchException as error:
            raise Unavailable("The search engine does not answer; try again in a moment.") from error
        return [
            Stored(got["_id"], (got["_primary_term"], got["_seq_no"]), got["_version"], got["_source"])
            for got in answer["docs"]
            if _is_there(got, was_there=self._known(vertical.name, tenant))
        ]


def _is_there(answer: Mapping[str, Any], *, was_there: bool) -> bool:
    if error := answer.get("error"):
        if is_missing(error) and not was_there:
            return False
        raise Unavailable("A part of the search engine does not answer; try again in a moment.")
    return bool(answer["found"])
