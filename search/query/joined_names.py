"""Names joined when answering: a message's conversation and sender, the other side of a direct conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.vertical import Vertical
from search.access.candidates import Candidate
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Found, Reader

Places = Mapping[tuple[str, str], Found]


def needed(candidates: Iterable[Candidate]) -> list[str]:
    """Return the ids, among the contacts' documents, of what names the conversations and people that hits speak of."""
    return list(dict.fromkeys(id for one in candidates for id in _needed(one.vertical, one.fields)))


def needed_by(found: Iterable[Found]) -> list[str]:
    """Return the same for documents that are read already."""
    return list(dict.fromkeys(id for one in found for id in _needed(one.vertical, one.document)))


def _needed(vertical: Vertical, fields: Mapping[str, Any]) -> Iterator[str]:
    if joined := vertical.display.joined:
        yield f"conversation:{fields.get(joined.conversation)}"
        yield from (f"user:{fields.get(field)}" for field in joined.people)


@dataclass(frozen=True)
class JoinedNames:
    """What people and conversations are called, as far as the caller may see them; the rest has no name."""

    people: Mapping[str, str]
    conversations: Mapping[str, str]


async def read(
    reader: Reader, directory: Directory, caller: Principal, contacts: Vertical, found: Places
) -> JoinedNames:
    """Return the names for checked hits, from what was read with them; direct conversations take one more read."""
    people: dict[str, str] = {}
    conversations: dict[str, str] = {}
    unnamed: list[str] = []
    for (vertical, document_id), document in found.items():
        kind, _, id = document_id.partition(":")
        if vertical != contacts.name:
            continue
        original = document.document["original"]
        if kind == "user":
            people[id] = original["name"]
        elif kind == "conversation" and (original["kind"] == "direct" or not original.get("name")):
            unnamed.append(id)
        elif kind == "conversation":
            conversations[id] = original["name"]
    if unnamed:
        conversations |= await _others(reader, directory, caller, contacts, unnamed)
    return JoinedNames(people, conversations)


async def _others(
    reader: Reader, directory: Directory, caller: Principal, contacts: Vertical, conversation_ids: Sequence[str]
) -> dict[str, str]:
    others = await directory.other_members(caller, conversation_ids)
    places = [(contacts, f"user:{user}") for user in set(others.values())]
    found = await reader.current(caller, (), joined=places)
    named = {id: found.get((contacts.name, f"user:{user}")) for id, user in others.items()}
    return {id: document.document["original"]["name"] for id, document in named.items() if document}
