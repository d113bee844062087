"""What decides among documents that match a query alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzers import Segmenter
from mappings.parts.fields import Field
from mappings.properties import Document, Properties


@dataclass(frozen=True)
class Ranking:
    """The order of equals.

    `recency`: microseconds, by which newer goes before older, and which dates in a query meet. `demoted`: a boolean;
    documents where it is true come after all others. `near`: departments; documents of those nearer to the caller go
    first. `is_timed_for_good`: an entity's time never changes. `weight`: in merging by rank. `order`: of this vertical
    among verticals that rank alike.
    """

    recency: Field | None = None
    demoted: Field | None = None
    near: Field | None = None
    is_timed_for_good: bool = False
    weight: float = 1.0
    order: int = 0

    def _fields(self) -> Iterator[Field]:
        yield from (field for field in (self.recency, self.demoted, self.near) if field)

    def properties(self) -> Mapping[str, Properties]:
        return {name: type for field in self._fields() for name, type in field.properties().items()}

    def values(self, state: Any, segmenter: Segmenter | None) -> Document:
        return {name: value for field in self._fields() for name, value in field.values(state, segmenter).items()}
