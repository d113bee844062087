"""Docs: found by title and body, seen by whom their `allow` and folder admit, and always by their owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from mappings.collection import Storage
from mappings.entities import Doc
from mappings.filters import AFTER, BEFORE, FROM, TYPE
from mappings.parts import (
    AllowList,
    Choice,
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


def allow(doc: Doc) -> Sequence[str]:
    folder = [f"folder:{doc.folder_id}"] if doc.folder_id else []
    return [*doc.allow, *folder]


def deny(doc: Doc) -> Sequence[str]:
    return doc.deny or ()


def owner(doc: Doc) -> str:
    return doc.owner_id


def departments(doc: Doc) -> Sequence[str]:
    return doc.department_ids or ()


def show(_: str, original: Mapping[str, Any]) -> Shown:
    names = ("kind", "owner_id", "folder_id", "department_ids", "created_at", "updated_at", "url")
    fields = {name: original[name] for name in names if original.get(name)}
    return Shown(original["title"], [original["body"]], fields)


VERTICAL = Vertical(
    name="docs",
    module="search.docs",
    storage=Storage("changes.docs", {"doc": Doc}),
    access=AllowList(allow=allow, deny=deny, owner=owner, departments=departments),
    matching=Matching(
        texts=(
            Text("title", lambda doc: [doc.title], boost=1.0, words=0.4, bigrams=0.6, chars=1.0),
            Text("body", lambda doc: [doc.body], boost=1.0, words=1.0, bigrams=0.6, chars=0.2),
        ),
        exact=attrgetter("title"),
        spelled=lambda doc: [doc.title],
        coverage="1<60% 4<40% 8<30% 16<20%",  # a long question shares few of its characters with what answers it
    ),
    ranking=Ranking(recency=Field("updated_at", attrgetter("updated_at"), LONG), order=1),
    filters=(
        Filtered(FROM, Field("owner")),
        Filtered(
            TYPE,
            Field("kind", attrgetter("kind")),
            choices=(
                Choice("doc", "文档 document", Labels("文档", "Doc")),
                Choice("sheet", "表格 excel xls xlsx spreadsheet", Labels("表格", "Sheet")),
                Choice("slide", "幻灯片 演示 ppt pptx slides", Labels("演示", "Slides")),
                Choice("wiki", "知识库", Labels("知识库", "Wiki")),
                Choice("pdf", "", Labels("PDF", "PDF")),
            ),
        ),
        Filtered(AFTER, Field("updated_at")),
        Filtered(BEFORE, Field("updated_at")),
    ),
    suggested=Suggested(
        kind=lambda *_: "doc",
        called="title",
        named={"owner": "user"},
        fields=members("kind", "updated_at", "url"),
        unread=("body",),
    ),
    display=Display(
        labels=Labels("文档", "Docs"),
        icon="doc",
        tab=2,
        show=show,
        link="url",
        kind=Fact("kind", TYPE.labels, filter=TYPE.name),
        facts=(
            Fact("created_at", Labels("创建", "Created"), "time"),
            Fact("updated_at", Labels("更新", "Updated"), "time", line=Labels("更新于 {}", "updated {}")),
            Fact("url", Labels("地址", "Address"), "address"),
        ),
    ),
)
