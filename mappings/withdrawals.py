"""What takes access to a known document away, noted in the directory ahead of the document that says so.

Analysing and writing a document takes time; who may not see it any more must not wait for that. So the lists of a newer
state are noted first, as entries of a few pages of the directory. An entry counts for a document of a lower version
only, and can only narrow who sees it: the document's own lists must admit a caller as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

from mappings.entities import Entity
from mappings.parts.access import AllowList
from mappings.vertical import Vertical

PAGES: Final = 4
# Every search reads what is noted, so it must not grow with a queue that stands still: the rest waits for the document.
MOST_ON_A_PAGE: Final = 250
PAGE_IDS: Final = tuple(f"withdrawals:{page}" for page in range(PAGES))
LISTS: Final = ("owner", "allow", "deny", "discoverable", "department_ids")
"""The fields of a stored document that decide who sees it, where it has an access list of its own."""


def key(vertical: str, document_id: str) -> str:
    """Return what names a document among the entries."""
    return f"{vertical}/{document_id}"


def place(key: str) -> tuple[str, str]:
    """Return the vertical's name and the document id that an entry's key is made of."""
    vertical, _, document_id = key.partition("/")
    return vertical, document_id


def page(key: str) -> str:
    """Return the id of the directory's document that holds an entry."""
    return PAGE_IDS[zlib.crc32(key.encode()) % PAGES]


def lists(vertical: Vertical, state: Entity) -> dict[str, Any] | None:
    """Return the lists of an entity's state; None where a conversation decides, whose rules the directory has."""
    if not isinstance(vertical.access, AllowList):
        return None
    values = vertical.access.values(state, None)
    return {name: values[name] for name in LISTS if name in values}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The lists that a document has from `version` on."""

    version: int
    lists: Mapping[str, Any]

    @classmethod
    def of(cls, stored: list[Any]) -> Self:
        """Return what a stored entry means."""
        return cls(stored[0], stored[1])

    def stored(self) -> list[Any]:
        return [self.version, dict(self.lists)]

    def applied(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return an older document with these lists in the place of its own."""
        return {**{name: value for name, value in document.items() if name not in LISTS}, **self.lists}


NOTHING_WITHDRAWN: Mapping[str, Withdrawal] = MappingProxyType({})
