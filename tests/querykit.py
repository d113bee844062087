"""What tests of queries say things with: resolved queries by their conditions' names, and the query language."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, cast

from kit import CATALOGUE

from mappings.parts.filtering import Moment
from search.query.dates import resolve_date
from search.query.filters import Condition, Operator, filter_language, resolve_conditions
from search.query.names_meant import NameResolver
from search.query.parse import ParsedQuery, parse
from search.query.resolved import ResolvedQuery

LANGUAGE = filter_language(CATALOGUE)
# By the name under which tests ask for it: the filter, and whether it is negated.
_NAMED: Mapping[str, tuple[str, bool]] = {
    name: (filter, negated)
    for filter, plain in (
        ("from", "senders"),
        ("in", "conversations"),
        ("type", "kinds"),
        ("has", "features"),
        ("after", "after"),
        ("before", "before"),
    )
    for name, negated in ((plain, False), (f"not_{plain}", True))
}


def asked(**given: Any) -> ResolvedQuery:
    """Return a query; `senders`, `not_kinds`, `after` and the like become conditions, positive ones first."""
    conditions = {name: given.pop(name) for name in _NAMED if name in given}
    return ResolvedQuery(**given, conditions=tuple(sorted(_conditions(conditions), key=lambda one: one.negated)))


def _conditions(given: Mapping[str, Any]) -> Iterator[Condition]:
    for name, value in given.items():
        filter, negated = _NAMED[name]
        declared = CATALOGUE.filters[filter]
        if isinstance(declared.meaning, Moment):
            yield Condition(declared, moment=cast(int, value))
        else:
            yield Condition(declared, frozenset(cast(Collection[str], value)), negated=negated)


def parsed(q: str, now: datetime, **more: Any) -> ParsedQuery:
    """Return a query's parts, in the language of what is installed."""
    return parse(q, LANGUAGE, now=now, **more)


def moments(q: str, now: datetime, parameters: Mapping[str, str] | None = None, **more: Any) -> dict[str, int]:
    """Return the limits in time that a query and parameters set, in microseconds, by `after` and `before`."""
    dates = partial(resolve_date, now=now, **more)
    operators = [one for one in parsed(q, now, **more).operators if one.name in ("after", "before")]
    operators += [Operator(name, value) for name, value in (parameters or {}).items() if value]
    work = resolve_conditions(LANGUAGE, operators, cast(NameResolver, None), dates)
    try:
        work.send(None)
    except StopIteration as done:
        return {one.filter.name: cast(int, one.moment) for one in done.value}
    raise AssertionError("a date needs nobody to be asked")
