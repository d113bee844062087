"""Apps: found by name, tags and description, seen by whom their `allow` admits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from mappings.collection import Storage
from mappings.entities import App
from mappings.filters import AFTER, BEFORE, TYPE
from mappings.parts import (
    AS_IT_IS,
    AllowList,
    Choice,
    Discovery,
    Display,
    Fact,
    Field,
    Filtered,
    Labels,
    Matching,
    Ranking,
    Shown,
    Suggested,
    Text,
)
from mappings.parts.suggesting import members
from mappings.properties import LONG
from mappings.vertical import Vertical


def allow(app: App) -> Sequence[str]:
    return app.allow


def deny(app: App) -> Sequence[str]:
    return app.deny or ()


def discoverable(app: App) -> Sequence[str]:
    return app.discoverable or ()


def departments(app: App) -> Sequence[str]:
    return app.department_ids or ()


def labelled(app: App) -> Sequence[str]:
    return [app.category, *(app.tags or ()), app.developer or ""]


def show(_: str, original: Mapping[str, Any]) -> Shown:
    names = ("kind", "category", "tags", "developer", "published_at", "icon_url", "url", "request_url")
    fields = {name: original[name] for name in names if original.get(name)}
    return Shown(original["name"], [original["description"]], fields)


VERTICAL = Vertical(
    name="apps",
    module="search.apps",
    storage=Storage("changes.apps", {"app": App}),
    access=AllowList(
        allow=allow,
        deny=deny,
        departments=departments,
        discovery=Discovery(discoverable, withheld=("url",), instead=("request_url",)),
    ),
    matching=Matching(
        texts=(
            Text("name", lambda app: [app.name], boost=3.0, words=0.4, bigrams=0.6, chars=1.0),
            Text("tags", labelled, boost=1.0, words=1.0, bigrams=0.6, chars=0.3),
            Text("description", lambda app: [app.description], boost=0.6, words=1.0, bigrams=0.6, chars=0.2),
        ),
        exact=attrgetter("name"),
        names=lambda app: [app.name],
        serving=("name", "tags"),
    ),
    ranking=Ranking(recency=Field("published_at", attrgetter("published_at"), LONG), order=2),
    filters=(
        Filtered(
            TYPE,
            Field("kind", attrgetter("kind")),
            choices=(
                Choice(
                    "app",
                    "应用",
                    Labels("应用", "App"),
                    of=("mini_program", "web", "bot", "service_account"),
                ),
                Choice("mini_program", "miniprogram 小程序", Labels("小程序", "Mini program")),
                Choice("web", "网页", Labels("网页应用", "Web app")),
                Choice("bot", "机器人", Labels("机器人", "Bot")),
                Choice("service_account", "服务号", Labels("服务号", "Service account")),
            ),
        ),
        Filtered(AFTER, Field("published_at")),
        Filtered(BEFORE, Field("published_at")),
    ),
    suggested=Suggested(
        kind=lambda *_: "app",
        detail=lambda _, app: [text for text in (app["category"], app.get("developer")) if text],
        fields=members("kind", "icon_url", "url", "request_url"),
        unread=("description",),
    ),
    display=Display(
        labels=Labels("应用", "Apps"),
        icon="mini_program",
        tab=3,
        show=show,
        link="url",
        picture="icon_url",
        kind=Fact("kind", TYPE.labels, filter=TYPE.name),
        facts=(
            Fact("category", Labels("类别", "Category"), line=AS_IT_IS),
            Fact("tags", Labels("标签", "Tags"), "list", line=AS_IT_IS),
            Fact("developer", Labels("开发者", "Developer")),
            Fact("published_at", Labels("上架", "Published"), "time"),
            Fact("url", Labels("地址", "Address"), "address"),
            Fact("request_url", Labels("申请开通", "Ask for access"), "address"),
        ),
    ),
    facets=(Field("category", attrgetter("category")), Field("kind"), Field("developer", attrgetter("developer"))),
    stored=(Field("tags", lambda app: list(app.tags or ())),),
)
