"""What is asked for, with every name in it resolved; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from analyzers import PLAIN, Lexicon, Terms, analyse
from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.query.names import named, nearly_named

Sort = Literal["relevance", "newest", "oldest"]

# The engine counts the clauses of a whole query against 1,024: in scoring three kinds of terms in three fields, in
# coverage pairs once and characters twice, so 18 times this many, and what else there is, stay below.
MOST_TERMS = 48
# More words than these are a sentence, in which some may well be missing.
MOST_WORDS = 5
LONGEST_WORD = 6


@dataclass(frozen=True)
class Within:
    """A name, and the departments among whose people it is meant."""

    name: str
    departments: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """What is asked for, with operators resolved to ids among what the caller may see.

    `senders` and `conversations`: None is no condition, an empty set matches nothing. Times in microseconds:
    after ≤ time < before. `rings`: departments around the caller, nearest first, each within the next. `misspelt`:
    names may differ by a small typo.
    """

    text: str = ""
    phrases: Sequence[str] = ()
    excluded: Sequence[str] = ()
    senders: frozenset[str] | None = None
    not_senders: frozenset[str] = frozenset()
    conversations: frozenset[str] | None = None
    not_conversations: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    not_kinds: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    not_features: frozenset[str] = frozenset()
    after: int | None = None
    before: int | None = None
    sort: Sort = "relevance"
    within: Within | None = None
    rings: Sequence[frozenset[str]] = ()
    lexicon: Lexicon = PLAIN
    misspelt: bool = False

    @cached_property
    def terms(self) -> Terms:
        return _bounded(analyse(self.text, self.lexicon.cut))

    @cached_property
    def apart(self) -> Sequence[Terms]:
        """The words that were typed with blanks between; a sentence, of many or of long words, is one."""
        words = self.text.split()
        if not 2 <= len(words) <= MOST_WORDS:
            return [self.terms]
        analysed = [terms for word in words if (terms := analyse(word, self.lexicon.cut)).chars]
        return analysed if max(map(_size, analysed), default=0) <= LONGEST_WORD else [self.terms]

    @cached_property
    def variants(self) -> Sequence[Wanted]:
        """The same in synonyms: other words for which the text may stand."""
        # All ways together have no more terms than one way may.
        room = MOST_TERMS // max(1, _size(self.terms)) - 1
        ways = self.lexicon.variants(self.text)[:room] if room > 0 else []
        plain = Lexicon(self.lexicon.cut)
        return [replace(self, text=way, within=None, rings=(), misspelt=False, lexicon=plain) for way in ways]

    @cached_property
    def literal(self) -> str:
        """The text as consecutive characters and marks, none left out."""
        return literal_run(self.text)

    @cached_property
    def named(self) -> Clause | None:
        """The text as a name that was typed."""
        return named(self.text)

    def nearly_named(self, vertical: Vertical) -> Clause | None:
        """The text as a name that was typed with a slip."""
        return nearly_named(self.text, self.terms.bigrams.split(), vertical)

    @property
    def has_text(self) -> bool:
        return bool(self.terms.chars or any(said(self.phrases)))

    @property
    def has_filters(self) -> bool:
        conditions = (self.senders, self.conversations, self.kinds, self.after, self.before)
        return any(condition is not None for condition in conditions) or bool(self.features)


def _size(terms: Terms) -> int:
    return len(terms.chars.split())


def _bounded(terms: Terms) -> Terms:
    return Terms(*(" ".join(list(dict.fromkeys(value.split()))[:MOST_TERMS]) for value in terms))


def said(phrases: Iterable[str]) -> Iterator[str]:
    """Those that hold more than punctuation."""
    return (phrase for phrase in phrases if analyse(phrase).chars)


def literal_run(text: str) -> str:
    return analyse(text).literal
