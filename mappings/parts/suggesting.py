"""How a vertical's documents are suggested while somebody types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Original = Mapping[str, Any]
Fields = Callable[[str, Original], Mapping[str, Any]]
"""(entity, original) → what clients get, by the names that hits have for it."""


def members(*names: str) -> Fields:
    """Return the function that gives these members of an original, as far as they say something."""
    return lambda _, original: {name: original[name] for name in names if original.get(name)}


@dataclass(frozen=True)
class Suggested:
    """What a suggestion says, from a document's stored original.

    `kind`: (entity, original) → what kind of thing it is; None: such a one is never suggested. `called`: the member
    that holds its name. `detail`: by what namesakes are told apart, in order. `named`: fields with ids of contacts →
    the entity that these are of; their names end the detail. `fields`: what clients get to draw and open it. `unread`:
    members that are too long to be read for a suggestion.
    """

    kind: Callable[[str, Original], str | None]
    called: str = "name"
    detail: Callable[[str, Original], Sequence[str]] = lambda *_: ()
    named: Mapping[str, str] | None = None
    fields: Fields = lambda *_: {}
    unread: Sequence[str] = ()
