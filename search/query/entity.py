"""One entity by its id, as the caller may see it now: what stands behind a hit that is opened."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mappings.entities import ID_PATTERN
from mappings.vertical import Vertical
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.core.errors import BadRequest, ModuleMissing, NotFound

is_id = re.compile(ID_PATTERN).fullmatch


def documents(vertical: Vertical, id: str) -> list[str]:
    """Return the ids of the documents that an entity's id may mean, with its kind before it or not: `user:u-12`.

    None for what can be no id, which the engine need not be asked for: it refuses a long one.
    """
    kind, _, bare = id.rpartition(":")
    named = [entity for entity in vertical.entities if kind in ("", entity)] if is_id(bare) else []
    return [vertical.document_id(entity, bare) for entity in named]


async def visible(
    reader: Reader, caller: Principal, vertical: Vertical, documents: Sequence[str], missing: str
) -> Found:
    """Return the one of these documents that the caller may see now.

    Raises ModuleMissing where none of their roles has the vertical's module, whatever the ids; NotFound, with `missing`
    as its text, for what there is not and what the caller may not see alike; BadRequest where they may see several.
    """
    if not caller.may_call(vertical.module):
        raise ModuleMissing(f"You may not search {vertical.name}: none of your roles has the module.")
    found = await reader.current(caller, [(vertical, id) for id in documents]) if documents else {}
    if not found:
        raise NotFound(missing)
    if len(found) > 1:
        kinds = ", ".join(one.document_id for one in found.values())
        raise BadRequest(f"id: there are several of this id; name one of them: {kinds}.")
    return next(iter(found.values()))
