"""Events → operations: checked, turned into documents, with the reason of each that is none; and where that is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from indexers.projections import Operation, Projection
from mappings.entities import Entity
from mappings.events import Change
from search.core.errors import RejectedEvent

log = structlog.get_logger(__name__)

Decode = Callable[[bytes, Mapping[str, type[Entity]]], Change]
"""(event, the models of the entities that its stream carries) → what it says; raises RejectedEvent with the reason."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What becomes of some events. `reasons`: by position, why an event is a dead letter."""

    operations: Sequence[Operation]
    reasons: Mapping[int, str]


class Preparing(Protocol):
    """Where the events of one stream are prepared for one collection."""

    async def prepare(self, events: Sequence[bytes], tenant: str | None = None) -> Prepared:
        """Prepare events, and raise nothing for the sake of one. `tenant`: whose turn it is, if they are of one."""
        ...


@dataclass(frozen=True)
class OnTheLoop:
    """Prepares at once, and holds up the process meanwhile: for what has no text to analyse."""

    decode: Decode
    projection: Projection

    async def prepare(self, events: Sequence[bytes], tenant: str | None = None) -> Prepared:
        return prepare(self.decode, self.projection, events)


def prepare(decode: Decode, projection: Projection, events: Sequence[bytes]) -> Prepared:
    """Return the operations of events, and why others are none; pure."""
    changes: list[tuple[int, Change]] = []
    reasons: dict[int, str] = {}
    for position, event in enumerate(events):
        try:
            changes.append((position, decode(event, projection.entities)))
        except RejectedEvent as error:
            reasons[position] = str(error)
    try:
        return Prepared(projection.operations(changes), reasons)
    except Exception:
        return Prepared(_one_by_one(projection, changes, reasons), reasons)


def _one_by_one(
    projection: Projection, changes: Sequence[tuple[int, Change]], reasons: dict[int, str]
) -> list[Operation]:
    """Turn changes into operations one by one, so that a fault which one brings to light holds up no other."""
    operations: list[Operation] = []
    for position, change in changes:
        try:
            operations += projection.operations([(position, change)])
        except RejectedEvent as error:
            reasons[position] = str(error)
        except Exception as error:
            log.exception("event could not be turned into a document", entity=change.entity)
            reasons[position] = f"could not be turned into a document: {error!r}"
    return operations
