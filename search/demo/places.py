"""A place in the demo for each thing that a hit may be, where it opens: what its caller may see of it now."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from mappings.catalogue import Catalogue
from mappings.filters import FROM
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.api.dependencies import CallerRoute, Proven, Used
from search.core.errors import NotFound
from search.query import joined_names
from search.query.entity import documents, visible
from search.query.hits import conversation_title, shown, with_names

# One and the same for whatever the caller is not to know.
NOT_THERE = "There is nothing of this kind and id, or you may not see it."
LONGEST_TEXT = 100_000

router = APIRouter(route_class=CallerRoute, include_in_schema=False)


class EntityBody(BaseModel):
    """An entity that is opened. `title` and `text` are HTML-escaped, without any marks; `fields` are those of a hit.

    `entity`: what it is, such as `user`. `text`: all of it, cut where it is very long. `by`: the name of whoever sent
    or owns it; null where there is none, or none that the caller may see.
    """

    vertical: str
    entity: str
    id: str
    title: str
    text: str
    by: str | None
    fields: dict[str, Any]


@router.get("/demo/entity/{vertical}/{id}")
async def read_entity(services: Used, who: Proven, vertical: str, id: str) -> EntityBody:
    """Return what is behind a hit. `id`: the hit's; of contacts the kind may stand before it: `user:u-12`."""
    caller = await services.callers.principal(who)
    contexts = services.contexts
    return await Places(contexts.reader.for_one_answer(), contexts.directory, contexts.catalogue).opened(
        caller, vertical, id
    )


@dataclass(frozen=True)
class Places:
    """Reads entities one by one, through the reader and its access filter as everything else."""

    reader: Reader
    directory: Directory
    catalogue: Catalogue

    async def opened(self, caller: Principal, vertical: str, id: str) -> EntityBody:
        """Return an entity as it is now. Raises NotFound for an unknown vertical too, and what `visible` raises."""
        catalogue = self.catalogue.of(caller.tenant)
        if (known := catalogue.verticals.get(vertical)) is None:
            raise NotFound(NOT_THERE)
        found = await visible(self.reader, caller, known, documents(known, id), NOT_THERE)
        return await self._told(caller, found)

    async def _told(self, caller: Principal, found: Found) -> EntityBody:
        vertical, told = found.vertical, shown(found)
        own_id = found.document_id.rpartition(":")[2]
        by = found.document.get(vertical.field_of(FROM) or "")
        names = await self._names(caller, found, by)
        if vertical.display.joined:
            title = conversation_title(vertical, told.fields, names)
        else:
            title = escape(names.conversations.get(own_id, "") if told.title is None else told.title)
        text = told.passages[0] if told.passages else ""
        return EntityBody(
            vertical=vertical.name,
            entity=vertical.entity_of(found.document),
            id=own_id,
            title=title,
            text=escape(f"{text[:LONGEST_TEXT]}…" if len(text) > LONGEST_TEXT else text),
            by=names.people.get(by) if by else None,
            fields=with_names(vertical, told.fields, names, caller.rules),
        )

    async def _names(self, caller: Principal, found: Found, by: str | None) -> joined_names.JoinedNames:
        """Return what is called in it, as far as the caller may see that, by itself or by others' names."""
        contacts = self.catalogue.of(caller.tenant).holding("user")
        needed = [*joined_names.needed_by([found]), *([contacts.document_id("user", by)] if by else [])]
        read = await self.reader.current(caller, (), [(contacts, id) for id in needed])
        itself = {(found.vertical.name, found.document_id): found}
        return await joined_names.read(self.reader, self.directory, caller, contacts, {**read, **itself})
