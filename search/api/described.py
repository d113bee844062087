"""What a caller may search, told to clients: tabs, icons, filters and facts with their names in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from mappings.catalogue import Catalogue
from mappings.parts.display import Fact, Form, Labels
from mappings.parts.filtering import Choice, Filter, Moment, Named
from mappings.vertical import Vertical
from search.access.principal import Principal
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.routes import PROBLEMS


class LabelsBody(BaseModel):
    zh: str
    en: str


class FactBody(BaseModel):
    field: str = Field(description="The member of a hit's `fields`.")
    labels: LabelsBody
    form: Form = Field(description="How its value is shown.")
    line: LabelsBody | None = Field(
        description="What the line below a hit says of it, with {} for the value; null: only the opened hit tells it."
    )
    otherwise: str | None = Field(description="The member that stands in where a hit lacks this one.")
    filter: str | None = Field(
        description="The filter that its values may be given to; its values' labels are theirs, those of the vertical."
    )


class TabBody(BaseModel):
    name: str
    labels: LabelsBody
    tab: int = Field(description="Its place among the tabs: lower ones come first.")


class VerticalBody(TabBody):
    icon: str = Field(description="The name of a drawing; clients draw a general one for a name that they do not know.")
    title: Literal["own", "conversation"] = Field(
        description="Whose name a hit's title is: its own, or that of the conversation it was said in."
    )
    kind: FactBody | None = Field(
        description="What kind of thing a hit is: said first in the line below it, and, where clients have one, the "
        "name of a drawing that suits it better than the vertical's. Null: all are of one kind."
    )
    filters: list[str] = Field(description="The filters that concern it, by name.")
    facts: list[FactBody] = Field(description="What a hit shows besides title and snippet, in this order.")
    link: str | None = Field(
        description="The member of a hit's or suggestion's `fields` that holds where it opens; a link only if its "
        "value begins with http:// or https://. Null: they have none."
    )
    picture: str | None = Field(
        description="The member of a hit's or suggestion's `fields` that holds where its picture is; to be shown only "
        "from `picture_hosts`. Null: they have none."
    )


class ValueBody(BaseModel):
    value: str
    vertical: str = Field(description="The vertical that has it; a value that several have is there for each.")
    names: list[str] = Field(description="What else it may be called in a query.")
    labels: LabelsBody


class FilterBody(BaseModel):
    name: str = Field(description="The operator's name, as answers have it in `query.filters`.")
    names: list[str] = Field(description="Every name that the operator may be written by, its own first.")
    parameter: str = Field(description="The parameter of the search that means the same.")
    labels: LabelsBody
    kind: Literal["person", "conversation", "date", "value"] = Field(description="What its values are.")
    values: list[ValueBody] = Field(description="The values that there are; empty where they are not from a list.")


class VerticalsBody(BaseModel):
    """The verticals that the caller may search, in the order of a client's tabs, and the filters that concern them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.VERTICALS]})

    verticals: list[VerticalBody]
    denied: list[TabBody] = Field(
        description="The names of the others, which answers have in `denied`, for a client that shows them as locked."
    )
    filters: list[FilterBody]
    picture_hosts: list[str] = Field(
        description="The hosts from which pictures may be shown, by https alone; `*.` stands for every host below one, "
        "but not for that one itself. Others are not to be asked, as they would learn who sees what."
    )


def router(picture_hosts: Sequence[str]) -> APIRouter:
    """Return the router with the call. `picture_hosts`: from which clients may show pictures."""
    calls = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)

    @calls.get("/verticals", summary="What the caller may search, with names for people")
    async def verticals(services: Used, who: Proven) -> VerticalsBody:
        caller = await services.callers.principal(who)
        return described(services.catalogue.of(caller.tenant), caller, picture_hosts)

    return calls


def described(catalogue: Catalogue, caller: Principal, picture_hosts: Sequence[str] = ()) -> VerticalsBody:
    """Return what a caller may search; a filter's values are those of these verticals alone."""
    verticals = sorted(catalogue.verticals.values(), key=lambda one: one.display.tab)
    searched = [one for one in verticals if caller.may_call(one.module)]
    filters = [filter for filter in catalogue.filters.values() if any(one.field_of(filter) for one in searched)]
    return VerticalsBody(
        verticals=[_vertical(one) for one in searched],
        denied=[TabBody(**_tab(one)) for one in verticals if one not in searched],
        filters=[_filter(one, searched) for one in filters],
        picture_hosts=list(picture_hosts),
    )


def _vertical(vertical: Vertical) -> VerticalBody:
    display = vertical.display
    return VerticalBody(
        **_tab(vertical),
        icon=display.icon,
        title="conversation" if display.joined else "own",
        kind=_fact(display.kind) if display.kind else None,
        filters=[one.filter.name for one in vertical.filters],
        facts=[_fact(fact) for fact in display.facts],
        link=display.link or None,
        picture=display.picture or None,
    )


def _tab(vertical: Vertical) -> dict[str, Any]:
    return {"name": vertical.name, "labels": _labels(vertical.display.labels), "tab": vertical.display.tab}


def _fact(fact: Fact) -> FactBody:
    return FactBody(
        field=fact.field,
        labels=_labels(fact.labels),
        form=fact.form,
        line=_labels(fact.line) if fact.line else None,
        otherwise=fact.otherwise or None,
        filter=fact.filter or None,
    )


def _filter(filter: Filter, searched: Sequence[Vertical]) -> FilterBody:
    values = [
        _value(one, choice)
        for one in searched
        for of in one.filters
        if of.filter.name == filter.name
        for choice in of.choices
    ]
    return FilterBody(
        name=filter.name,
        names=[filter.name, *filter.names],
        parameter=filter.parameter_name,
        labels=_labels(filter.labels),
        kind=_kind(filter),
        values=values,
    )


def _kind(filter: Filter) -> Literal["person", "conversation", "date", "value"]:
    match filter.meaning:
        case Named("user"):
            return "person"
        case Named():
            return "conversation"
        case Moment():
            return "date"
        case _:
            return "value"


def _value(vertical: Vertical, choice: Choice) -> ValueBody:
    return ValueBody(
        value=choice.value, vertical=vertical.name, names=choice.names.split(), labels=_labels(choice.labels)
    )


def _labels(labels: Labels) -> LabelsBody:
    return LabelsBody(zh=labels.zh, en=labels.en)
