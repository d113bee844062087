"""What there is: verticals, the entities they are made of, and the streams that carry these."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Self

from mappings import directory, verticals
from mappings.collection import Collection
from mappings.entities import Entity
from mappings.faults import faults
from mappings.parts.filtering import Choice, Filter
from mappings.usage import USAGE
from mappings.vertical import Vertical
from search.core.errors import ConfigurationError


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Made once, where a process begins, and passed down to whoever needs to know what there is.

    `verticals`: by name, in the order in which equally ranked hits go. `unsearched`: collections that are kept, and
    searched by nobody.
    """

    verticals: Mapping[str, Vertical]
    unsearched: Mapping[str, Collection]

    @classmethod
    def installed(cls) -> Self:
        """Return what is installed here: each module in `mappings/verticals/` declares one as VERTICAL.

        Raises ConfigurationError with one sentence for each declaration that cannot be.
        """
        names = sorted(info.name for info in pkgutil.iter_modules(verticals.__path__))
        found = sorted((_declared(name) for name in names), key=lambda vertical: vertical.ranking.order)
        if wrong := sorted(set(faults(found, [USAGE]))):
            raise ConfigurationError(f"mappings/verticals/ cannot be used: {'; '.join(wrong)}.")
        return cls(MappingProxyType({one.name: one for one in found}), MappingProxyType({USAGE.name: USAGE}))

    def of(self, tenant: str) -> Self:
        """Return what a tenant has. Every tenant has all that is installed; verticals of a tenant's own go here."""
        return self

    @cached_property
    def collections(self) -> Mapping[str, Collection]:
        """Every kind of documents but the directory, by name."""
        return MappingProxyType({**self.verticals, **self.unsearched})

    @cached_property
    def _streams(self) -> Mapping[str, tuple[str, ...]]:
        made = {name: (collection.stream,) for name, collection in self.collections.items()}
        return MappingProxyType({**made, directory.NAME: tuple(directory.ENTITIES)})

    @property
    def made(self) -> Sequence[str]:
        """The names of all that the indexers make generations of: the collections, and the directory."""
        return tuple(self._streams)

    def streams_of(self, name: str) -> tuple[str, ...]:
        """Return the streams that make up a collection or the directory; each has a consumer of its own."""
        return self._streams[name]

    @cached_property
    def streams(self) -> tuple[str, ...]:
        """Every stream, once, in a fixed order."""
        return tuple(sorted({stream for streams in self._streams.values() for stream in streams}))

    @cached_property
    def stream_of(self) -> Mapping[str, str]:
        """The stream that carries an entity, by the entity's name."""
        made = {entity: collection.stream for collection in self.collections.values() for entity in collection.entities}
        directed = {entity: stream for stream, entities in directory.ENTITIES.items() for entity in entities}
        return MappingProxyType(directed | made)

    @cached_property
    def models(self) -> Mapping[str, type[Entity]]:
        """The model of every entity, by the entity's name."""
        directed = {name: model for entities in directory.ENTITIES.values() for name, model in entities.items()}
        made = {name: model for one in self.collections.values() for name, model in one.entities.items()}
        return MappingProxyType(directed | made)

    @cached_property
    def filters(self) -> Mapping[str, Filter]:
        """Every filter that a vertical declares, by its English name, in the filters' own order."""
        declared = {one.filter.name: one.filter for vertical in self.verticals.values() for one in vertical.filters}
        return MappingProxyType(dict(sorted(declared.items(), key=lambda item: (item[1].order, item[0]))))

    def choices(self, filter: Filter) -> Sequence[Choice]:
        """Return the values that the verticals give a filter, in the verticals' order."""
        return [
            choice
            for vertical in self.verticals.values()
            for one in vertical.filters
            if one.filter.name == filter.name
            for choice in one.choices
        ]

    def holding(self, entity: str) -> Vertical:
        """Return the vertical whose documents an entity becomes. Raises KeyError where there is none."""
        for vertical in self.verticals.values():
            if entity in vertical.entities:
                return vertical
        raise KeyError(entity)


def _declared(name: str) -> Vertical:
    module = importlib.import_module(f"{verticals.__name__}.{name}")
    declared = getattr(module, "VERTICAL", None)
    if not isinstance(declared, Vertical):
        raise ConfigurationError(f'mappings/verticals/{name}.py declares no VERTICAL; see CONTRIBUTING.md, "Add …".')
    return declared
