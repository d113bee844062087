"""A kind of documents: which events make them, and what is stored of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analyzers import Segmenter
from mappings.entities import Entity
from mappings.parts.fields import Part
from mappings.properties import BOOLEAN, KEYWORD, Document, Properties

# Under `original` lies the event's whole data, for rebuilding and for answering; it is stored, never indexed.
ORIGINAL = "original"
ENTITY = "entity"
TOMBSTONE: Document = {"tombstone": True}


@dataclass(frozen=True)
class Storage:
    """The stream that a collection is made from, and the models of the entities that it takes, by name."""

    stream: str
    entities: Mapping[str, type[Entity]]


@dataclass(frozen=True)
class Collection:
    """Documents made from one stream, in one index per tenant and generation.

    `stored`: fields that no other part owns.
    """

    name: str
    storage: Storage
    stored: Sequence[Part] = ()

    @property
    def stream(self) -> str:
        return self.storage.stream

    @property
    def entities(self) -> Mapping[str, type[Entity]]:
        return self.storage.entities

    @property
    def parts(self) -> Sequence[Part]:
        """Everything that puts fields into the index."""
        return self.stored

    @cached_property
    def properties(self) -> Mapping[str, Properties]:
        """The types of the fields of all parts, by name. Raises ValueError where two parts own one."""
        found: dict[str, Properties] = {}
        for part in self.parts:
            for name, type in part.properties().items():
                if name in found:
                    raise ValueError(f"{self.name}: two parts own the field {name!r}")
                found[name] = type
        return found

    def document_id(self, entity: str, id: str) -> str:
        """Return the id of an entity's document; ids are unique within an entity only, so the entity may go before."""
        return id if len(self.entities) == 1 else f"{entity}:{id}"

    def fields(self, state: Entity, segmenter: Segmenter | None = None) -> Document:
        """Return the indexed fields of an entity's state, under its tenant's segmenter."""
        document: Document = {}
        for part in self._filling:
            document.update(part.values(state, segmenter))
        return document

    @cached_property
    def _filling(self) -> Sequence[Part]:
        return [part for part in self.parts if part.properties()]

    def document(
        self, entity: str, state: Entity | None, data: Mapping[str, Any] | None, segmenter: Segmenter | None = None
    ) -> Document:
        """Return what is written for a change: the entity's document or, where it was deleted, its tombstone."""
        if state is None:
            return TOMBSTONE if len(self.entities) == 1 else {**TOMBSTONE, ENTITY: entity}
        document = self.fields(state, segmenter)
        if len(self.entities) > 1:
            document[ENTITY] = entity
        document[ORIGINAL] = data
        return document

    def entity_of(self, document: Mapping[str, Any]) -> str:
        """Return the entity that a stored document is one of."""
        return str(document[ENTITY]) if len(self.entities) > 1 else next(iter(self.entities))

    def mapping(self) -> Properties:
        """Return the index's mapping. Analysed terms can be made again from the original, so they are not stored."""
        analysed = [name for name, properties in self.properties.items() if properties.get("type") == "text"]
        return {
            "dynamic": False,
            "_source": {"excludes": analysed} if analysed else {"enabled": True},
            "properties": {
                **self.properties,
                "tombstone": BOOLEAN,
                ENTITY: KEYWORD,
                ORIGINAL: {"type": "object", "enabled": False},
            },
        }
