"""Makes the three fields of a text: words for precision, pairs for recall, characters for the literal run."""

import re
from functools import cache, lru_cache
from operator import add
from typing import NamedTuple

from analyzers.charsets import HAN
from analyzers.normalise import shape
from analyzers.pieces import FILE_HINT, LONGEST, RUN, RUN_OR_FILE, Piece, measured, pieces
from analyzers.segment import Cut, default_cut
from analyzers.simplify import convertible

# Stands where something other than Han was, through segmentation; `shape` removes it from any text.
_SLOT = "\x01"
_runs = re.compile(f"[{HAN}]+|{_SLOT}").findall
_NO_LETTER = " \t\n!-/:-@\\[-^`{-~，。！？；：、（）《》〈〉「」『』【】“”‘’…—·～￥　"


class Terms(NamedTuple):
    """A text as the engine stores it: each field is terms with single blanks between."""

    words: str
    """Words as jieba cuts them; Latin words with their stems; compounds whole, then in parts; emoji."""
    bigrams: str
    """Overlapping pairs of each run of Han, kana or hangul; Latin words and numbers whole."""
    chars: str
    """Han, kana and hangul one by one; Latin words and numbers whole. Neighbours in the text are neighbours
    here, blanks and punctuation leave no gap: a literal run of the text is a phrase of this field."""


class _Slot(NamedTuple):
    words: str
    bigrams: str
    chars: str


@cache
def _plain() -> re.Pattern[str]:
    """Match a text of nothing but Simplified Han and punctuation: nine messages in ten."""
    simplified = "".join(sorted(set(map(chr, range(0x4E00, 0xA000))) - convertible()))
    return re.compile(f"[{simplified}{_NO_LETTER}]*")


def _slot(found: tuple[Piece, ...]) -> _Slot:
    return _Slot(
        " ".join([piece.text for piece in found if piece.kind not in ("bigram", "char")]),
        " ".join([piece.text for piece in found if piece.kind == "bigram"]),
        " ".join([piece.text for piece in found if piece.kind == "char"]),
    )


@lru_cache(maxsize=4096)
def _remembered(group: str, run: str) -> _Slot:
    return _slot(pieces(group, run))


def _han(text: str, cut: Cut) -> Terms:
    """Return the terms of the Han in `text`, and its slots as terms of their own."""
    runs = _runs(text)
    # Blanks between runs keep jieba from joining over what stood there; cutting once is cheaper than often.
    words = " ".join(cut(" ".join(runs))).replace("   ", " ")
    pairs: list[str] = []
    for run in runs:
        if len(run) > 1:
            pairs.extend(map(add, run, run[1:]))
        else:
            pairs.append(run)
    return Terms(words, " ".join(pairs), " ".join("".join(runs)))


def _fill(template: str, values: list[str]) -> str:
    """Return `template` with its slots filled in order; an empty value leaves no second blank."""
    rest = template.split(_SLOT)
    filled = [text for pair in zip(rest, [*values, ""], strict=True) for text in (pair[0].strip(), pair[1]) if text]
    return " ".join(filled)


def _mixed(text: str, cut: Cut) -> Terms:
    slots: list[_Slot] = []

    def lift(match: re.Match[str]) -> str:
        group = match.lastgroup or ""
        run = match[group]
        slot = _remembered(group, run) if len(run) <= LONGEST else _slot(pieces(group, run))
        end = match.end()
        whole = measured(text, end)
        if whole > end and whole - match.start() <= LONGEST:
            slot = slot._replace(words=f"{text[match.start() : whole].lower()} {slot.words}")
        slots.append(slot)
        return _SLOT

    pattern = RUN_OR_FILE if FILE_HINT.search(text) else RUN
    han = _han(pattern.sub(lift, text), cut)
    return Terms(
        _fill(han.words, [slot.words for slot in slots]),
        _fill(han.bigrams, [slot.bigrams for slot in slots]),
        _fill(han.chars, [slot.chars for slot in slots]),
    )


def analyse(text: str, cut: Cut | None = None) -> Terms:
    """Return the terms of an original `text`, for documents and queries alike. Never raises.

    `cut` segments runs of Han; without it, jieba's own dictionary does. Give the text as it was written:
    the parts of `camelCase` are lost once it is normalised.
    """
    cut = cut or default_cut()
    if _plain().fullmatch(text):
        return _han(text, cut)
    return _mixed(shape(text), cut)
