"""The filters that a catalogue declares, at work: read, resolved, and made clauses of. Nothing here knows one by name.

A filter is declared in `mappings.filters`, or by the vertical that alone has it:

    TYPE = Filter("type", names=("类型",), meaning=OneOf(), …)
    Filtered(TYPE, Field("kind", …), choices=(Choice("sheet", "表格 excel", …), …))

`类型:excel` is then read as `Operator("type", "excel")`, resolved to `Condition(TYPE, {"sheet"})`, and becomes
`{"terms": {"kind": ["sheet"]}}` for each vertical that declares it; a vertical that does not, finds nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from mappings.catalogue import Catalogue
from mappings.entities import EPOCH, MICROSECOND
from mappings.parts.filtering import Filter, Moment, Named, OneOf
from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.core.errors import BadRequest
from search.query.names_meant import NameResolver

Dates = Callable[[str], datetime | None]
"""A date as it was typed → the moment at which it begins; None where it is none."""


@dataclass(frozen=True)
class Operator:
    """One condition as it was written; `name` is the filter's English one."""

    name: str
    value: str
    negated: bool = False


@dataclass(frozen=True)
class Condition:
    """A filter with its values resolved.

    `values`: what its field is to hold; empty where nobody is meant, and then nothing does. `moment`: microseconds.
    """

    filter: Filter
    values: frozenset[str] = frozenset()
    moment: int | None = None
    negated: bool = False

    @property
    def name(self) -> str:
        """The name under which it is told why a document fails it."""
        return f"-{self.filter.name}" if self.negated else self.filter.name


class FilterLanguage:
    """What the filters of a catalogue, and their values, are called."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.filters = catalogue.filters
        self._by_name = {name: one for one in self.filters.values() for name in (one.name, *one.names)}
        self._values = {name: _values(catalogue, one) for name, one in self.filters.items()}

    def named(self, name: str) -> Filter | None:
        """Return the filter of this name, in either language, full-width or not."""
        return self._by_name.get(unicodedata.normalize("NFKC", name).lower())

    def accepted(self, filter: Filter, value: str, dates: Dates) -> str | None:
        """Return a value that makes sense for a filter, tidied; None for one that had better be read as text."""
        match filter.meaning:
            case Moment():
                return value if dates(value) else None
            case Named("user"):
                return value.lstrip("@＠") or None
            case OneOf(strict=True):
                return value if _folded(value) in self._values[filter.name] else None
            case _:
                return value or None

    def meant(self, filter: Filter, value: str) -> frozenset[str]:
        """Return the values that a name stands for; an unknown one stands for itself."""
        name = _folded(value)
        return self._values[filter.name].get(name, frozenset({name}))


# As many as there are catalogues in use at a time: one, until tenants have verticals of their own.
@lru_cache(maxsize=256)
def filter_language(catalogue: Catalogue) -> FilterLanguage:
    """Return the language of a catalogue's filters, made once."""
    return FilterLanguage(catalogue)


def _values(catalogue: Catalogue, filter: Filter) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for choice in catalogue.choices(filter):
        for name in map(_folded, (choice.value, *choice.names.split())):
            found[name] = found.get(name, frozenset()) | frozenset(choice.means)
    return found


def _folded(value: str) -> str:
    """Return `ＰＤＦ` and `Mini Program` as the declarations have them."""
    return unicodedata.normalize("NFKC", value).strip().lower().replace(" ", "_")


async def resolve_conditions(
    language: FilterLanguage, operators: Iterable[Operator], names: NameResolver, dates: Dates
) -> list[Condition]:
    """Return the conditions that operators and parameters amount to, positive ones first, each in the filters' order.

    Several values of one filter are alternatives, unless the filter says that every one must hold; of several dates
    the narrowest counts. Raises BadRequest for a date that is none.
    """
    said: dict[tuple[str, bool], list[str]] = {}
    for operator in operators:
        filter = language.filters[operator.name]
        negated = operator.negated
        if negated and isinstance(filter.meaning, Moment):
            # Not before a date is from that date on.
            filter, negated = language.filters[filter.meaning.opposite], False
        said.setdefault((filter.name, negated), []).append(operator.value)
    found = []
    for negated in (False, True):
        for name, filter in language.filters.items():
            if values := said.get((name, negated)):
                found.append(await _resolved(language, filter, values, names, dates, negated=negated))
    # Excluding nobody excludes nothing.
    return [condition for condition in found if condition.values or not condition.negated]


def in_order(*conditions: Condition) -> list[Condition]:
    """Return conditions of several sources together, positive ones first, each kind in the filters' order."""
    return sorted(conditions, key=lambda one: (one.negated, one.filter.order, one.filter.name))


async def _resolved(
    language: FilterLanguage, filter: Filter, values: Sequence[str], names: NameResolver, dates: Dates, *, negated: bool
) -> Condition:
    match filter.meaning:
        case Moment(bound):
            moments = [_micros(_date(filter, value, dates)) for value in values]
            return Condition(filter, moment=max(moments) if bound == "gte" else min(moments))
        case Named(entity):
            return Condition(filter, await names.resolve(entity, values), negated=negated)
        case OneOf():
            meant = frozenset(one for value in values for one in language.meant(filter, value))
            return Condition(filter, meant, negated=negated)


def _date(filter: Filter, value: str, dates: Dates) -> datetime:
    moment = dates(value)
    if moment is None:
        raise BadRequest(
            f"{filter.parameter_name}: {value!r:.40} is no date; write it as 2026-01-31, or 7d for seven days ago."
        )
    return moment


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def concerns(conditions: Iterable[Condition], vertical: Vertical) -> bool:
    """Return whether a vertical has what the conditions speak of; one that has not finds nothing."""
    return all(condition.negated or vertical.field_of(condition.filter) for condition in conditions)


def required(conditions: Iterable[Condition], vertical: Vertical) -> list[Clause]:
    """Return what a document must meet."""
    clauses: list[Clause] = []
    limits: dict[str, dict[str, int]] = {}
    for condition in conditions:
        field = vertical.field_of(condition.filter)
        if field is None or condition.negated:
            continue
        match condition.filter.meaning:
            case Moment(bound) if condition.moment is not None:
                narrowest = max if bound == "gte" else min
                limit = limits.setdefault(field, {})
                limit[bound] = narrowest(limit.get(bound, condition.moment), condition.moment)
            case OneOf(every=True):
                clauses += [{"term": {field: value}} for value in sorted(condition.values)]
            case _:
                clauses.append({"terms": {field: sorted(condition.values)}})
    return [*clauses, *({"range": {field: limit}} for field, limit in limits.items())]


def excluded(conditions: Iterable[Condition], vertical: Vertical) -> list[Clause]:
    """Return what a document must not meet."""
    return [
        {"terms": {field: sorted(condition.values)}}
        for condition in conditions
        if condition.negated and (field := vertical.field_of(condition.filter))
    ]
