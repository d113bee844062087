"""The query box's language → its parts. No input is a syntax error: what cannot be parsed is plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from search.query.dates import SHANGHAI, resolve_date
from search.query.operators import OPERATORS, OperatorName

_QUOTES = {'"': '"”“＂', "“": '”"“', "”": '”"“', "＂": '＂"', "「": "」", "『": "』", "〝": "〞"}
_CLOSING = frozenset("".join(_QUOTES.values()))
_MINUS = frozenset("-－−")
_NAME = re.compile(r"([^\W\d_]{2,6})[:：]")
_WORD = re.compile(r'[^\s"“”＂「」『』〝〞]+')
_BLANKS = re.compile(r"\s*")
# More conditions than anyone types are text: each costs the engine a clause.
MOST_OPERATORS = 20


@dataclass(frozen=True)
class Operator:
    """One condition as it was written, under its English name."""

    name: OperatorName
    value: str
    negated: bool = False


@dataclass(frozen=True)
class ParsedQuery:
    """A query's parts. `after` ≤ time < `before`, both in UTC: the narrowest of those that were given."""

    text: str = ""
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    operators: tuple[Operator, ...] = ()
    before: datetime | None = None
    after: datetime | None = None


@dataclass
class _Parts:
    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    before: list[datetime] = field(default_factory=list)
    after: list[datetime] = field(default_factory=list)


def parse(q: str, *, now: datetime, tz: tzinfo = SHANGHAI) -> ParsedQuery:
    """Split a query into text, quoted phrases, excluded words and operators; linear in its length.

    Dates are resolved against `now` in the time zone `tz`. Every letter and digit of `q` ends up in some part.
    """
    parts = _Parts()
    scanner = _Scanner(q)
    while not scanner.at_end:
        _term(scanner, parts, now, tz)
    return ParsedQuery(
        text=" ".join(parts.words),
        phrases=tuple(parts.phrases),
        excluded=tuple(parts.excluded),
        operators=tuple(parts.operators),
        before=min(parts.before, default=None),
        after=max(parts.after, default=None),
    )


def _term(scanner: _Scanner, parts: _Parts, now: datetime, tz: tzinfo) -> None:
    negated = scanner.negation()
    if len(parts.operators) < MOST_OPERATORS and (operator := scanner.operator(negated, now, tz)):
        parts.operators.append(operator)
        if operator.name in ("before", "after") and (moment := resolve_date(operator.value, now=now, tz=tz)):
            (parts.before if operator.name == "before" else parts.after).append(moment)
    elif phrase := scanner.quoted():
        (parts.excluded if negated else parts.phrases).append(phrase)
    elif word := scanner.word():
        (parts.excluded if negated else parts.words).append(word)


class _Scanner:
    """A place in the query, always at the beginning of a term."""

    def __init__(self, q: str) -> None:
        self._q = q
        self._at = 0
        # Where each kind of quotation mark closes last: whether one is open for ever is known at once.
        self._last = {mark: q.rfind(mark) for mark in _CLOSING}
        self._skip()

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._q)

    def negation(self) -> bool:
        """A minus before a term; one alone, or before another or a blank, is text."""
        q, at = self._q, self._at
        if q[at] in _MINUS and at + 1 < len(q) and not q[at + 1].isspace() and q[at + 1] not in _MINUS:
            self._at += 1
            return True
        return False

    def operator(self, negated: bool, now: datetime, tz: tzinfo) -> Operator | None:
        match = _NAME.match(self._q, self._at)
        name = OPERATORS.get(match[1].lower()) if match else None
        if match is None or name is None:
            return None
        before = self._at
        self._at = match.end()
        self._skip()
        value = self._value()
        dated = name in ("before", "after")
        if value and (not dated or (not negated and resolve_date(value, now=now, tz=tz))):
            return Operator(name, value, negated)
        self._at = before
        return None

    def quoted(self) -> str | None:
        """The text within quotation marks; None, and a lone mark passed over, where none closes them."""
        mark = self._q[self._at] if not self.at_end else ""
        if mark not in _QUOTES and mark not in _CLOSING:
            return None
        begin = self._at + 1
        ends = [self._q.find(c, begin) for c in _QUOTES.get(mark, "") if self._last[c] >= begin]
        end = min(ends, default=-1)
        self._at = begin if end < 0 else end + 1
        self._skip()
        return self._q[begin:end].strip() or None if end >= 0 else None

    def word(self) -> str | None:
        match = _WORD.match(self._q, self._at)
        if match is None:
            return None
        self._at = match.end()
        self._skip()
        return match[0]

    def _value(self) -> str | None:
        return self.quoted() or self.word() if not self.at_end else None

    def _skip(self) -> None:
        match = _BLANKS.match(self._q, self._at)
        self._at = match.end() if match else self._at
