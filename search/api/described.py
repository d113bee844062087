"""What a caller may search, told to clients: tabs, icons, filters and facts with their names in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mappings.catalogue import Catalogue
from mappings.parts.display import Form, Labels
from mappings.parts.filtering import Choice, Filter, Moment, Named
from mappings.vertical import Vertical
from search.access.principal import Principal
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.routes import PROBLEMS

router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)


class LabelsBody(BaseModel):
    zh: str
    en: str


class FactBody(BaseModel):
    field: str = Field(description="The member of a hit's `fields`.")
    labels: LabelsBody
    form: Form = Field(description="How its value is shown.")


class VerticalBody(BaseModel):
    name: str
    labels: LabelsBody
    icon: str = Field(description="The name of a drawing; clients draw a general one for a name that they do not know.")
    filters: list[str] = Field(description="The filters that concern it, by name.")
    facts: list[FactBody] = Field(description="What a hit shows besides title and snippet, in this order.")


class ValueBody(BaseModel):
    value: str
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

    verticals: list[VerticalBody]
    filters: list[FilterBody]


@router.get("/verticals", summary="What the caller may search, with names for people")
async def verticals(services: Used, who: Proven) -> VerticalsBody:
    caller = await services.callers.principal(who)
    return described(services.catalogue.of(caller.tenant), caller)


def described(catalogue: Catalogue, caller: Principal) -> VerticalsBody:
    """Return what a caller may search; a filter's values are those of these verticals alone."""
    searched = [vertical for vertical in catalogue.verticals.values() if caller.may_call(vertical.module)]
    filters = [filter for filter in catalogue.filters.values() if any(one.field_of(filter) for one in searched)]
    return VerticalsBody(
        verticals=[_vertical(one) for one in sorted(searched, key=lambda one: one.display.tab)],
        filters=[_filter(one, searched) for one in filters],
    )


def _vertical(vertical: Vertical) -> VerticalBody:
    display = vertical.display
    return VerticalBody(
        name=vertical.name,
        labels=_labels(display.labels),
        icon=display.icon,
        filters=[one.filter.name for one in vertical.filters],
        facts=[FactBody(field=fact.field, labels=_labels(fact.labels), form=fact.form) for fact in display.facts],
    )


def _filter(filter: Filter, searched: Sequence[Vertical]) -> FilterBody:
    choices = [
        choice for one in searched for of in one.filters if of.filter.name == filter.name for choice in of.choices
    ]
    return FilterBody(
        name=filter.name,
        names=[filter.name, *filter.names],
        parameter=filter.parameter_name,
        labels=_labels(filter.labels),
        kind=_kind(filter),
        values=[_value(choice) for choice in choices],
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


def _value(choice: Choice) -> ValueBody:
    return ValueBody(value=choice.value, names=choice.names.split(), labels=_labels(choice.labels))


def _labels(labels: Labels) -> LabelsBody:
    return LabelsBody(zh=labels.zh, en=labels.en)
