"""An operator at the end of what is typed, `from:zh`, and the values that it may get."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mappings.parts.filtering import Choice, Filter, OneOf
from mappings.vertical import Vertical
from search.query.filters import FilterLanguage
from search.suggest.answer import Suggestion

_QUOTES = '"“”＂'
_LAST = re.compile(
    rf"(?:^|(?<=\s))[-−－]?(?P<name>[^\s:：{_QUOTES}]{{1,20}})[:：](?P<value>[{_QUOTES}][^{_QUOTES}]*|[^\s{_QUOTES}]*)$"
)


@dataclass(frozen=True)
class Typing:
    """An operator that is being typed. `before`: all that stands before it; `name`: as it was typed, with its colon."""

    filter: Filter
    before: str
    name: str
    value: str

    def with_value(self, value: str) -> tuple[str, str]:
        """Return the token that gives the operator this value, and the whole query with it."""
        token = f"{self.name}{value}"
        return token, f"{self.before}{token} "


def typing(q: str, language: FilterLanguage) -> Typing | None:
    """Return the operator at the end of a query; None where there is none."""
    found = _LAST.search(q)
    if found is None or (filter := language.named(found["name"])) is None:
        return None
    # Inside of a phrase there are no operators.
    if sum(q.count(quote, 0, found.start()) for quote in _QUOTES) % 2:
        return None
    name = q[found.start() : found.start("value")]
    return Typing(filter, q[: found.start()], name.replace("：", ":"), found["value"].lstrip(f"{_QUOTES}@＠"))


def values(typing: Typing, verticals: Sequence[Vertical], language: str) -> Iterator[Suggestion]:
    """Yield the values of a filter with a fixed list that what is typed may become, each once.

    `verticals`: those that the caller may search. `language`: of the labels, zh or en.
    """
    if not isinstance(typing.filter.meaning, OneOf):
        return
    typed, seen = typing.value.strip().lower(), set()
    for choice in _choices(typing.filter, verticals):
        names = (choice.value, *choice.names.split(), choice.labels.zh, choice.labels.en)
        if choice.value not in seen and any(name.lower().startswith(typed) for name in names):
            seen.add(choice.value)
            token, text = typing.with_value(choice.value)
            label = choice.labels.en if language == "en" else choice.labels.zh
            yield Suggestion("query", label, text=text, token=token, why="name")


def _choices(filter: Filter, verticals: Sequence[Vertical]) -> Iterator[Choice]:
    for vertical in verticals:
        for one in vertical.filters:
            if one.filter.name == filter.name:
                yield from one.choices
