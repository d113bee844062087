"""Shows each term of a text with its place in the original: for highlights, phrases and `analyze`."""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.offsets import shape_with_offsets
from analyzers.pieces import FILE_HINT, LONGEST, RUN, RUN_OR_FILE, Kind, Piece, measured, pieces
from analyzers.segment import Cut, default_cut


class Token(NamedTuple):
    """A term of a text; text[start:end] of the original is what it stands for, whole grapheme clusters."""

    text: str
    start: int
    end: int
    kind: Kind
    """`bigram` and `char` go to the fields of that name, all other kinds to `words`."""


def _han(run: str, cut: Cut) -> Iterator[Piece]:
    at = 0
    for word in cut(run):
        yield Piece("word", word, at, at + len(word))
        at += len(word)
    for first in range(max(len(run) - 1, 1)):
        pair = run[first : first + 2]
        yield Piece("bigram", pair, first, first + len(pair))
    for at, character in enumerate(run):
        yield Piece("char", character, at, at + 1)


def _pieces(text: str, cut: Cut) -> Iterator[Piece]:
    """Yield the pieces of shaped `text`, with places in all of it."""
    pattern = RUN_OR_FILE if FILE_HINT.search(text) else RUN
    for match in pattern.finditer(text):
        group = match.lastgroup or ""
        start = match.start()
        if group == "han":
            found: Iterator[Piece] = _han(match[0], cut)
        else:
            found = iter(pieces(group, match[group]))
            whole = measured(text, match.end())
            if whole > match.end():
                yield Piece("whole", text[start:whole].lower()[:LONGEST], start, whole)
        for piece in found:
            yield piece._replace(start=start + piece.start, end=start + piece.end)


def tokens(text: str, cut: Cut | None = None) -> list[Token]:
    """Return every term that `analyse` makes of an original `text`, in the order of each field.

    Slower than `analyse` by far: for queries, for what is shown, and for asking why something is found.
    """
    shaped = shape_with_offsets(text)
    found = _pieces(shaped.text, cut or default_cut())
    return [Token(piece.text, *shaped.span(piece.start, piece.end), piece.kind) for piece in found]
