"""A document of the directory as a multi-get answers it, with the version under which it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from search.core.engine import is_missing
from search.core.errors import Unavailable

Token = tuple[int, int]
"""(primary term, sequence number) of a document; (0, -1) where there is none."""
ABSENT: Token = (0, -1)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Its version, and its source where that was asked for."""

    token: Token
    source: Mapping[str, Any] | None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return what one item of the answer says. Raises Unavailable when the document could not be read."""
        if error := answer.get("error"):
            if is_missing(error):
                return cls(ABSENT, None)
            raise Unavailable("A part of the directory does not answer; nobody can be told what they may see.")
        if not answer["found"]:
            return cls(ABSENT, None)
        return cls((answer["_primary_term"], answer["_seq_no"]), answer.get("_source"))
