"""Usage: who used which app when; kept for recommendations, searched by nobody."""

from __future__ import annotations

from operator import attrgetter

from mappings.collection import Collection, Storage
from mappings.entities import Usage
from mappings.parts import Field
from mappings.properties import LONG

USAGE = Collection(
    name="usage",
    storage=Storage("changes.usage", {"usage": Usage}),
    stored=(
        Field("user_id", attrgetter("user_id")),
        Field("app_id", attrgetter("app_id")),
        Field("action", attrgetter("action")),
        Field("at", attrgetter("at"), LONG),
    ),
)
