"""Change events as producers send them, so that the demo's data take the same way as real data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mappings.catalogue import Catalogue
from mappings.events import encode


def stamp(moment: datetime) -> str:
    """Return the moment in RFC 3339, in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class EventLog:
    """Collects events, and returns them per stream in the order of their sequences."""

    def __init__(self) -> None:
        self._stream_of = Catalogue.installed().stream_of
        self._events: dict[str, list[tuple[int, bytes]]] = {stream: [] for stream in self._stream_of.values()}

    def upsert(self, tenant: str, entity: str, moment: datetime, data: Mapping[str, Any]) -> None:
        """Add an entity's full state as of `moment`, which is also its sequence."""
        self._add(tenant, entity, "upserted", str(data["id"]), moment, data)

    def member(self, tenant: str, scope: str, principal: str, since: datetime, until: datetime | None = None) -> None:
        data = {"scope": scope, "principal": principal, "since": stamp(since)}
        if until is not None:
            data["until"] = stamp(until)
        self._add(tenant, "member", "upserted", f"{scope}|{principal}", until or since, data)

    def usage(self, tenant: str, subject: str, moment: datetime, data: Mapping[str, Any]) -> None:
        self._add(tenant, "usage", "recorded", subject, moment, data)

    def streams(self) -> dict[str, list[bytes]]:
        by_sequence = {stream: sorted(found, key=lambda entry: entry[0]) for stream, found in self._events.items()}
        return {stream: [raw for _, raw in found] for stream, found in by_sequence.items()}

    def _add(
        self, tenant: str, entity: str, change: str, subject: str, moment: datetime, data: Mapping[str, Any]
    ) -> None:
        sequence = int(moment.timestamp() * 1000)
        raw = encode(tenant, entity, subject, sequence, data, source=f"/demo/{tenant}", time=stamp(moment), verb=change)
        self._events[self._stream_of[entity]].append((sequence, raw))
