"""Changes → bulk operations: of a collection one document a change, of the directory one update a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from analyzers import Lexicons
from mappings import directory
from mappings.collection import Collection
from mappings.entities import Entity
from mappings.events import Change
from search.core.errors import RejectedEvent


@dataclass(frozen=True, slots=True)
class Operation:
    """Lines of a bulk request. `sources`: the positions, in the batch, of the changes that need it written."""

    tenant: str
    action: dict[str, Any]
    body: bytes
    sources: Sequence[int]

    def moved(self, by: int) -> Operation:
        """Return the same operation of changes that stand so much further back in the batch."""
        return replace(self, sources=tuple(position + by for position in self.sources))

    def lines(self, index: str) -> bytes:
        verb, details = next(iter(self.action.items()))
        return b"%b\n%b\n" % (orjson.dumps({verb: {"_index": index, **details}}), self.body)


class Projection(Protocol):
    """What an indexer makes of one stream."""

    @property
    def entities(self) -> Mapping[str, type[Entity]]: ...

    def operations(self, changes: Iterable[tuple[int, Change]]) -> list[Operation]:
        """Return what to write for changes, each with its position in the batch; pure."""
        ...


@dataclass(frozen=True)
class Documents:
    """A collection: the change's version guards the document, as the engine's external version."""

    collection: Collection
    lexicons: Lexicons

    @property
    def entities(self) -> Mapping[str, type[Entity]]:
        return self.collection.entities

    def operations(self, changes: Iterable[tuple[int, Change]]) -> list[Operation]:
        return [self._operation(position, change) for position, change in changes]

    def _operation(self, position: int, change: Change) -> Operation:
        segmenter = self.lexicons.of(change.tenant).segmenter
        document = self.collection.document(change.entity, change.state, change.data, segmenter)
        return document_operation(
            change.tenant, self.collection.document_id(change.entity, change.id), change.version, document, (position,)
        )


def document_operation(
    tenant: str, id: str, version: int, document: Mapping[str, Any], sources: Sequence[int]
) -> Operation:
    """Return the operation that writes a document. Raise RejectedEvent when it nests too deep to be stored."""
    action = {"index": {"_id": id, "version": version, "version_type": "external"}}
    try:
        return Operation(tenant, action, orjson.dumps(document), sources)
    except orjson.JSONEncodeError as error:
        raise RejectedEvent(f"cannot be stored: {error}") from None


# Keeps the higher version of every key; a batch that brings nothing new writes nothing. Where only the first few keys
# are kept, one too many empties the document for good: the same end whatever order they come in.
KEEP_HIGHER = """
boolean changed = false;
for (entry in params.entries.entrySet()) {
  if (ctx._source.containsKey(params.full)) { break; }
  def known = ctx._source[entry.getKey()];
  if (known == null && params.keep > 0 && ctx._source.size() >= params.keep) {
    ctx._source.clear();
    ctx._source[params.full] = [0];
    changed = true;
  } else if (known == null || ((Number) known[0]).longValue() < ((Number) entry.getValue()[0]).longValue()) {
    ctx._source[entry.getKey()] = entry.getValue();
    changed = true;
  }
}
if (!changed) { ctx.op = 'none'; }
"""


@dataclass(frozen=True)
class DirectoryEntries:
    """The directory: the entries of a batch are merged per document, so that each is rewritten once."""

    stream: str

    @property
    def entities(self) -> Mapping[str, type[Entity]]:
        return directory.ENTITIES[self.stream]

    def operations(self, changes: Iterable[tuple[int, Change]]) -> list[Operation]:
        merged: dict[tuple[str, str], dict[str, list[Any]]] = {}
        sources: dict[tuple[str, str], list[int]] = {}
        for position, change in changes:
            for document, key, value in directory.entries(change):
                place = (change.tenant, document)
                known = merged.setdefault(place, {})
                if key not in known or known[key][0] < value[0]:
                    known[key] = value
                sources.setdefault(place, []).append(position)
        return [_upsert(tenant, id, known, sources[tenant, id]) for (tenant, id), known in merged.items()]


def _upsert(tenant: str, id: str, known: Mapping[str, Any], sources: Sequence[int]) -> Operation:
    keep = directory.MEMBERS_KEPT if id.startswith("members:") else 0
    params = {"entries": known, "keep": keep, "full": directory.FULL}
    script = {"lang": "painless", "source": KEEP_HIGHER, "params": params}
    body = {"script": script, "scripted_upsert": True, "upsert": {}}
    return Operation(tenant, {"update": {"_id": id, "retry_on_conflict": 20}}, orjson.dumps(body), sources)
