"""Finds what a mistyped run of Han was meant to be: words that sound or look like it, or differ in one character.

Somebody types 备王录 for 备忘录 "memo". Candidates come from three sources, each with a cost; of a candidate that
several sources give, the cheapest counts:

    source   how                                                   example             cost
    sound    a dictionary word, or a tenant's, that sounds alike   备王录 → 备忘录     1; 2 or 3 if only nearly alike
    other    one character sounds or looks like another            末来 → 未来         2
    order    two neighbours swapped, or one character too many     报周 → 周报         2

What many speakers do not tell apart is merged first (`near`): zhang and zang are one sound here.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import NamedTuple

from analyzers.pinyin import phrases, read, readings
from analyzers.shapes import look_alikes
from analyzers.simplify import simplify

SAME_SOUND, NEAR, FAR = 1, 2, 3
"""Costs. Most slips pick a word of the same sound from an input method's list; two slips at once are rare."""
LONGEST = 4
_LEAST = 3
"""Occurrences in jieba's corpus; words with fewer are not offered."""
_COMMON = 300
"""Occurrences in jieba's corpus; single characters with fewer are not offered."""
_MOST_READINGS = 4
_MOST_HOMOPHONES = 12
_DICTIONARY = re.compile(r"^(\S{1,4}) ([0-9]+) ", re.MULTILINE)
_MERGED = ((re.compile("^([zcs])h"), r"\1"), (re.compile("^n"), "l"), (re.compile("([aei]n)g$"), r"\1"))


class Alike(NamedTuple):
    """A candidate for what was meant. `cost`: the lower, the likelier. `word`: whether jieba's dictionary has it."""

    text: str
    cost: int
    word: bool


def dictionary_file() -> Path:
    """Return jieba's dictionary: lines of word, occurrences in its corpus, kind."""
    found = find_spec("jieba")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("jieba is not installed; run `make setup`", name="jieba")
    return Path(found.submodule_search_locations[0], "dict.txt")


@cache
def near(syllable: str) -> str:
    """Return `syllable` with sounds merged that many confuse: zh/z, ch/c, sh/s, n/l, ang/an, eng/en, ing/in."""
    for pattern, plain in _MERGED:
        syllable = pattern.sub(plain, syllable)
    return syllable


def _first(text: str) -> list[str]:
    """Return how a word is read in pinyin: as a known phrase, else each character in its most frequent reading."""
    known = phrases().get(text)
    return known.split() if known else [(readings(one) or [one])[0] for one in text]


@cache
def _words() -> bytes:
    """Return jieba's everyday words as sorted lines of "merged sound, tab, plain pinyin, tab, word", in UTF-8.

    One block of 10 MB that is searched by bisection: a dict of the same words takes several times as much memory.
    """
    lines = []
    for word, count in _DICTIONARY.findall(dictionary_file().read_text("utf-8")):
        if len(word) > 1 and int(count) >= _LEAST:
            spoken = _first(word)
            lines.append(f"{' '.join(map(near, spoken))}\t{''.join(spoken)}\t{word}")
    return ("\n".join(sorted(lines)) + "\n").encode()


@cache
def _common() -> dict[str, str]:
    """Return for each syllable its everyday characters, the most frequent first, a dozen at most."""
    counted = [
        (int(count), one) for one, count in _DICTIONARY.findall(dictionary_file().read_text("utf-8")) if len(one) == 1
    ]
    table: dict[str, str] = {}
    for count, one in sorted(counted, reverse=True):
        for reading in readings(one)[:1] if count >= _COMMON and simplify(one) == one else ():
            table[reading] = (table.get(reading, "") + one)[:_MOST_HOMOPHONES]
    return table


def prepare() -> None:
    """Load the dictionary, which takes about a second; otherwise the first call of `alike` loads it."""
    _words()
    _common()


def _spoken(sound: str) -> Iterator[tuple[str, str]]:
    """Yield (plain pinyin, word) for each dictionary word whose merged sound is `sound`, such as "zou bao"."""
    blob, wanted = _words(), f"{sound}\t".encode()
    low, high = 0, len(blob)
    while low < high:
        middle = (low + high) // 2
        start = blob.rfind(b"\n", 0, middle) + 1
        if blob[start : start + len(wanted)] < wanted:
            low = blob.find(b"\n", middle) + 1
        else:
            high = start
    while blob.startswith(wanted, low):
        end = blob.find(b"\n", low)
        _, plain, word = blob[low:end].decode().split("\t")
        yield plain, word
        low = end + 1


def is_word(text: str) -> bool:
    """Return whether `text` is an everyday word of jieba's dictionary."""
    return any(word == text for _, word in _spoken(" ".join(map(near, _first(text)))))


def _ways(text: str) -> list[tuple[str, ...]]:
    """Return the likeliest readings of `text`, each a syllable for every character, four at most."""
    known = [one[:2] or [character] for one, character in zip(read(text), text, strict=True)]
    return list(product(*known))[:_MOST_READINGS]


def _sounding(text: str, own: Iterable[str]) -> Iterator[Alike]:
    """Yield the words, of the dictionary and of `own`, that sound like `text`."""
    ways = _ways(text)
    likeliest = "".join(ways[0])
    for sound in dict.fromkeys(" ".join(map(near, way)) for way in ways):
        for spoken, word in _spoken(sound):
            yield Alike(word, SAME_SOUND if spoken == likeliest else _distance(text, word), True)
        for word in own:
            if " ".join(map(near, _first(word))) == sound:
                yield Alike(word, SAME_SOUND, True)


def _distance(text: str, word: str) -> int:
    """Return the cost of `word` for `text` when their exact sounds differ: by how many characters are not the same."""
    return NEAR if sum(one != other for one, other in zip(text, word, strict=True)) == 1 else FAR


def _one_other(text: str) -> Iterator[Alike]:
    """Yield `text` with one character replaced by another that sounds or looks like it."""
    for at, character in enumerate(text):
        sounding = {other for reading in readings(character)[:1] for other in _common().get(reading, "")}
        looking = look_alikes(character)
        for other in sorted(sounding.union(looking)):
            made = text[:at] + other + text[at + 1 :]
            yield Alike(made, NEAR, other in looking and is_word(made))


def _out_of_order(text: str) -> Iterator[Alike]:
    """Yield the words that come of swapping two neighbours of `text`, or of leaving out one character."""
    for at in range(len(text) - 1):
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if is_word(swapped):
            yield Alike(swapped, NEAR, True)
    for at in range(len(text) if len(text) > 2 else 0):
        shorter = text[:at] + text[at + 1 :]
        if is_word(shorter):
            yield Alike(shorter, NEAR, True)


def alike(text: str, own: Iterable[str] = ()) -> list[Alike]:
    """Return what a run of two to four Simplified Han may have been meant to be, likeliest first; never `text` itself.

    `own`: a tenant's words, which the dictionary lacks.
    """
    best: dict[str, Alike] = {}
    for found in (*_sounding(text, own), *_one_other(text), *_out_of_order(text)):
        known = best.get(found.text)
        if found.text != text and (known is None or (found.cost, known.word) < (known.cost, found.word)):
            best[found.text] = found
    return sorted(best.values(), key=lambda found: (found.cost, not found.word, found.text))
