"""What a vertical is: a collection that callers search, made of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from mappings.collection import Collection
from mappings.parts.access import Access, AllowList, Discovery, InConversation
from mappings.parts.display import Display
from mappings.parts.fields import Field, Part
from mappings.parts.filtering import Filter, Filtered
from mappings.parts.matching import Matching
from mappings.parts.ranking import Ranking
from mappings.parts.suggesting import Suggested


@dataclass(frozen=True, kw_only=True)
class Vertical(Collection):
    """A table of what is searched: who may, what is found, how it ranks, and how it is shown.

    `module`: the role's module without which nobody searches it. `facets`: keywords by which its documents are counted
    where they are browsed. `suggested`: how its documents are suggested while somebody types; None: they are not.
    """

    module: str
    access: Access
    matching: Matching
    display: Display
    filters: Sequence[Filtered] = ()
    facets: Sequence[Field] = ()
    ranking: Ranking = field(default_factory=Ranking)
    suggested: Suggested | None = None

    @property
    def parts(self) -> Sequence[Part]:
        return (self.access, self.matching, self.ranking, *self.filters, *self.facets, *self.stored)

    def behind(self, module: str) -> Self:
        """Return the same vertical as a call meets it that needs another module."""
        return replace(self, module=module)

    @property
    def in_conversations(self) -> bool:
        """Whether a conversation decides who sees its documents, which then name no departments either."""
        return isinstance(self.access, InConversation)

    @property
    def has_deny(self) -> bool:
        """Whether its documents can name principals who may not see them."""
        return isinstance(self.access, AllowList) and self.access.deny is not None

    @property
    def discovery(self) -> Discovery | None:
        """Who finds its documents without being allowed to open them, and what these are told; None: nobody does."""
        return self.access.discovery if isinstance(self.access, AllowList) else None

    @cached_property
    def _filtered(self) -> Mapping[str, str]:
        return {one.filter.name: one.field.name for one in self.filters}

    def field_of(self, filter: Filter) -> str | None:
        """Return the field that a filter meets here; None where this vertical has nothing of the kind."""
        return self._filtered.get(filter.name)
