"""What the indices must hold in the end: of every entity its highest version, as the indexers make documents; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from chaos.load import BAD
from chaos.sight import Wrong
from kit import COLLECTIONS

from analyzers import Lexicons
from mappings import directory
from mappings.events import Change, decode

Contents = Mapping[str, tuple[int, Any]]
"""Documents by id: version, source. In the directory versions count writes, so there all of them are 0."""
MOST_SHOWN = 5


def expected(events: Mapping[str, Iterable[bytes]]) -> dict[tuple[str, str], Contents]:
    """Return, by collection and tenant, what the indices must hold once all these events, by stream, are applied."""
    found: dict[tuple[str, str], dict[str, tuple[int, Any]]] = defaultdict(dict)
    for collection in COLLECTIONS.values():
        for change in _highest(collection.entities, events.get(collection.stream, ())):
            id = collection.document_id(change.entity, change.id)
            segmenter = Lexicons().of(change.tenant).segmenter
            document = collection.document(change.entity, change.state, change.data, segmenter)
            left_out = collection.mapping()["_source"].get("excludes", ())
            source = {name: value for name, value in document.items() if name not in left_out}
            found[collection.name, change.tenant][id] = (change.version, _as_stored(source))
    for stream, entities in directory.ENTITIES.items():
        for change in _highest(entities, events.get(stream, ())):
            for id, key, value in directory.entries(change):
                _, entries = found[directory.NAME, change.tenant].setdefault(id, (0, {}))
                entries[key] = _as_stored(value)
    for (collection_name, _), documents in found.items():
        if collection_name == directory.NAME:
            _leave_out_crowds(documents)
    return dict(found)


def _highest(entities: Mapping[str, Any], events: Iterable[bytes]) -> Iterable[Change]:
    highest: dict[tuple[str, str, str], Change] = {}
    for raw in events:
        if raw == BAD or orjson.loads(raw)["type"].split(".")[1] not in entities:
            continue
        change = decode(raw, entities)
        key = (change.tenant, change.entity, change.id)
        if key not in highest or highest[key].version < change.version:
            highest[key] = change
    return highest.values()


def _leave_out_crowds(documents: dict[str, tuple[int, Any]]) -> None:
    for id, (version, entries) in documents.items():
        if id.startswith("members:") and len(entries) > directory.MEMBERS_KEPT:
            documents[id] = (version, {directory.FULL: [0]})


def _as_stored(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


def stored(collection: str, contents: Contents) -> Contents:
    """Return what was read from an index in the form in which it is compared."""
    if collection != directory.NAME:
        return contents
    return {id: (0, source) for id, (_, source) in contents.items() if id != directory.INCARNATION}


def compare(place: str, found: Contents, wanted: Contents) -> None:
    """Raise Wrong at a difference; `place` names where it is."""
    told = [f"{id} is missing" for id in sorted(wanted.keys() - found.keys())]
    told += [f"{id} is there" for id in sorted(found.keys() - wanted.keys())]
    told += [
        f"{id} is {_short(found[id])}, not {_short(wanted[id])}"
        for id in sorted(found.keys() & wanted.keys())
        if found[id] != wanted[id]
    ]
    if told:
        raise Wrong(f"{place} differs in {len(told)} of {len(wanted)} documents: {'; '.join(told[:MOST_SHOWN])}")


def _short(document: object) -> str:
    return f"{document!r:.300}"
