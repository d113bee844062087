"""A query with every name in it resolved: what the engine is to be asked; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from analyzers import PLAIN, Lexicon, Terms, Wish, analyse, wishes
from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.query.filters import Condition
from search.query.names import fuzzily_named, named
from search.query.names_meant import NameInDepartments

Sort = Literal["relevance", "newest", "oldest"]

# The engine counts the clauses of a whole query against 1,024: in scoring three kinds of terms in three fields, in
# coverage pairs once and characters twice, so 18 times this many, and what else there is, stay below.
MOST_TERMS = 48
# With what people want done, which has no more than 400 clauses.
MOST_WITH_WISHES = 33
# More words than these are a sentence, in which some may well be missing.
MOST_WORDS = 5
LONGEST_WORD = 6


@dataclass(frozen=True)
class ResolvedQuery:
    """What is asked for.

    `text`: what stands outside of operators and quotes. `conditions`: positive ones first. `name_in_departments`: a
    name that the text holds beside the departments in which it is meant. `nearby`: departments around the caller,
    nearest first, each within the next. `fuzzy`: names may differ by a small typo. `opened`: by vertical, the ids of
    what people opened who asked the same, most first. `browsing`: only what does something for people is looked for, so
    that any one wish is enough. `loosely`: a pair of neighbouring characters is enough. `wished`: it is asked, too,
    what does what the text wishes for.
    """

    text: str = ""
    phrases: Sequence[str] = ()
    excluded: Sequence[str] = ()
    conditions: Sequence[Condition] = ()
    sort: Sort = "relevance"
    name_in_departments: NameInDepartments | None = None
    nearby: Sequence[frozenset[str]] = ()
    lexicon: Lexicon = PLAIN
    fuzzy: bool = False
    opened: Mapping[str, Sequence[str]] = field(default_factory=dict)
    browsing: bool = False
    loosely: bool = False
    wished: bool = True

    @cached_property
    def terms(self) -> Terms:
        return _bounded(analyse(self.text, self.lexicon.segmenter))

    @cached_property
    def apart(self) -> Sequence[Terms]:
        """The words that were typed with blanks between; a sentence, of many or of long words, counts as one."""
        words = self.text.split()
        if not 2 <= len(words) <= MOST_WORDS:
            return [self.terms]
        analysed = [terms for word in words if (terms := analyse(word, self.lexicon.segmenter)).chars]
        return analysed if max(map(_size, analysed), default=0) <= LONGEST_WORD else [self.terms]

    @cached_property
    def variants(self) -> Sequence[ResolvedQuery]:
        """The same query in synonyms of its text."""
        # All ways together have no more terms than one way may.
        room = MOST_TERMS // max(1, _size(self.terms)) - 1
        ways = self.lexicon.variants(self.text)[:room] if room > 0 else []
        plain = Lexicon(self.lexicon.segmenter)
        return [
            replace(
                self, text=way, name_in_departments=None, nearby=(), fuzzy=False, opened={}, lexicon=plain, wished=False
            )
            for way in ways
        ]

    @cached_property
    def wishes(self) -> Sequence[Wish]:
        """What the text wishes for; nothing where asking for it would be too much beside all else."""
        size = sum(_size(way.terms) for way in (self, *self.variants))
        return wishes(self.text, self.lexicon) if self.wished and size <= MOST_WITH_WISHES else ()

    @cached_property
    def literal(self) -> str:
        """The text as consecutive characters and marks, none left out."""
        return literal_run(self.text)

    @cached_property
    def named(self) -> Clause | None:
        """The text as a name that was typed."""
        return named(self.text)

    def fuzzily_named(self, vertical: Vertical) -> Clause | None:
        """Return the text as a name that was typed with a slip; None where it cannot be one."""
        return fuzzily_named(self.text, self.terms.bigrams.split(), vertical)

    @property
    def has_text(self) -> bool:
        return bool(self.terms.chars or any(with_letters(self.phrases)))

    @property
    def has_conditions(self) -> bool:
        """Whether there is a condition that finds something by itself; exclusions alone ask for nothing."""
        return any(not condition.negated for condition in self.conditions)


def _size(terms: Terms) -> int:
    return len(terms.chars.split())


def _bounded(terms: Terms) -> Terms:
    return Terms(*(" ".join(list(dict.fromkeys(value.split()))[:MOST_TERMS]) for value in terms))


def with_letters(phrases: Iterable[str]) -> Iterator[str]:
    """Yield those that hold more than punctuation."""
    return (phrase for phrase in phrases if analyse(phrase).chars)


def literal_run(text: str) -> str:
    """Return a text as the terms of the literal field: its characters and marks in a row."""
    return analyse(text).literal
