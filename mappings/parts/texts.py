"""One analysed text of a document: kept as words, as pairs of characters, and as characters in a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analyzers import Segmenter, Terms, analyse
from mappings.parts.fields import Of
from mappings.properties import FREQUENCIES, POSITIONS, PRESENCE, Document, Properties


@dataclass(frozen=True)
class Text:
    """A text by name; the weights are BM25 boosts (docs/adr/0004).

    `of`: an entity's state → its texts, which stay apart, so that no phrase runs from one into the next.
    """

    name: str
    of: Of
    boost: float
    words: float
    bigrams: float
    chars: float
    literal: float = 2.0  # how much a literal run of the whole query counts

    @cached_property
    def fields(self) -> tuple[str, str, str]:
        """The engine's fields: of words, of pairs, and of the literal run, in which characters are looked for too."""
        return f"{self.name}_words", f"{self.name}_bigrams", f"{self.name}_chars"

    def properties(self) -> Mapping[str, Properties]:
        return dict(zip(self.fields, (FREQUENCIES, PRESENCE, POSITIONS), strict=True))

    def values(self, state: Any, segmenter: Segmenter | None) -> Document:
        return self.terms(self.of(state), segmenter)

    def terms(self, texts: Iterable[str], segmenter: Segmenter | None = None) -> Document:
        """Return the fields' values for these texts."""
        return self.analysed([analyse(text, segmenter) for text in texts if text])

    def analysed(self, found: Sequence[Terms]) -> Document:
        """Return the fields' values for texts that are analysed already."""
        stored = [(terms.words, terms.bigrams, terms.literal) for terms in found]
        if len(stored) == 1:
            return dict(zip(self.fields, stored[0], strict=True))
        return dict(zip(self.fields, map(list, zip(*stored, strict=True)), strict=True)) if stored else {}
