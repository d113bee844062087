"""The query box's language → its parts. No input is a syntax error: what cannot be parsed is plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial

from mappings.parts.filtering import Filter
from search.query.dates import SHANGHAI, resolve_date
from search.query.filters import Dates, FilterLanguage, Operator

# What opens a phrase, and what may close it: any of its family, as input methods mix them up. 《》 is how titles are
# written, and ’ alone is an apostrophe.
_CLOSING = dict.fromkeys('"“”＂', '"“”＂') | {"‘": "’", "「": "」", "『": "』", "〝": "〞〟"}
_CLOSED = {mark: re.compile(f"[{closing}]") for mark, closing in _CLOSING.items()}
_QUOTES = "".join(_CLOSING) + "」』〞〟"
_MINUS = frozenset("-－−")
_NAME = re.compile(r"([^\W\d_]{2,20})[:：]")
_WORD = re.compile(rf"[^\s{_QUOTES}]+")
# `from:张三，预算`: a value that is not quoted ends with its clause.
_VALUE = re.compile(rf"[^\s{_QUOTES}，。；！？]+")
_BLANKS = re.compile(r"\s*")
# Copied along from chats and web pages, and seen by nobody.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060-\u2064\ufeff]+")
# Neither can be part of a text that is stored, and half a surrogate pair cannot even be written to JSON.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")
# More conditions of a kind than anyone types are text: each costs the engine a clause.
MOST_CONDITIONS = 20


@dataclass(frozen=True)
class ParsedQuery:
    """A query's parts, each in the order in which it was typed."""

    text: str = ""
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    operators: tuple[Operator, ...] = ()


def parse(q: str, language: FilterLanguage, *, now: datetime, tz: tzinfo = SHANGHAI) -> ParsedQuery:
    """Split a query into text, quoted phrases, excluded words and operators, in time linear in its length.

    Whether a value is a date is decided against `now`, which is aware, in the time zone `tz`. Every letter and digit
    of `q` ends up in some part; raises nothing.
    """
    parts = _Parts(language, partial(resolve_date, now=now, tz=tz))
    scanner = _Scanner(q, language)
    while not scanner.at_end:
        parts.take(scanner)
    return ParsedQuery(
        text=parts.text,
        phrases=tuple(phrase.text for phrase in parts.phrases),
        excluded=tuple(parts.excluded),
        operators=tuple(parts.operators),
    )


@dataclass(frozen=True)
class _Term:
    """A word or phrase and where it stands in the query, quotation marks included."""

    text: str
    start: int
    end: int


@dataclass
class _Parts:
    language: FilterLanguage
    dates: Dates
    words: list[_Term] = field(default_factory=list)
    phrases: list[_Term] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words as they were typed. A phrase in the midst of a sentence (“六片”指的是什么) is a part of it, too."""
        edges = {edge for word in self.words for edge in (word.start, word.end)}
        said = [*self.words, *(phrase for phrase in self.phrases if not edges.isdisjoint((phrase.start, phrase.end)))]
        text, end = "", 0
        for term in sorted(said, key=lambda term: term.start):
            text += term.text if term.start == end or not text else f" {term.text}"
            end = term.end
        return text

    def take(self, scanner: _Scanner) -> None:
        """Take the next term, or pass over a lone quotation mark."""
        negated = scanner.minus()
        if self._operator(scanner, negated):
            return
        begin = scanner.at
        phrase = scanner.quoted()
        if not phrase:
            begin = scanner.at
        found = phrase or scanner.word()
        if not found:
            return
        term = _Term(found, begin, scanner.ended)
        if negated and len(self.excluded) < MOST_CONDITIONS:
            self.excluded.append(found)
        elif phrase and not negated and len(self.phrases) < MOST_CONDITIONS:
            self.phrases.append(term)
        else:
            self.words.append(term)

    def _operator(self, scanner: _Scanner, negated: bool) -> bool:
        """Take an operator whose value makes sense; else the scanner stays where it is."""
        begin = scanner.at
        filter = scanner.filter() if len(self.operators) < MOST_CONDITIONS else None
        for value in scanner.values() if filter else ():
            if filter and (accepted := self.language.accepted(filter, value, self.dates)):
                self.operators.append(Operator(filter.name, accepted, negated))
                return True
        scanner.at = begin
        return False


class _Scanner:
    """A place in the query, at the beginning of a term or at the end."""

    def __init__(self, q: str, language: FilterLanguage) -> None:
        self._language = language
        self._q = _UNWRITABLE.sub(" ", _INVISIBLE.sub("", q))
        self._unclosed: set[str] = set()
        self.at = 0
        self.ended = 0  # where the last term ended, before the blanks behind it
        self._skip()

    @property
    def at_end(self) -> bool:
        return self.at >= len(self._q)

    def minus(self) -> bool:
        """Pass over a minus that negates: after a blank or nothing, before something. One alone is text."""
        q, at = self._q, self.at
        before, after = q[at - 1 : at] if at else "", q[at + 1 : at + 2]
        if q[at] not in _MINUS or (before and not before.isspace()):
            return False
        if not after or after.isspace() or after in _MINUS:
            return False
        self.at += 1
        return True

    def filter(self) -> Filter | None:
        """Return the filter whose name and colon come next, passed over with the blanks behind."""
        found = self._named()
        if found:
            match, filter = found
            self.at = match.end()
            self._skip()
            return filter
        return None

    def _named(self) -> tuple[re.Match[str], Filter] | None:
        match = _NAME.match(self._q, self.at)
        filter = self._language.named(match[1]) if match else None
        return (match, filter) if match and filter else None

    def values(self) -> Iterator[str]:
        """Yield what an operator's value may be, the scanner behind each: `last week`, or one word."""
        if self.at_end or (self._q[self.at - 1].isspace() and self._another_begins()):
            return
        if self._q[self.at] in _CLOSING and (value := self.quoted(empty=True)) is not None:
            yield value
            return
        first = self._match(_VALUE)
        if first and first.lower() in ("last", "this"):
            begin = self.at
            yield f"{first} {self._match(_VALUE) or ''}"
            self.at = begin
        if first:
            yield first

    def quoted(self, *, empty: bool = False) -> str | None:
        """Return what stands in quotation marks; None, and pass over a lone mark, where nothing closes them."""
        mark = self._q[self.at : self.at + 1]
        if not mark or mark not in _QUOTES:
            return None
        begin = self.at + 1
        close = self._close(mark, begin)
        self.at = close + 1 if close is not None else begin
        self._skip()
        phrase = self._q[begin:close].strip() if close is not None else None
        return phrase if empty else phrase or None

    def word(self) -> str | None:
        return self._match(_WORD)

    def _close(self, mark: str, begin: int) -> int | None:
        """Return where a phrase that opens before `begin` ends. What is once not found is not looked for again."""
        if mark not in _CLOSED or mark in self._unclosed:
            return None
        match = _CLOSED[mark].search(self._q, begin)
        if match is None:
            self._unclosed.add(mark)
            return None
        return match.start()

    def _another_begins(self) -> bool:
        """Return whether an operator or a negated term is next, which is then no value of the one before."""
        return self._q[self.at] in _MINUS or self._named() is not None

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._q, self.at)
        if match is None:
            return None
        self.at = match.end()
        self._skip()
        return match[0]

    def _skip(self) -> None:
        self.ended = self.at
        if match := _BLANKS.match(self._q, self.at):
            self.at = match.end()
