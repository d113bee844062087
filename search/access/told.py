"""What is read of a document for a caller, and what they are told of it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.collection import ORIGINAL
from mappings.vertical import Vertical
from search.access.principal import Principal


def asked_for(principal: Principal, place: tuple[str, str], brief: Vertical | None) -> dict[str, Any]:
    """Return a document as a multi-get names it; of a `brief` vertical's without what is too long.

    `place`: the vertical's name, and the document's id.
    """
    named: dict[str, Any] = {"_index": f"{place[0]}.{principal.tenant}", "_id": place[1]}
    if brief and brief.suggested and brief.suggested.unread:
        named["_source"] = {"excludes": [f"{ORIGINAL}.{name}" for name in brief.suggested.unread]}
    return named


def told(vertical: Vertical, document: Mapping[str, Any], *, opens: bool) -> Mapping[str, Any]:
    """Return a stored document without those members that only callers are told who may, or may not, open it."""
    if vertical.discovery is None:
        return document
    left_out = vertical.discovery.instead if opens else vertical.discovery.withheld
    original = {name: value for name, value in document[ORIGINAL].items() if name not in left_out}
    return {**document, ORIGINAL: original}
