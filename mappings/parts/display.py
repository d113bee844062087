"""How a hit is shown: its title, the passages a snippet may come from, its facts, and what is joined to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Form = Literal["text", "list", "time", "files", "address"]


@dataclass(frozen=True)
class Labels:
    """A name for people, in both languages of the product."""

    zh: str
    en: str


AS_IT_IS = Labels("{}", "{}")
"""For a fact that says enough by its value alone in the line below a hit."""


@dataclass(frozen=True)
class Shown:
    """What a hit shows, from the stored original.

    `title` is None where it is another entity's name, which is joined when answering.
    """

    title: str | None
    passages: Sequence[str]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """A field of a hit that a page shows, with its name for people and the form in which it is shown.

    `line`: what the line below a hit says of it, with `{}` for the value; None: only the opened hit tells it.
    `otherwise`: the field that stands in where a hit lacks this one. `filter`: the filter, by name, that its values may
    be given to; values from a list are then shown by their labels.
    """

    field: str
    labels: Labels
    form: Form = "text"
    line: Labels | None = None
    otherwise: str = ""
    filter: str = ""


@dataclass(frozen=True)
class Joined:
    """Names of other entities, read when answering, so that renaming one touches no document of this vertical.

    `conversation`: the field with the id of the conversation whose name is the title; whether it is archived is told
    with it. `people`: fields with a user's id → fields of the hit for their names.
    """

    conversation: str
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Display:
    """What a client needs to show a vertical and its hits.

    `show`: (entity name, its stored original) → what a hit shows. `labels`: of the vertical. `icon`: a name that the
    page has a drawing for; of an unknown one it draws a general one. `tab`: the place among other verticals' tabs.
    `kind`: what kind of thing a hit is, where that differs: said first in the line below it, and tried as the name of
    a drawing before `icon`. `facts`: in the order in which they are shown. `link`, `picture`: the fields of a hit that
    hold where it opens, and where its picture is; empty: it has none.
    """

    labels: Labels
    show: Callable[[str, Mapping[str, Any]], Shown]
    icon: str = ""
    tab: int = 100
    kind: Fact | None = None
    facts: Sequence[Fact] = ()
    joined: Joined | None = None
    link: str = ""
    picture: str = ""
