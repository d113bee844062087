"""One field of an index: its type, and what an entity puts into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from analyzers import Segmenter
from mappings.properties import KEYWORD, Document, Properties

Of = Callable[[Any], Any]
"""(an entity's state) → a value; None: this entity has none."""


class Part(Protocol):
    """A part of a collection: the fields that it owns in the mapping, and their values."""

    def properties(self) -> Mapping[str, Properties]:
        """Return the types of the fields that this part owns, by name."""
        ...

    def values(self, state: Any, segmenter: Segmenter | None) -> Document:
        """Return the values of these fields for an entity's state; what it does not have is left out."""
        ...


@dataclass(frozen=True)
class Field:
    """A field by name. `of` None: another part of the same vertical owns and fills it."""

    name: str
    of: Of | None = None
    type: Properties = field(default_factory=lambda: KEYWORD)

    def properties(self) -> Mapping[str, Properties]:
        """Return the field's type, unless another part owns it."""
        return {self.name: self.type} if self.of else {}

    def values(self, state: Any, _: Segmenter | None) -> Document:
        """Return the field's value, unless another part fills it, or there is none."""
        value = self.of(state) if self.of else None
        return {} if value is None else {self.name: value}
