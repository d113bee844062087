"""Takes apart what is not Han: Latin words, identifiers, numbers, addresses, kana, hangul and emoji.

A compound is found by its whole and by its parts. `pieces("latin", "getUserNames")` gives

    word            getusernames        the run itself, case-folded; of `a-b_c.d` the kind is `whole`
    part            get, user, names    the parts of camelCase, of letters with digits, of `a-b_c.d`
    stem            name                English words without plural, -ed and -ing
    bigram, char    getusernames        the run again for those two fields, where a Latin word is one term
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from analyzers.charsets import EMOJI, FLAG, HAN, JAMO, MARKS, SKIN, UNSPACED
from analyzers.normalise import fold
from analyzers.stems import stem

LONGEST = 64
"""Characters in the longest term; the engine refuses terms beyond 32,766 bytes."""

Kind = Literal["word", "whole", "part", "stem", "bigram", "char", "emoji"]

_LETTER = f"[^\\W_{HAN}{UNSPACED}]"
_ATOM = f"{_LETTER}+(?:[{MARKS}]+{_LETTER}*)*"
_JOINT = "[-_./:@+&#'’]{1,2}"
_URL = r"(?i:https?|ftp)://[!-~]*[A-Za-z0-9/]"
_EXTENSION = (
    r"(?i:xlsx?|docx?|pptx?|pdf|csv|tsv|txt|md|rtf|zip|rar|7z|gz|tar|png|jpe?g|gif|bmp|svg|webp|heic|mp[34]|mov|avi|wav"
    r"|key|pages|numbers|xmind|json|ya?ml|xml|html?|log|sql|py|java|go|js|ts|sh|exe|apk|ipa|dmg|psd|sketch|fig|drawio)"
)
_RUN = (
    f"(?P<han>[{HAN}]+)"
    f"|(?P<url>{_URL})"
    f"|(?P<latin>{_ATOM}(?:{_JOINT}{_ATOM})*(?:\\+\\+|\\#)?)"
    f"|(?P<unspaced>[{UNSPACED}][{UNSPACED}{MARKS}]*)"
    f"|(?P<emoji>(?:[{FLAG}]{{2}}|[{EMOJI}])[{SKIN}]?)"
)
# A file name may begin with Han, which jieba must still cut: so the match of the whole name is a lookahead.
_FILE = f"(?<![\\w.-])(?=(?P<file>[\\w.-]{{1,{LONGEST - 8}}}\\.{_EXTENSION}(?!\\w)))"

RUN = re.compile(_RUN)
RUN_OR_FILE = re.compile(f"{_FILE}|{_RUN}")
FILE_HINT = re.compile(f"\\.{_EXTENSION}(?!\\w)")

_skin = re.compile(f"(?<=.)[{SKIN}]")
_atoms = re.compile(_ATOM).finditer
_units = re.compile(f"[\uac00-\ud7a3]?[{JAMO}]+|\\w[{MARKS}]*").finditer
_segments = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").finditer
_camel = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]").search
# A reader takes a number with its unit for one word: 2026年3月2日, 3个月, 100元.
_measured = re.compile(
    r"(?<=[0-9])(?:年(?:[0-9]{1,2}月(?:[0-9]{1,2}[日号])?)?|月[0-9]{1,2}[日号]|个(?:月|小时|工作日)|小时|分钟|公里|公斤"
    r"|[月日号点时分秒元块万亿个天周岁级层楼折倍名位件条次台人米期届])"
).match
UNIT_BEGINS = frozenset("年月日号点时分秒元块万亿个小公天周岁级层楼折倍名位件条次台人米期届")


class Piece(NamedTuple):
    """A case-folded term with its place, counted in characters from the start of the run that was taken apart."""

    kind: Kind
    text: str
    start: int
    end: int


def _bounded(kind: Kind, run: str, start: int, end: int) -> list[Piece]:
    """Return run[start:end] case-folded, in pieces of at most `LONGEST` characters."""
    text = fold(run[start:end])
    if len(text) <= LONGEST:
        return [Piece(kind, text, start, end)]
    same = len(text) == end - start
    # Where folding changed the length, the pieces share the span of the whole.
    return [
        Piece(kind, text[at : at + LONGEST], *((start + at, min(start + at + LONGEST, end)) if same else (start, end)))
        for at in range(0, len(text), LONGEST)
    ]


def _stemmed(piece: Piece) -> list[Piece]:
    """Return the piece, and its stem too where it has another one."""
    root = stem(piece.text)
    return [piece] if root == piece.text else [piece, piece._replace(kind="stem", text=root)]


def _inner(run: str, start: int, end: int) -> list[Piece]:
    """Return the parts of an atom: `getUserName`, `10kg`, `HT2025`; none for a jumble such as `t9wt6q`."""
    found = [match.span() for match in _segments(run, start, end)]
    if not 2 <= len(found) <= 8 or (len(found) > 2 and not _camel(run, start, end)):
        return []
    parts = [Piece("part", fold(run[first:last]), first, last) for first, last in found if last - first > 1]
    return [piece for part in parts for piece in _stemmed(part)]


def _atom(kind: Kind, run: str, start: int, end: int) -> list[Piece]:
    """Return the pieces of one word or number for the three fields words, bigrams and chars."""
    literal = _bounded(kind, run, start, end)
    found = [piece for one in literal for piece in _stemmed(one)]
    if len(literal) == 1 and not run[start:end].isdecimal():
        found += _inner(run, start, end)
    for piece in literal:
        found += (piece._replace(kind="bigram"), piece._replace(kind="char"))
    return found


def latin(run: str) -> list[Piece]:
    """Return the pieces of a Latin `run` in its original case: the whole of a compound, then its parts."""
    atoms = [match.span() for match in _atoms(run)]
    if atoms == [(0, len(run))]:
        return _atom("word", run, 0, len(run))
    whole = [Piece("whole", fold(run)[:LONGEST], 0, len(run))] if len(run) <= LONGEST else []
    return whole + [piece for start, end in atoms for piece in _atom("part", run, start, end)]


def unspaced(run: str) -> Iterator[Piece]:
    """Yield the pieces of kana, hangul, Thai and the like: the run, its characters and its pairs."""
    yield from _bounded("word", run, 0, len(run))
    units = [match.span() for match in _units(run)]
    for start, end in units:
        yield from _bounded("char", run, start, end)
    for (start, _), (_, end) in zip(units, units[1:] or units, strict=False):
        yield from _bounded("bigram", run, start, end)


def emoji(run: str) -> Iterator[Piece]:
    """Yield an emoji, without its skin tone, once for each field."""
    bare = _skin.sub("", run) or run
    for kind in ("emoji", "bigram", "char"):
        yield Piece(kind, bare, 0, len(run))


def _take_apart(group: str, run: str) -> tuple[Piece, ...]:
    match group:
        case "latin" | "url":
            return tuple(latin(run))
        case "unspaced":
            return tuple(unspaced(run))
        case "emoji":
            return tuple(emoji(run))
        case _:
            return tuple(_bounded("whole", run, 0, len(run)))


_remembered = lru_cache(maxsize=4096)(_take_apart)


def pieces(group: str, run: str) -> tuple[Piece, ...]:
    """Return the pieces of a run that `RUN` or `RUN_OR_FILE` matched as `group`, in the order of the text."""
    return _remembered(group, run) if len(run) <= LONGEST else _take_apart(group, run)


def measured(text: str, end: int) -> int:
    """Return where the unit or date ends that follows the number ending at `end` in `text`; `end` if none follows."""
    if text[end : end + 1] not in UNIT_BEGINS:
        return end
    match = _measured(text, end)
    return match.end() if match else end
