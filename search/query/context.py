"""A message and what was said around it in its conversation, for a client that opens a hit in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from mappings.catalogue import Catalogue
from mappings.vertical import Vertical
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.core.errors import Unavailable
from search.query import joined_names
from search.query.entity import is_id, visible
from search.query.hits import conversation_title, shown, with_names
from search.query.joined_names import JoinedNames
from search.query.neighbours import Side

# One and the same for whatever the caller is not to know.
NOT_THERE = "There is no such message, or you may not see it."
LONGEST_TEXT = 4_000


@dataclass(frozen=True)
class Said:
    """A message as it is shown among others: its text, in HTML without any marks, and the fields of a hit."""

    vertical: str
    id: str
    snippet: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """A message between those before and those after it, both oldest first, and what their conversation is called.

    `has_more_before`, `has_more_after`: whether the caller may see still earlier, or later, ones.
    """

    message: Said
    before: Sequence[Said]
    after: Sequence[Said]
    has_more_before: bool
    has_more_after: bool
    title: str


@dataclass(frozen=True)
class Contexts:
    """The use case: reads what is around a message, under the rules that hold for the message itself."""

    reader: Reader
    directory: Directory
    catalogue: Catalogue

    async def around(self, caller: Principal, id: str, before: int, after: int) -> Surroundings:
        """Return a message with up to so many before and after it, as they are now.

        Raises NotFound, always with the same text, for what there is not and what the caller may not see; ModuleMissing
        where none of their roles has the module, whatever the id.
        """
        return await replace(self, reader=self.reader.for_one_answer())._around(caller, id, before, after)

    async def _around(self, caller: Principal, id: str, before: int, after: int) -> Surroundings:
        catalogue = self.catalogue.of(caller.tenant)
        messages = catalogue.holding("message")
        message = await visible(self.reader, caller, messages, [id] if is_id(id) else [], NOT_THERE)
        # One more of each side than is shown tells whether there are more. Totals would count what is dropped.
        older = Side(message, before + 1, newer=False)
        newer = Side(message, after + 1, newer=True)
        await self._fill(caller, [older, newer])
        earlier, later = older.kept[:before][::-1], newer.kept[:after]
        names = await self._names(caller, catalogue.holding("user"), [*earlier, message, *later])
        view = MessageView(caller, names)
        return Surroundings(
            message=view.said(message),
            before=[view.said(found) for found in earlier],
            after=[view.said(found) for found in later],
            has_more_before=len(older.kept) > before,
            has_more_after=len(newer.kept) > after,
            title=view.title(message),
        )

    async def _fill(self, caller: Principal, sides: Sequence[Side]) -> None:
        """Read on, on both sides at once, until each has as many as it wants or there are no more."""
        while lacking := [side for side in sides if side.missing]:
            if asking := [side for side in lacking if not side.waiting]:
                answers = await self.reader.candidates(caller, [side.request() for side in asking])
                for side, answer in zip(asking, answers, strict=True):
                    if answer is None:
                        # Nothing must look as if it had never been said.
                        raise Unavailable("Messages could not be read in time; try again in a moment.")
                    side.take(answer)
            portions = [(side, side.portion()) for side in lacking]
            places = [(side.vertical, id) for side, ids in portions for id in ids]
            found = await self.reader.current(caller, places)
            for side, ids in portions:
                side.kept += [found[side.vertical.name, id] for id in ids if (side.vertical.name, id) in found]

    async def _names(self, caller: Principal, contacts: Vertical, shown: Sequence[Found]) -> JoinedNames:
        joined = [(contacts, id) for id in joined_names.needed_by(shown)]
        found = await self.reader.current(caller, (), joined)
        return await joined_names.read(self.reader, self.directory, caller, contacts, found)


@dataclass(frozen=True)
class MessageView:
    """Shows messages, with the names of those who sent them as far as the caller may see them."""

    caller: Principal
    names: JoinedNames

    def said(self, found: Found) -> Said:
        told = shown(found)
        text = told.passages[0] if told.passages else ""
        cut = f"{text[:LONGEST_TEXT]}…" if len(text) > LONGEST_TEXT else text
        fields = with_names(found.vertical, told.fields, self.names, self.caller.rules)
        return Said(found.vertical.name, found.document_id, escape(cut), fields)

    def title(self, found: Found) -> str:
        return conversation_title(found.vertical, shown(found).fields, self.names)
