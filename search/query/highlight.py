"""Marks in the stored original what a query found, with the analysis that found it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from analyzers import (
    Normalised,
    Segmenter,
    Token,
    analyse,
    find_misspelled,
    find_spelled,
    pieces_beside_han,
    shape,
    shape_with_offsets,
    tokens,
)
from analyzers.charsets import HAN, UNSPACED
from search.query.passages import Mark, densest, passage

_BLOCK = 4096
"""Characters of a long text that are looked at together."""
_OVERLAP = 256
_MOST_BLOCKS = 64
"""Blocks of one text that are looked at closely, in a text of megabytes in which every one has something."""
_LONGEST_QUERY = 500
"""Characters of a query, and of each of its phrases, that are looked for."""
_GAP = r"\s*"


@dataclass(frozen=True, slots=True)
class HighlightTerms:
    """What to look for in the texts of one answer; made once per query."""

    literal: re.Pattern[str] | None = None
    """Words and unbroken runs of the query in Han, kana, hangul and emoji, longest first."""
    runs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The words of each unbroken run: a run is marked word by word."""
    words: tuple[str, ...] = ()
    latin: frozenset[str] = frozenset()
    beginnings: re.Pattern[str] | None = None
    """Of the Latin terms: without one in a text, that text need not be taken apart."""
    phrases: tuple[re.Pattern[str], ...] = ()
    single: re.Pattern[str] | None = None
    """Single characters: marked only where nothing longer of the query stands."""
    rough: re.Pattern[str] | None = None
    """Stands, case-folded, in every part of a long text that is worth a closer look."""
    wanted: int = 0
    """How many terms the best passage would hold."""


def _any_of(texts: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(set(texts), key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _phrase(text: str) -> re.Pattern[str] | None:
    """Match the characters and marks of `text` in a row; blanks between are passed over, as in the engine."""
    terms = analyse(text[:_LONGEST_QUERY])
    if not terms.chars:
        return None
    parts = terms.literal.split()
    letter = f"[^\\W_{HAN}{UNSPACED}]"
    before = f"(?<!{letter})" if re.match(letter, parts[0]) else ""
    after = f"(?!{letter})" if re.match(letter, parts[-1]) else ""
    return re.compile(before + _GAP.join(_runs_on(parts)) + after)


def _runs_on(parts: Sequence[str]) -> Iterator[str]:
    """Yield each part as a pattern; three marks of a kind stand for any more, as a line of them is stored."""
    for at, part in enumerate(parts):
        long = not part.isalnum() and at > 1 and parts[at - 2 : at] == [part, part]
        yield f"(?:{re.escape(part)})+" if long else re.escape(part)


def _runs(found: Iterable[Token]) -> Iterator[list[str]]:
    """Yield the words of each unbroken run of Han, kana or hangul; single characters in a row are one word."""
    run: list[str] = []
    end = -1
    singles = False
    for token in found:
        if token.kind != "word" or token.text.isascii():
            continue
        if token.start != end and run:
            yield run
            run, singles = [], False
        alone = len(token.text) == 1
        if alone and singles:
            run[-1] += token.text
        else:
            run.append(token.text)
        singles, end = alone, token.end
    if run:
        yield run


def _in_latin(found: Iterable[Token]) -> frozenset[str]:
    terms = {
        token.text
        for token in found
        if token.kind in ("whole", "part", "stem") or (token.kind == "word" and token.text.isascii())
    }
    longer = frozenset(term for term in terms if len(term) > 1)
    return longer or frozenset(terms)


def highlight_terms(text: str, phrases: Sequence[str] = (), segmenter: Segmenter | None = None) -> HighlightTerms:
    """Return what to mark for a query's plain `text` and its quoted `phrases`; `segmenter` is its tenant's."""
    found = tokens(text[:_LONGEST_QUERY], segmenter)
    runs = {"".join(run): tuple(run) for run in _runs(found)}
    words = tuple(word for run in runs.values() for word in run if len(word) > 1)
    emoji = [token.text for token in found if token.kind == "emoji"]
    latin = _in_latin(found)
    literal = [*(run for run in runs if len(run) > 1), *words, *emoji]
    single = [
        token.text for token in found if token.kind == "char" and len(token.text) == 1 and token.text not in latin
    ]
    # Shorter than the stem, whose last letters the text may not have: trying is found by tri.
    beginnings = [term[:4] if len(term) > 4 else term[:2] for term in latin]
    parts = [part for phrase in phrases for part in analyse(phrase[:_LONGEST_QUERY]).chars.split()[:1]]
    pairs = [a + b for word in words for a, b in pairwise(word)]
    return HighlightTerms(
        _any_of(literal),
        runs,
        words,
        latin,
        _any_of(beginnings),
        tuple(filter(None, map(_phrase, phrases))),
        _any_of(single),
        _any_of([*pairs, *emoji, *beginnings, *parts] or single),
        len(words) + len(emoji) + len(phrases) + sum(token.kind == "word" and token.text in latin for token in found),
    )


def _literal(text: str, terms: HighlightTerms) -> Iterator[Mark]:
    for match in terms.literal.finditer(text) if terms.literal else ():
        at = match.start()
        for word in terms.runs.get(match[0], (match[0],)):
            yield Mark(at, at + len(word), word)
            at += len(word)


def _pairs(text: str, words: Iterable[str]) -> Iterator[Mark]:
    """Yield the longest stretches of `words` (which `text` lacks) that it holds: the pairs that found it."""
    pairs = _any_of(a + b for word in words for a, b in pairwise(word))
    start = end = -1
    for match in re.finditer(f"(?={pairs.pattern})", text) if pairs else ():
        if match.start() >= end > 0:
            yield Mark(start, end, text[start:end])
        if match.start() >= end:
            start = match.start()
        end = match.start() + 2
    if end > 0:
        yield Mark(start, end, text[start:end])


def _latin(text: str, terms: HighlightTerms) -> Iterator[Mark]:
    if terms.beginnings and terms.beginnings.search(text.casefold()):
        for piece in pieces_beside_han(text):
            if piece.text in terms.latin and piece.kind not in ("bigram", "char"):
                yield Mark(piece.start, piece.end, piece.text)


def _apart(marks: Iterable[Mark]) -> list[Mark]:
    """Return `marks` in order without overlaps: of those that begin together the longest, else the earlier."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _find(shaped: str, terms: HighlightTerms) -> list[Mark]:
    """Return what of the query stands in `shaped` text, in its own places."""
    folded = shaped.casefold() if len(shaped.casefold()) == len(shaped) else shaped
    marks = [Mark(*match.span(), match.re.pattern) for phrase in terms.phrases for match in phrase.finditer(folded)]
    marks += _literal(shaped, terms)
    marks += _latin(shaped, terms)
    there = {mark.term for mark in marks}
    marks += _pairs(shaped, [word for word in terms.words if len(word) > 2 and word not in there])
    if not marks and terms.single:
        marks = [Mark(*match.span(), match[0]) for match in terms.single.finditer(folded)]
    return _apart(marks)


def _marks(text: str, terms: HighlightTerms) -> tuple[list[Mark], Normalised]:
    shaped = shape_with_offsets(text)
    marks = (Mark(*shaped.span(mark.start, mark.end), mark.term) for mark in _find(shaped.text, terms))
    return _apart(marks), shaped


def _render(text: str, marks: Iterable[Mark], begin: int, end: int) -> str:
    """Return text[begin:end] as HTML, with `marks` in <em>."""
    out: list[str] = []
    at = begin
    for mark in marks:
        first, last = max(mark.start, at), min(mark.end, end)
        if first < last:
            out += escape(text[at:first]), "<em>", escape(text[first:last]), "</em>"
            at = last
    return "".join([*out, escape(text[at:end])])


def mark(text: str, terms: HighlightTerms) -> str:
    """Return the whole of a short `text` (a title) as HTML, what matched in <em>."""
    return _render(text, _marks(text, terms)[0], 0, len(text))


def mark_name(text: str, query: str, known: HighlightTerms | None = None, *, fuzzy: bool = False) -> str:
    """Return a name as HTML, in <em> what `query` says of it: literally, or else by pinyin or initials.

    `known` are the query's terms, phrases included, where they are at hand. `fuzzy`: small typos are passed over.
    """
    marks, _ = _marks(text, known or highlight_terms(query))
    spelled = None if marks else find_spelled(text, query) or (find_misspelled(text, query) if fuzzy else None)
    return _render(text, [Mark(*spelled, query)] if spelled else marks, 0, len(text))


def _blocks(text: str, terms: HighlightTerms) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a long `text` in which something may match."""
    if len(text) <= _BLOCK:
        yield 0, len(text)
        return
    left = _MOST_BLOCKS
    for begin in range(0, len(text), _BLOCK):
        end = begin + _BLOCK + _OVERLAP
        if left and terms.rough and terms.rough.search(shape(text[begin:end]).casefold()):
            left -= 1
            yield begin, end


def _best_block(text: str, terms: HighlightTerms) -> tuple[int, int]:
    """Return the stretch of a long `text` that holds the most of the query; its beginning if none does."""
    best, most = (0, _BLOCK), 0
    for begin, end in _blocks(text, terms):
        count = len({mark.term for mark in _find(shape(text[begin:end]), terms)})
        if count > most:
            best, most = (begin, end), count
        if count >= terms.wanted:
            break
    return best


def holds_any(text: str, terms: HighlightTerms) -> bool:
    """Return whether anything in `text` would be marked."""
    return any(_find(shape(text[begin:end]), terms) for begin, end in _blocks(text, terms))


def snippet(text: str, terms: HighlightTerms, length: int = 120) -> str:
    """Return the best passage of `text` as HTML: some `length` characters, what matched in <em>, … where cut.

    Without any match it is the text's beginning. Blanks and line breaks in a row become one blank.
    """
    begin, end = _best_block(text, terms) if len(text) > _BLOCK else (0, len(text))
    part = text[begin:end]
    marks, shaped = _marks(part, terms)
    first, last = passage(part, densest(marks, length) if marks else (0, 0), length, shaped.boundary)
    shown = re.sub(r"\s+", " ", _render(part, marks, first, last)).strip()
    return f"{'…' if begin + first else ''}{shown}{'…' if begin + last < len(text) else ''}"
