"""Usage: who used which app when; kept for recommendations, searched by nobody."""

from __future__ import annotations

from analyzers import Cut
from mappings.entities import Usage
from mappings.properties import KEYWORD, Document
from mappings.vertical import Collection


def to_document(_: str, usage: Usage, __: Cut | None) -> Document:
    return {"user_id": usage.user_id, "app_id": usage.app_id, "action": usage.action, "at": usage.at}


USAGE = Collection(
    name="usage",
    stream="changes.usage",
    entities={"usage": Usage},
    properties={"user_id": KEYWORD, "app_id": KEYWORD, "action": KEYWORD, "at": {"type": "long"}},
    to_document=to_document,
)
