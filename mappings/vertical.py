"""What a vertical is: which events make its documents, how they are stored, found, shown and guarded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from analyzers import Cut, Terms, analyse
from mappings.entities import Entity
from mappings.properties import FREQUENCIES, KEYWORD, POSITIONS, PRESENCE, Document, Properties

# Under `original` lies the event's whole data, for rebuilding and for answering; it is stored, never indexed.
ORIGINAL = "original"
ENTITY = "entity"
TOMBSTONE: Document = {"tombstone": True}


class Guard(Enum):
    """Which of its fields the access filter meets."""

    ALLOW = "allow"  # `allow`, `deny`, `owner`, `department_ids`
    CONVERSATION = "conversation"  # `conversation_id` and `sent_at`, under the conversation's own rules


@dataclass(frozen=True)
class TextField:
    """One analysed text, kept as words, bigrams and single characters; the weights are BM25 boosts."""

    name: str
    boost: float
    words: float
    bigrams: float
    chars: float
    literal: float = 2.0  # how much a literal run of the whole query counts

    @cached_property
    def names(self) -> tuple[str, str, str]:
        """The engine's fields: of words, of bigrams, and of the literal run, which is asked for characters too."""
        return f"{self.name}_words", f"{self.name}_bigrams", f"{self.name}_chars"

    def properties(self) -> dict[str, Properties]:
        return dict(zip(self.names, (FREQUENCIES, PRESENCE, POSITIONS), strict=True))

    def terms(self, *texts: str, cut: Cut | None = None) -> Document:
        """The field's values; several texts stay apart, so that no phrase runs from one into the next."""
        return self.values([analyse(text, cut) for text in texts if text])

    def values(self, analysed: Sequence[Terms]) -> Document:
        stored = [(terms.words, terms.bigrams, terms.literal) for terms in analysed]
        if len(stored) == 1:
            return dict(zip(self.names, stored[0], strict=True))
        return dict(zip(self.names, map(list, zip(*stored, strict=True)), strict=True)) if stored else {}


@dataclass(frozen=True)
class Shown:
    """What a hit shows, from the stored original: a title, the passages a snippet may come from, plain fields.

    `title` is None where it is another entity's name, which is joined when answering.
    """

    title: str | None
    passages: Sequence[str]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """A kind of documents made from one stream, one index per tenant and generation."""

    name: str
    stream: str
    entities: Mapping[str, type[Entity]]
    properties: Mapping[str, Properties]
    to_document: Callable[[str, Any, Cut | None], Document]
    """(entity name, its state, its tenant's cut) → the indexed fields; `document` adds `original` and `entity`."""

    def document_id(self, entity: str, id: str) -> str:
        """Ids are unique within an entity only, so where several share an index the entity goes before."""
        return id if len(self.entities) == 1 else f"{entity}:{id}"

    def document(
        self, entity: str, state: Entity | None, data: Mapping[str, Any] | None, cut: Cut | None = None
    ) -> Document:
        """What is written for a change: the entity's document, or its tombstone."""
        if state is None:
            return TOMBSTONE if len(self.entities) == 1 else {**TOMBSTONE, ENTITY: entity}
        document = self.to_document(entity, state, cut)
        if len(self.entities) > 1:
            document[ENTITY] = entity
        document[ORIGINAL] = data
        return document

    def entity_of(self, document: Mapping[str, Any]) -> str:
        """The entity that a stored document is one of."""
        return str(document[ENTITY]) if len(self.entities) > 1 else next(iter(self.entities))

    def mapping(self) -> Properties:
        """The index's mapping. Analysed terms can be made again from the original, so they are not stored."""
        analysed = [name for name, properties in self.properties.items() if properties.get("type") == "text"]
        return {
            "dynamic": False,
            "_source": {"excludes": analysed} if analysed else {"enabled": True},
            "properties": {
                **self.properties,
                "tombstone": {"type": "boolean"},
                ENTITY: KEYWORD,
                ORIGINAL: {"type": "object", "enabled": False},
            },
        }


@dataclass(frozen=True)
class Vertical(Collection):
    """A collection that callers search."""

    module: str  # the role module without which nobody searches it
    guard: Guard
    texts: Sequence[TextField]
    show: Callable[[str, Mapping[str, Any]], Shown]
    """(entity name, its stored original) → what a hit shows."""
    exact: str | None = None  # keyword field of normalised names and titles: an equal query goes first
    coverage: str = "2<75% 6<60% 12<45%"  # how many of the query's characters a document must hold
    by_name: bool = False  # whether documents have the keys of `mappings.names`: pinyin, initials
    endings: str | None = None  # keyword field of the last digits of numbers: a query of digits is looked for there
    recency: str | None = None  # field of microseconds by which newer goes before older among equals
    last: str | None = None  # boolean field; documents where it is true come after all others
    people: str | None = None  # keyword field that `from:` meets
    homes: str | None = None  # keyword field of the departments in which somebody of a name is looked for
    conversation: str | None = None  # keyword field that `in:` meets
    kinds: str | None = None  # keyword field that `type:` meets
    features: str | None = None  # keyword field that `has:` meets
    weight: float = 1.0  # in merging by rank
    order: int = 0  # among verticals that rank alike
