"""Turns Traditional characters into Simplified ones, one for one; text without any costs next to nothing."""

import re
from functools import cache

import opencc

from analyzers.charsets import ranges

# Simplified text uses these for themselves (沈 is a surname, 坏 means bad), yet OpenCC's phrases take them
# for old spellings of 沉 and 坯. A text would then change with its neighbours, and 沈思 stop being a 沈.
_KEPT = re.compile("([坏沈])")
# Convertible within phrases only (瞭解, 答覆, 藉口), so the scan of single characters cannot find them.
_IN_PHRASES = "瞭覆藉甦衹哩"
# Taiwan writes 著 for 着, too; which one is meant, OpenCC tells by the words around, but for 著称 and the like.
ASPECT = "著"
_ASPECT = re.compile(f"{ASPECT}(?![称稱述书書者录錄名作])")
_AROUND = 3
# Each is converted with its neighbours; a text with more of them is no text.
_MOST_ASPECTS = 10_000
# As Hong Kong writes them; OpenCC's own set for it would change 么 and others in Simplified text too.
_HONG_KONG = str.maketrans("衞敍枱粧糭", "卫叙台妆粽")
# Beyond the basic plane any character counts as convertible: a class with hundreds of single ones there is slow.
_BASIC_PLANE = range(0x2E80, 0xA000)
_BEYOND = "\U00020000-\U0003ffff"


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _taiwan() -> opencc.OpenCC:
    return opencc.OpenCC("tw2s")


@cache
def convertible() -> frozenset[str]:
    """Return the characters of the basic plane that `simplify` may change, except 著, which it treats by itself."""
    before = "\n".join(map(chr, _BASIC_PLANE))
    after = _converter().convert(before)
    changed = frozenset(one for one, other in zip(before, after, strict=True) if one != other)
    return changed.union(_IN_PHRASES, map(chr, _HONG_KONG))


@cache
def _finder() -> re.Pattern[str]:
    return re.compile(f"[{ranges(sorted(convertible()))}{_BEYOND}]")


def _aspect(match: re.Match[str]) -> str:
    """Return 着 where 著 stands for it (看著), and 著 where everybody writes 著 (著名)."""
    text, at = match.string, match.start()
    begin = max(at - _AROUND, 0)
    around = text[begin : at + 1 + _AROUND]
    converted: str = _taiwan().convert(around)
    return "着" if len(converted) == len(around) and converted[at - begin] == "着" else ASPECT


def _convert(text: str) -> str:
    text = text.translate(_HONG_KONG)
    converted: str = _converter().convert(text)
    if len(converted) == len(text):
        return converted
    # Offsets count on one character for one, so what grows or shrinks stays as it was written.
    single = [(character, str(_converter().convert(character))) for character in text]
    return "".join(after if len(after) == 1 else before for before, after in single)


def simplify(text: str) -> str:
    """Return NFKC `text` with Traditional characters as Simplified ones; its length never changes."""
    if ASPECT in text:
        text = _ASPECT.sub(_aspect, text, count=_MOST_ASPECTS)
    if not _finder().search(text):
        return text
    return "".join(part if part in ("坏", "沈") else _convert(part) for part in _KEPT.split(text))
