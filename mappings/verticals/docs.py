"""Docs: found by title and body, seen by whom their `allow` and folder admit, and always by their owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzers import Cut, normalise
from mappings.entities import Doc
from mappings.properties import KEYWORD, Document
from mappings.vertical import Guard, Shown, TextField, Vertical

TITLE = TextField("title", boost=1.0, words=0.4, bigrams=0.6, chars=1.0)
BODY = TextField("body", boost=1.0, words=1.0, bigrams=0.6, chars=0.2)


def to_document(_: str, doc: Doc, cut: Cut | None) -> Document:
    folder = [f"folder:{doc.folder_id}"] if doc.folder_id else []
    return {
        "allow": [*doc.allow, *folder],
        "deny": list(doc.deny or ()),
        "owner": doc.owner_id,
        "department_ids": list(doc.department_ids or ()),
        "departments": len(set(doc.department_ids or ())),
        "kind": doc.kind,
        "updated_at": doc.updated_at,
        "exact": normalise(doc.title)[:256],
        **TITLE.terms(doc.title, cut=cut),
        **BODY.terms(doc.body, cut=cut),
    }


def show(_: str, original: Mapping[str, Any]) -> Shown:
    names = ("kind", "owner_id", "folder_id", "department_ids", "created_at", "updated_at", "url")
    fields = {name: original[name] for name in names if original.get(name)}
    return Shown(original["title"], [original["body"]], fields)


VERTICAL = Vertical(
    name="docs",
    stream="changes.docs",
    entities={"doc": Doc},
    properties={
        "allow": KEYWORD,
        "deny": KEYWORD,
        "owner": KEYWORD,
        "department_ids": KEYWORD,
        "departments": {"type": "integer"},
        "kind": KEYWORD,
        "updated_at": {"type": "long"},
        "exact": KEYWORD,
        **TITLE.properties(),
        **BODY.properties(),
    },
    to_document=to_document,
    module="search.docs",
    guard=Guard.ALLOW,
    texts=[TITLE, BODY],
    coverage="1<60% 4<40% 8<30% 16<20%",  # a long question shares few of its characters with the text that answers it
    show=show,
    exact="exact",
    recency="updated_at",
    people="owner",
    kinds="kind",
    order=1,
)
