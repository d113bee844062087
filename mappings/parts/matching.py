"""By what a vertical's documents are found: texts, exact names, names in pinyin, the last digits of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzers import Segmenter, analyse_name, normalise
from mappings.parts.fields import Of
from mappings.parts.texts import Text
from mappings.properties import KEYWORD, Document, Properties

EXACT = "exact"
PINYIN, INITIALS, INNER, RUNS = "pinyin", "initials", "inner", "runs"
NAME_KEYS = (PINYIN, INITIALS, INNER, RUNS)
SPELLED_KEYS = (PINYIN, INITIALS, INNER)
NUMBER_SUFFIXES = "endings"
NAME_TEXT = "name"
SHORTEST_SUFFIX, LONGEST_SUFFIX = 4, 8
LONGEST_EXACT = 256


@dataclass(frozen=True)
class Matching:
    """What a query is held against.

    `exact`: the names or titles (one text, or several) of which an equal query goes first. `names`: names that are
    also found by pinyin and initials, and with a typo. `serving`: the texts, by name, that say outright what a document
    does for people; with some it is also found by what they want done, whatever they call it. `spelled`: titles that
    suggestions alone find so. `numbers`: phone and employee numbers, found by their last digits. `coverage`: how many
    of a query's characters a document must hold, as `minimum_should_match`.
    """

    texts: Sequence[Text]
    exact: Of | None = None
    names: Of | None = None
    serving: Sequence[str] = ()
    spelled: Of | None = None
    numbers: Of | None = None
    coverage: str = "2<75% 6<60% 12<45%"

    def __post_init__(self) -> None:
        """Refuse names that could not be found by their characters: pinyin mixed with Han looks for these."""
        if self.names and all(text.name != NAME_TEXT for text in self.texts):
            raise ValueError(f"names need a text that is called {NAME_TEXT!r}")
        if missing := set(self.serving) - {text.name for text in self.texts}:
            raise ValueError(f"`serving` names what is no text: {', '.join(sorted(missing))}")

    def properties(self) -> Mapping[str, Properties]:
        found: dict[str, Properties] = {}
        if self.exact:
            found[EXACT] = KEYWORD
        if self.names:
            found |= dict.fromkeys(NAME_KEYS, KEYWORD)
        elif self.spelled:
            found |= dict.fromkeys(SPELLED_KEYS, KEYWORD)
        if self.numbers:
            found[NUMBER_SUFFIXES] = KEYWORD
        for text in self.texts:
            found |= text.properties()
        return found

    def values(self, state: Any, segmenter: Segmenter | None) -> Document:
        document: Document = {}
        if self.exact:
            document[EXACT] = _exactly(self.exact(state))
        if self.names:
            document |= name_keys(self.names(state))
        elif self.spelled:
            document |= name_keys(self.spelled(state), SPELLED_KEYS)
        if self.numbers and (numbers := self.numbers(state)) is not None:
            document[NUMBER_SUFFIXES] = [suffix for number in numbers for suffix in suffixes(number)]
        for text in self.texts:
            document |= text.values(state, segmenter)
        return document


def _exactly(called: str | Iterable[str]) -> str | list[str]:
    return exact_form(called) if isinstance(called, str) else [exact_form(one) for one in called]


def exact_form(text: str) -> str:
    """Return the form in which names and titles are compared as a whole."""
    return normalise(text)[:LONGEST_EXACT]


def name_keys(names: Iterable[str], fields: Sequence[str] = NAME_KEYS) -> Document:
    """Return the keys by which names are found other than by their own characters: distinct, likeliest first."""
    analysed = [analyse_name(name) for name in names]
    return {field: list(dict.fromkeys(key for keys in analysed for key in getattr(keys, field))) for field in fields}


def suffixes(number: str) -> Iterator[str]:
    """Yield the last four to eight digits of a number, by which colleagues are told apart aloud; shortest first."""
    digits = "".join(filter(str.isdecimal, normalise(number)))
    yield from (digits[-count:] for count in range(SHORTEST_SUFFIX, LONGEST_SUFFIX + 1) if count <= len(digits))
