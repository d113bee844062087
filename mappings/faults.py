"""What is wrong with declarations, said when a process starts and not when somebody searches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mappings import directory
from mappings.collection import ENTITY, ORIGINAL, TOMBSTONE, Collection
from mappings.parts.filtering import Filter, Moment
from mappings.vertical import Vertical

# Part of the names of indices, consumers and files.
_NAME = re.compile(r"[a-z]{2,30}")
# What `search/query/parse.py` takes for an operator's name.
_OPERATOR = re.compile(r"[^\W\d_]{2,20}")
PARAMETERS = frozenset({"q", "verticals", "sort", "limit", "cursor", "timezone"})
"""The search's parameters that are no filters."""
_KEPT_FIELDS = frozenset({ORIGINAL, ENTITY, *TOMBSTONE})


def faults(verticals: Sequence[Vertical], unsearched: Sequence[Collection]) -> Iterator[str]:
    """Yield one sentence for each thing that cannot be: two of a name, or a name that leads nowhere."""
    collections = [*verticals, *unsearched]
    yield from _names(collections)
    yield from _streams(collections)
    for one in collections:
        yield from _fields(one)
    yield from _filters(verticals)


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _names(collections: Sequence[Collection]) -> Iterator[str]:
    for name in _twice(one.name for one in collections):
        yield f"Two collections are called {name!r}; give one another name"
    for one in collections:
        if not _NAME.fullmatch(one.name):
            yield f"{one.name!r} is no name for a vertical; use 2 to 30 of the letters a-z: indices have it"
        if one.name == directory.NAME:
            yield f"{one.name!r} is the directory's name; give the vertical another"


def _streams(collections: Sequence[Collection]) -> Iterator[str]:
    for stream in _twice(one.stream for one in collections):
        yield f"Two collections take the stream {stream!r}, and each would refuse the other's events; give each its own"
    for entity in _twice(entity for one in collections for entity in one.entities):
        yield f"Two collections take the entity {entity!r}; call one of them something else"
    models = {entity: (stream, model) for stream, of in directory.ENTITIES.items() for entity, model in of.items()}
    for one in collections:
        for entity, model in one.entities.items():
            if models.get(entity, (one.stream, model)) != (one.stream, model):
                yield f"{one.name} takes an entity {entity!r}, which the directory has otherwise; rename it"
        if (carried := directory.ENTITIES.get(one.stream)) and carried.keys() != one.entities.keys():
            yield f"{one.name} does not take what the directory's stream {one.stream!r} carries; give it its own stream"


def _fields(one: Collection) -> Iterator[str]:
    try:
        fields = one.properties
    except ValueError as error:
        yield f"{error}; call one of them something else, or let one `Field` have no type"
        return
    for name in sorted(_KEPT_FIELDS & fields.keys()):
        yield f"{one.name} has a field {name!r}, which the index needs itself; call it something else"


def _filters(verticals: Sequence[Vertical]) -> Iterator[str]:
    declared = {id(one.filter): one.filter for vertical in verticals for one in vertical.filters}
    filters = list(declared.values())
    for name in _twice(name for one in filters for name in {one.name, *one.names}):
        yield f"Two filters are called {name!r}; declare one of them once, in mappings/filters.py, or rename it"
    for parameter in _twice(one.parameter_name for one in filters):
        yield f"Two filters have the parameter {parameter!r}; give one another `parameter`"
    known = {one.name for one in filters}
    for one in filters:
        yield from _filter(one, known)
    for vertical in verticals:
        for met in vertical.filters:
            if _owns(vertical, met.field.name) is False:
                field = met.field.name
                yield f"{vertical.name}: the filter {met.filter.name!r} meets {field!r}, a field that no part owns"
        for facet in vertical.facets:
            if _owns(vertical, facet.name) is False:
                yield f"{vertical.name}: the facet {facet.name!r} counts a field that no part owns"
        facts = [*([vertical.display.kind] if vertical.display.kind else []), *vertical.display.facts]
        for name in {fact.filter for fact in facts} - {"", *(met.filter.name for met in vertical.filters)}:
            yield f"{vertical.name}: a fact names the filter {name!r}, which the vertical does not have"


def _filter(one: Filter, known: set[str]) -> Iterator[str]:
    for name in (one.name, *one.names):
        if not _OPERATOR.fullmatch(name) or name != name.lower():
            yield f"Nobody can type the filter {name!r}; use 2 to 20 letters, lower case, without digits and _"
    if one.parameter_name in PARAMETERS:
        yield f"The filter {one.name!r} takes the parameter {one.parameter_name!r} of the search; give it another"
    if isinstance(one.meaning, Moment) and one.meaning.opposite not in known:
        yield f"The filter {one.name!r} has the opposite {one.meaning.opposite!r}, which no vertical declares"


def _owns(vertical: Vertical, field: str) -> bool | None:
    try:
        return field in vertical.properties
    except ValueError:
        return None  # said already
