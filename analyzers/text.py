"""Makes the three fields of a text: words for precision, pairs for recall, characters for the literal run."""

import re
from functools import cache, lru_cache
from operator import add
from typing import NamedTuple

from analyzers.charsets import HAN, ranges
from analyzers.normalise import shape
from analyzers.pieces import FILE_HINT, LONGEST, RUN, RUN_OR_FILE, UNIT_BEGINS, Piece, measured, pieces
from analyzers.segment import Cut, default_cut
from analyzers.simplify import convertible

# Stands through segmentation for what is not Han; `shape` removes it from any text.
_SLOT = "\x01"
_runs = re.compile(f"[{HAN}]+").findall
_PUNCTUATION = " \t\n!-/:-@\\[-^`{-~，。！？；：、（）《》〈〉「」『』【】“”‘’…—·～￥　"


class Terms(NamedTuple):
    """A text as the engine stores it: each field is terms with single blanks between."""

    words: str
    """Words as jieba cuts them; Latin words with their stems; compounds whole, then in parts; emoji."""
    bigrams: str
    """Overlapping pairs of each run of Han, kana or hangul; Latin words and numbers whole."""
    chars: str
    """Han, kana and hangul one by one; Latin words and numbers whole. Neighbours in the text are neighbours
    here, blanks and punctuation leave no gap: a literal run of the text is a phrase of this field."""


@cache
def _plain() -> re.Pattern[str]:
    """Match a text of nothing but Simplified Han and punctuation, which most messages are."""
    simplified = ranges(han for han in map(chr, range(0x4E00, 0xA000)) if han not in convertible())
    return re.compile(f"[{simplified}{_PUNCTUATION}]*")


def _joined(found: tuple[Piece, ...]) -> Terms:
    return Terms(
        " ".join([piece.text for piece in found if piece.kind not in ("bigram", "char")]),
        " ".join([piece.text for piece in found if piece.kind == "bigram"]),
        " ".join([piece.text for piece in found if piece.kind == "char"]),
    )


def _take_apart(group: str, run: str) -> Terms:
    return _joined(pieces(group, run))


_remembered = lru_cache(maxsize=8192)(_take_apart)


def _words(runs: list[str], cut: Cut) -> str:
    if len(runs) == 1:
        return " ".join(cut(runs[0]))
    # Blanks keep jieba from joining over what stood between two runs; cutting once is cheaper than often.
    return " ".join(cut(" ".join(runs))).replace("   ", " ")


def _han(text: str, cut: Cut) -> Terms:
    runs = _runs(text)
    pairs: list[str] = []
    for run in runs:
        if len(run) > 2:
            pairs.extend(map(add, run, run[1:]))
        else:
            pairs.append(run)
    return Terms(_words(runs, cut), " ".join(pairs), " ".join("".join(runs)))


def _mixed(text: str, cut: Cut) -> Terms:
    runs: list[str] = []
    slots: list[str] = []
    pairs: list[str] = []
    chars: list[str] = []
    pattern = RUN_OR_FILE if "." in text and FILE_HINT.search(text) else RUN
    for match in pattern.finditer(text):
        group, run = match.lastgroup, match[0]
        if group == "han":
            runs.append(run)
            chars.extend(run)
            if len(run) > 2:
                pairs.extend(map(add, run, run[1:]))
            else:
                pairs.append(run)
            continue
        run = run or match["file"]
        # A long run (a key, a blob) hardly comes twice.
        words, bigrams, literal = (_remembered if len(run) <= LONGEST else _take_apart)(group or "", run)
        end = match.end()
        if text[end : end + 1] in UNIT_BEGINS and (whole := measured(text, end)) > end:
            words = f"{text[match.start() : whole].lower()[:LONGEST]} {words}"
        runs.append(_SLOT)
        slots.append(words)
        if literal:
            pairs.append(bigrams)
            chars.append(literal)
    words = _words(runs, cut)
    if slots:
        words = words.replace(_SLOT, "{}").format(*slots)
    return Terms(words, " ".join(pairs), " ".join(chars))


def analyse(text: str, cut: Cut | None = None) -> Terms:
    """Return the terms of an original `text`, for documents and queries alike. Never raises.

    `cut` segments runs of Han; without it, jieba's own dictionary does. Give the text as it was written:
    the parts of `camelCase` are lost once it is normalised.
    """
    cut = cut or default_cut()
    if _plain().fullmatch(text):
        return _han(text, cut)
    return _mixed(shape(text), cut)
