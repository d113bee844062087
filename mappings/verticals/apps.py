"""Apps: found by name, tags and description, seen by whom their `allow` admits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzers import Cut, normalise
from mappings.entities import App
from mappings.names import NAME_PROPERTIES, name_keys
from mappings.properties import KEYWORD, Document
from mappings.vertical import Guard, Shown, TextField, Vertical

NAME = TextField("name", boost=3.0, words=0.4, bigrams=0.6, chars=1.0)
TAGS = TextField("tags", boost=1.0, words=1.0, bigrams=0.6, chars=0.3)
DESCRIPTION = TextField("description", boost=0.6, words=1.0, bigrams=0.6, chars=0.2)


def to_document(_: str, app: App, cut: Cut | None) -> Document:
    return {
        "allow": list(app.allow),
        "deny": list(app.deny or ()),
        "department_ids": list(app.department_ids or ()),
        "departments": len(set(app.department_ids or ())),
        "kind": app.kind,
        "category": app.category,
        "published_at": app.published_at,
        "exact": normalise(app.name)[:256],
        **name_keys([app.name]),
        **NAME.terms(app.name, cut=cut),
        **TAGS.terms(app.category, *(app.tags or ()), app.developer or "", cut=cut),
        **DESCRIPTION.terms(app.description, cut=cut),
    }


def show(_: str, original: Mapping[str, Any]) -> Shown:
    names = ("kind", "category", "tags", "developer", "published_at", "icon_url", "url")
    fields = {name: original[name] for name in names if original.get(name)}
    return Shown(original["name"], [original["description"]], fields)


VERTICAL = Vertical(
    name="apps",
    stream="changes.apps",
    entities={"app": App},
    properties={
        "allow": KEYWORD,
        "deny": KEYWORD,
        "department_ids": KEYWORD,
        "departments": {"type": "integer"},
        "kind": KEYWORD,
        "category": KEYWORD,
        "published_at": {"type": "long"},
        "exact": KEYWORD,
        **NAME_PROPERTIES,
        **NAME.properties(),
        **TAGS.properties(),
        **DESCRIPTION.properties(),
    },
    to_document=to_document,
    module="search.apps",
    guard=Guard.ALLOW,
    texts=[NAME, TAGS, DESCRIPTION],
    show=show,
    exact="exact",
    by_name=True,
    recency="published_at",
    kinds="kind",
    order=2,
)
