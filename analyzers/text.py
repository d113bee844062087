"""Makes the fields of a text: words for precision, pairs and characters for recall, and its literal run."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from operator import add
from typing import NamedTuple

from analyzers.charsets import HAN, MARKS, ranges
from analyzers.normalise import fold, shape, unify
from analyzers.pieces import FILE_HINT, LONGEST, RUN, RUN_OR_FILE, UNIT_BEGINS, Piece, measured, pieces
from analyzers.segment import Segmenter, default_segmenter
from analyzers.simplify import ASPECT, convertible

# Takes the place of what is not Han while Han is segmented; it cannot occur in text, as `shape` removes it.
_SLOT = "\x01"
_runs = re.compile(f"[{HAN}]+").findall
_repeated = re.compile(r"(.)\1{3,}").sub
_PUNCTUATION = " \t\n!-/:-@\\[-^`{-~，。！？；：、（）《》〈〉「」『』【】“”‘’…—·～￥　"


LONGEST_RUN = 4096
"""Characters of an unbroken run that are taken apart in full. What is behind (a key, encoded data, one line of a
hundred thousand kana) is found by its words and characters, but not by stems, parts of camelCase or as a whole."""
LONGEST_WITH_FILES = 100_000
"""Characters of a text in which names of files are looked for; each place of a text is looked at ahead for one."""
_EXPANDED = 2
"""How many times longer a long text may become by normalisation, in which one character can become eighteen."""
_plain_parts = re.compile(f"[^\\W_]{{1,{LONGEST}}}|[^\\w\\s]|_").findall
_plain_units = re.compile(f"\\w[{MARKS}]*").findall
_stretches = re.compile(f".{{1,{LONGEST}}}", re.DOTALL).findall
_before_last_mark = re.compile(r".*[^\W_](?=[\W_])", re.DOTALL).match


class Terms(NamedTuple):
    """The terms of a text; each field holds terms with single blanks between. Words, bigrams and literal are stored."""

    words: str
    """Words as jieba cuts them; Latin words with their stems; compounds whole, then in parts; emoji."""
    bigrams: str
    """Overlapping pairs of each run of Han, kana or hangul; Latin words and numbers whole."""
    chars: str
    """Han, kana and hangul one by one; Latin words and numbers whole: what a query asks for in `literal`."""
    literal: str
    """The same with punctuation in its place, a mark a term; blanks leave no gap. Neighbours in the text are
    neighbours here, so that a literal run of the text is a phrase of this field."""


@cache
def _plain() -> re.Pattern[str]:
    """Return the pattern of a text of nothing but Simplified Han and punctuation, which most messages are."""
    changing = convertible() | {ASPECT}
    simplified = ranges(han for han in map(chr, range(0x4E00, 0xA000)) if han not in changing)
    return re.compile(f"[{simplified}{_PUNCTUATION}]*")


def _marks(between: str) -> str:
    """Return the punctuation between two runs without blanks; of a repeated mark three are kept."""
    return _repeated(r"\1\1\1", "".join(between.split())) if between not in ("", " ") else ""


def _literal(run: str, chars: Iterable[Piece]) -> Iterator[str]:
    at = 0
    for piece in chars:
        yield from _marks(run[at : piece.start])
        yield piece.text
        at = piece.end
    yield from _marks(run[at:])


def _take_apart(group: str, run: str) -> Terms:
    found = pieces(group, run)
    chars = [piece for piece in found if piece.kind == "char"]
    return Terms(
        " ".join([piece.text for piece in found if piece.kind not in ("bigram", "char")]),
        " ".join([piece.text for piece in found if piece.kind == "bigram"]),
        " ".join([piece.text for piece in chars]),
        " ".join(_literal(run, chars)) if chars else "",
    )


def _take_apart_long(group: str, run: str) -> Terms:
    """Take apart the beginning of a run that nobody typed, and cut up the rest, in time that 5 MB of anything takes."""
    begins = _before_last_mark(run, 0, LONGEST_RUN)
    cut = begins.end() if begins and group != "unspaced" else LONGEST_RUN
    first, rest = _take_apart(group, run[:cut]), fold(run[cut:])
    if group == "unspaced":
        units = _plain_units(rest)
        pairs = map(add, units, units[1:] or units)
        more = Terms(" ".join(_stretches(rest)), " ".join(pairs), " ".join(units), " ".join(units))
    else:
        parts = _plain_parts(_repeated(r"\1\1\1", rest))
        atoms = " ".join([part for part in parts if part.isalnum()])
        more = Terms(atoms, atoms, atoms, " ".join(parts))
    return Terms(*map(" ".join, zip(first, more, strict=True)))


_remembered = lru_cache(maxsize=8192)(_take_apart)


def _terms_of(group: str, run: str) -> Terms:
    # Long runs hardly ever come twice, so remembering them is not worth the memory.
    if len(run) <= LONGEST:
        return _remembered(group, run)
    return _take_apart(group, run) if len(run) <= LONGEST_RUN else _take_apart_long(group, run)


def _words(runs: list[str], segmenter: Segmenter) -> str:
    if len(runs) == 1:
        return " ".join(segmenter(runs[0]))
    # Blanks keep jieba from joining over what stood between two runs; cutting once is cheaper than often.
    return " ".join(segmenter(" ".join(runs))).replace("   ", " ")


def _han(text: str, segmenter: Segmenter) -> Terms:
    runs = _runs(text)
    pairs: list[str] = []
    for run in runs:
        if len(run) > 2:
            pairs.extend(map(add, run, run[1:]))
        else:
            pairs.append(run)
    return Terms(_words(runs, segmenter), " ".join(pairs), " ".join("".join(runs)), " ".join(_marks(unify(text))))


def _mixed(text: str, segmenter: Segmenter) -> Terms:
    runs: list[str] = []
    slots: list[str] = []
    pairs: list[str] = []
    chars: list[str] = []
    literal: list[str] = []
    at = 0
    pattern = RUN_OR_FILE if len(text) <= LONGEST_WITH_FILES and "." in text and FILE_HINT.search(text) else RUN
    for match in pattern.finditer(text):
        group, run, start = match.lastgroup, match[0], match.start()
        if start > at:
            literal.extend(_marks(text[at:start]))
        at = match.end()
        if group == "han":
            runs.append(run)
            chars.extend(run)
            literal.extend(run)
            if len(run) > 2:
                pairs.extend(map(add, run, run[1:]))
            else:
                pairs.append(run)
            continue
        run = run or match["file"]
        found = _terms_of(group or "", run)
        words = found.words
        if text[at : at + 1] in UNIT_BEGINS and (whole := measured(text, at)) > at:
            words = f"{text[start:whole].lower()[:LONGEST]} {words}"
        runs.append(_SLOT)
        slots.append(words)
        if found.chars:
            pairs.append(found.bigrams)
            chars.append(found.chars)
            literal.append(found.literal)
    literal.extend(_marks(text[at:]))
    words = _words(runs, segmenter)
    if slots:
        words = words.replace(_SLOT, "{}").format(*slots)
    return Terms(words, " ".join(pairs), " ".join(chars), " ".join(literal))


def analyse(text: str, segmenter: Segmenter | None = None) -> Terms:
    """Return the terms of an original `text`, for documents and queries alike. Never raises.

    `segmenter` cuts runs of Han; by default jieba's own dictionary does. Give the text as it was written: once it is
    normalised, the parts of `camelCase` are lost.
    """
    segmenter = segmenter or default_segmenter()
    if _plain().fullmatch(text):
        return _han(text, segmenter)
    return _mixed(shape(text)[: max(_EXPANDED * len(text), LONGEST_RUN)], segmenter)
