"""The terms of a text with their places in the original: for highlights, phrases and `office-search analyze`."""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.offsets import shape_with_offsets
from analyzers.pieces import FILE_HINT, LONGEST, RUN, RUN_OR_FILE, Kind, Piece, measured, pieces
from analyzers.segment import Segmenter, default_segmenter


class Token(NamedTuple):
    """A term of a text; text[start:end] of the original is what it stands for, in whole grapheme clusters."""

    text: str
    start: int
    end: int
    kind: Kind
    """`bigram` and `char` go to the fields of that name, all other kinds to `words`."""


def _han(run: str, segmenter: Segmenter) -> Iterator[Piece]:
    at = 0
    for word in segmenter(run):
        yield Piece("word", word, at, at + len(word))
        at += len(word)
    for first in range(max(len(run) - 1, 1)):
        pair = run[first : first + 2]
        yield Piece("bigram", pair, first, first + len(pair))
    for at, character in enumerate(run):
        yield Piece("char", character, at, at + 1)


def _found(text: str) -> Iterator[tuple[str, int, str, tuple[Piece, ...]]]:
    """Yield (group, start, run, pieces) for each run of shaped `text`; runs of Han have no pieces yet."""
    pattern = RUN_OR_FILE if FILE_HINT.search(text) else RUN
    for match in pattern.finditer(text):
        group = match.lastgroup or ""
        start, run = match.start(), match[group]
        if group == "han":
            yield group, start, run, ()
            continue
        found = pieces(group, run)
        whole = measured(text, match.end())
        if whole > match.end():
            found = (Piece("whole", text[start:whole].lower()[:LONGEST], 0, whole - start), *found)
        yield group, start, run, found


def pieces_beside_han(shaped: str) -> Iterator[Piece]:
    """Yield the pieces of everything in `shaped` text that is not Han, with their places in it, in order."""
    for _, start, _, found in _found(shaped):
        for piece in found:
            yield piece._replace(start=start + piece.start, end=start + piece.end)


def tokens(text: str, segmenter: Segmenter | None = None) -> list[Token]:
    """Return every term that `analyse` makes of an original `text`, in the order of each field.

    Far slower than `analyse`: meant for queries, for what is shown, and for explaining why something is found.
    """
    shaped = shape_with_offsets(text)
    segmenter = segmenter or default_segmenter()
    return [
        Token(piece.text, *shaped.span(start + piece.start, start + piece.end), piece.kind)
        for group, start, run, found in _found(shaped.text)
        for piece in (_han(run, segmenter) if group == "han" else found)
    ]
