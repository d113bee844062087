"""One change event: bytes from a stream → a checked `Change`, or the reason why it is none; and its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from mappings.entities import Entity, Membership
from search.core.errors import RejectedEvent

MAX_SEQUENCE = 2**63 - 1
MAX_TEXT_BYTES = 5_000_000

_TYPE = re.compile(r"office\.([a-z]+)\.(upserted|deleted|recorded)")
_TENANT = re.compile(r"[a-z0-9-]{1,40}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MEMBERSHIP = re.compile(
    r"(?:conversation|group|role|folder):[A-Za-z0-9._-]{1,128}\|(?:user|department|group):[A-Za-z0-9._-]{1,128}"
)
_JSON = re.compile(r"application/json\s*(;|$)", re.IGNORECASE)
_SEQUENCE = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """What one event says. `state` and `data` are None when the entity was deleted."""

    tenant: str
    entity: str
    id: str
    version: int
    state: Entity | None
    data: Mapping[str, Any] | None


def decode(raw: bytes, entities: Mapping[str, type[Entity]]) -> Change:
    """Check one event against the contract.

    `entities`: the models of the entities that this stream carries, by their names in the type attribute.
    Raises RejectedEvent with a reason for a human; nothing else, whatever the bytes are.
    """
    event = _parse(raw)
    kind, verb = _type(event, entities)
    tenant = _attribute(event, "tenant", _TENANT)
    subject = _attribute(event, "subject", _MEMBERSHIP if entities[kind] is Membership else _ID)
    version = _version(event)
    data = event.get("data")
    if not isinstance(data, dict):
        raise RejectedEvent("data: not a JSON object")
    if len(raw) > MAX_TEXT_BYTES:
        _refuse_long_texts(data)
    if verb == "deleted":
        if data.get("id", subject) != subject:
            raise RejectedEvent(f"subject {subject!r} and data.id differ")
        return Change(tenant, kind, subject, version, None, None)
    state = validate(entities[kind], data)
    # A recorded usage has no identity but its subject.
    if verb == "upserted" and getattr(state, "id", None) != subject:
        raise RejectedEvent(f"subject {subject!r} and the entity's own id differ")
    return Change(tenant, kind, subject, version, state, data)


def encode(
    tenant: str,
    entity: str,
    subject: str,
    sequence: int,
    data: Mapping[str, Any],
    *,
    source: str,
    time: str,
    verb: str = "upserted",
) -> bytes:
    """Return an event as a producer sends it. `time`: RFC 3339; `verb`: of the type attribute."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"{entity}-{subject}-{sequence}",
            "source": source,
            "type": f"office.{entity}.{verb}",
            "subject": subject,
            "time": time,
            "datacontenttype": "application/json",
            "sequence": str(sequence),
            "tenant": tenant,
            "data": data,
        }
    )


def validate(model: type[Entity], data: Mapping[str, Any]) -> Entity:
    """Return an entity's state as its model. Raise RejectedEvent naming the first field that breaks the contract."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "entity"
        raise RejectedEvent(f"data.{where}: {first['msg']}") from None


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RejectedEvent(f"not JSON: {error}") from None
    if not isinstance(event, dict):
        raise RejectedEvent("not a JSON object")
    # Looking for the escape first keeps the walk off the hot path; a raw NUL is no valid JSON anyway.
    if b"\\u0000" in raw and any("\0" in text for text in _texts(event)):
        raise RejectedEvent("a text holds a NUL character")
    if event.get("specversion") != "1.0":
        raise RejectedEvent("specversion: must be 1.0")
    for name in ("id", "source"):
        if not isinstance(event.get(name), str) or not event[name]:
            raise RejectedEvent(f"{name}: must be a text that is not empty")
    media_type = event.get("datacontenttype")
    # CloudEvents: null is the same as absent, and a media type may have parameters (RFC 2046).
    if media_type is not None and _JSON.match(str(media_type)) is None:
        raise RejectedEvent(f"datacontenttype: must be application/json, not {media_type!r:.80}")
    return event


def _type(event: Mapping[str, Any], entities: Mapping[str, type[Entity]]) -> tuple[str, str]:
    kind = event.get("type")
    match = _TYPE.fullmatch(kind) if isinstance(kind, str) else None
    if match is None or match[1] not in entities:
        raise RejectedEvent(f"type {kind!r:.80}: this stream carries {', '.join(sorted(entities))}")
    if (match[2] == "recorded") != (match[1] == "usage"):
        raise RejectedEvent(f"type {kind!r:.80}: no such change of a {match[1]}")
    return match[1], match[2]


def _attribute(event: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = event.get(name)
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise RejectedEvent(f"{name}: {value!r:.80} is not {pattern.pattern}")
    return value


def _version(event: Mapping[str, Any]) -> int:
    value = event.get("sequence")
    if not isinstance(value, str) or _SEQUENCE.fullmatch(value) is None or int(value) > MAX_SEQUENCE:
        raise RejectedEvent(f"sequence: {value!r:.40} is no decimal integer from 0 to 2^63-1 in a text")
    return int(value)


def _refuse_long_texts(data: Mapping[str, Any]) -> None:
    for text in _texts(data):
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise RejectedEvent(f"a text of {len(text.encode())} bytes: at most {MAX_TEXT_BYTES} are indexed")


def _texts(value: object) -> Iterator[str]:
    """Yield all keys and texts inside; without recursion, as JSON may nest deeper than Python calls."""
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case dict() as members:
                yield from members
                left += members.values()
            case list() as items:
                left += items
