"""The subject of an explanation: one entity as it is stored now, if it is in the viewer's reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.vertical import Vertical
from search.access.bypass import Bypass, Stored
from search.access.filter import as_noted, departments_of
from search.access.principal import Principal
from search.core.errors import BadRequest
from search.explain.viewer import Viewer


@dataclass(frozen=True)
class Subject:
    """A stored entity. `id`: the entity's own id, without its kind."""

    vertical: Vertical
    entity: str
    id: str
    stored: Stored

    @property
    def document(self) -> Mapping[str, Any]:
        return self.stored.document

    def as_noted(self, principal: Principal) -> Subject:
        """Return it with the lists of its newer state, where the directory has them before the document is written."""
        stored = self.stored
        document = as_noted(principal, self.vertical, stored.document_id, stored.sequence, stored.document)
        return replace(self, stored=replace(stored, document=document))

    @property
    def deleted(self) -> bool:
        return bool(self.document.get("tombstone"))


async def find(bypass: Bypass, viewer: Viewer, vertical: Vertical, id: str) -> Subject | None:
    """Return the entity with this id, with or without its kind (`user:u-12`); None if none is in reach.

    Raises BadRequest if several are, as contacts of different kinds may share an id.
    """
    places = _places(vertical, id)
    found = [
        Subject(vertical, *places[stored.document_id], stored)
        for stored in await bypass.read(viewer.tenant, vertical, places)
        if viewer.reaches(departments_of(stored.document))
    ]
    alive = [subject for subject in found if not subject.deleted]
    if len(alive) > 1:
        kinds = ", ".join(f"{subject.entity}:{subject.id}" for subject in alive)
        raise BadRequest(f"id: there are several of this id; name one of them: {kinds}.")
    return next(iter(alive or found), None)


def _places(vertical: Vertical, id: str) -> dict[str, tuple[str, str]]:
    """Return where the entity may be stored: document id → (entity, the entity's own id)."""
    kind, _, bare = id.rpartition(":")
    entities = [entity for entity in vertical.entities if entity == kind or not kind]
    return {vertical.document_id(entity, bare): (entity, bare) for entity in entities}
