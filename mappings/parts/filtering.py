"""Conditions that a query may hold: how they are written, what their values mean, and which field they meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analyzers import Segmenter
from mappings.parts.display import Labels
from mappings.parts.fields import Field
from mappings.properties import Document, Properties


@dataclass(frozen=True)
class Named:
    """Values are people (`user`) or conversations (`conversation`): by id, by name or by its pinyin."""

    entity: Literal["user", "conversation"]


@dataclass(frozen=True)
class OneOf:
    """Values are from a list that the verticals give, under several names each.

    `strict`: any other value is no condition, but text; otherwise it stands for itself. `every`: of several values
    each must hold; otherwise one of them.
    """

    strict: bool = False
    every: bool = False


@dataclass(frozen=True)
class Moment:
    """Values are dates: what is not before one (`gte`), or what is before it (`lt`); of several the narrowest.

    `opposite`: the name of the filter that the negated one amounts to.
    """

    bound: Literal["gte", "lt"]
    opposite: str


Meaning = Named | OneOf | Moment


@dataclass(frozen=True)
class Filter:
    """One condition of the query language, and the parameter of the API that means the same.

    `name`: the operator's English name, also in answers. `names`: other names that it may be written by. `labels`: on
    chips and pickers. `parameter`: the API's, where it is another. `order`: among filters, in queries and on pages.
    """

    name: str
    names: tuple[str, ...]
    labels: Labels
    meaning: Meaning
    description: str
    parameter: str = ""
    order: int = 100

    @property
    def parameter_name(self) -> str:
        return self.parameter or self.name


@dataclass(frozen=True)
class Choice:
    """A value of a filter. `names`: what else it is called, blank-separated; `of`: the values that it stands for."""

    value: str
    names: str
    labels: Labels
    of: tuple[str, ...] = ()

    @property
    def means(self) -> tuple[str, ...]:
        return self.of or (self.value,)


@dataclass(frozen=True)
class Filtered:
    """That a filter meets a field of this vertical, and which values there are here."""

    filter: Filter
    field: Field
    choices: Sequence[Choice] = ()

    def properties(self) -> Mapping[str, Properties]:
        return self.field.properties()

    def values(self, state: Any, segmenter: Segmenter | None) -> Document:
        return self.field.values(state, segmenter)
