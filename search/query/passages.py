"""Chooses the stretch of a long text that is worth showing, and cuts it where sentences or clauses end."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

_sentence_ends = re.compile(r"(?:[。！？!?；;…]|\.(?=\s|$))+[”’」』）)\"]*\s*|\n\s*").finditer
_clause_ends = re.compile(r"[，,、：:]\s*|\s+").finditer
_ENOUGH = 0.6
"""A passage may end early, at the end of a sentence, once it has this share of its length."""


class Mark(NamedTuple):
    """What a query found in a text: text[start:end] of the original, and which of its terms it is."""

    start: int
    end: int
    term: str


def densest(marks: Sequence[Mark], length: int) -> tuple[int, int]:
    """Return from where to where the best of `marks` (in order, one at least) reach, within `length` characters.

    The best show the most of the query: each term counts by its length and once; then the most marks, the first.
    """
    inside: Counter[str] = Counter()
    weight = first = 0
    best, span = (0, 0), (marks[0].start, marks[0].end)
    for last, mark in enumerate(marks):
        weight += 0 if inside[mark.term] else len(mark.term)
        inside[mark.term] += 1
        while first < last and mark.end - marks[first].start > length:
            inside[marks[first].term] -= 1
            weight -= 0 if inside[marks[first].term] else len(marks[first].term)
            first += 1
        if (weight, last - first + 1) > best:
            best, span = (weight, last - first + 1), (marks[first].start, mark.end)
    return span


def _begin(text: str, first: int, room: int, boundary: Callable[[int], int]) -> int:
    earliest = max(first - room * 2 // 3, 0)
    if earliest == 0:
        return 0
    sentences = [match.end() for match in _sentence_ends(text, earliest, first)]
    clauses = [match.end() for match in _clause_ends(text, earliest, first)]
    return sentences[-1] if sentences else clauses[0] if clauses else boundary(earliest)


def _end(text: str, begin: int, last: int, length: int, boundary: Callable[[int], int]) -> int:
    latest = begin + length
    if latest >= len(text):
        return len(text)
    enough = max(last, begin + int(length * _ENOUGH))
    for ends in (_sentence_ends, _clause_ends):
        fitting = [match.end() for match in ends(text, enough, latest) if match.end() <= latest]
        if fitting:
            return fitting[-1]
    return max(boundary(latest), begin)


def passage(text: str, span: tuple[int, int], length: int, boundary: Callable[[int], int]) -> tuple[int, int]:
    """Return (begin, end) of some `length` characters of `text` around `span`, cut where it reads well.

    `boundary` returns the last place at or before one in which `text` can be cut without breaking a character.
    """
    begin = _begin(text, span[0], max(length - (span[1] - span[0]), 0), boundary)
    return begin, _end(text, begin, min(span[1], begin + length), length, boundary)
