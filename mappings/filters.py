"""The filters of the query language that several verticals share; a vertical may declare others of its own."""

from __future__ import annotations

from mappings.parts.display import Labels
from mappings.parts.filtering import Filter, Moment, Named, OneOf

FROM = Filter(
    name="from",
    names=("发送人",),
    labels=Labels("发送人", "From"),
    meaning=Named("user"),
    description="A person by id or name.",
    order=0,
)
IN = Filter(
    name="in",
    names=("群聊",),
    labels=Labels("群聊", "In"),
    meaning=Named("conversation"),
    description="A conversation by id or name.",
    parameter="conversation",
    order=1,
)
TYPE = Filter(
    name="type",
    names=("类型",),
    labels=Labels("类型", "Type"),
    meaning=OneOf(),
    description="A kind",
    order=2,
)
HAS = Filter(
    name="has",
    names=("包含",),
    labels=Labels("包含", "Has"),
    meaning=OneOf(strict=True, every=True),
    description="What it holds",
    order=3,
)
AFTER = Filter(
    name="after",
    names=("晚于",),
    labels=Labels("晚于", "After"),
    meaning=Moment("gte", opposite="before"),
    description="A date; what is not older.",
    order=4,
)
BEFORE = Filter(
    name="before",
    names=("早于",),
    labels=Labels("早于", "Before"),
    meaning=Moment("lt", opposite="after"),
    description="A date; what is older.",
    order=5,
)
