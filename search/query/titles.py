"""Names joined when answering: a message's conversation and sender, the other side of a direct conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mappings.vertical import Vertical
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Candidate, Found, Reader

Places = Mapping[tuple[str, str], Found]


def needed(candidates: Iterable[Candidate]) -> list[str]:
    """The documents of the contacts that name what these hits speak of."""
    return list(
        dict.fromkeys(
            document_id
            for candidate in candidates
            for document_id in (
                f"conversation:{candidate.fields.get('conversation_id')}",
                f"user:{candidate.fields.get('sender_id')}",
            )
            if candidate.vertical.conversation
        )
    )


@dataclass(frozen=True)
class Names:
    """What people and conversations are called, as far as the caller may see them; the rest has no name."""

    people: Mapping[str, str]
    conversations: Mapping[str, str]


async def read(reader: Reader, directory: Directory, caller: Principal, contacts: Vertical, found: Places) -> Names:
    """Names for checked hits, from the documents read with them; direct conversations take one more look."""
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
    return Names(people, conversations)


async def _others(
    reader: Reader, directory: Directory, caller: Principal, contacts: Vertical, conversation_ids: Sequence[str]
) -> dict[str, str]:
    others = await directory.other_members(caller, conversation_ids)
    places = [(contacts, f"user:{user}") for user in set(others.values())]
    found = await reader.now(caller, (), joined=places)
    named = {id: found.get((contacts.name, f"user:{user}")) for id, user in others.items()}
    return {id: document.document["original"]["name"] for id, document in named.items() if document}
