"""Readings of Han characters in plain letters, without loading all of pypinyin's 40 MB."""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from sys import intern

from analyzers.surnames import SURNAMES

_ENTRY = re.compile(r'"([^"]+)":\s*(\[\s*(?:\[[^\]]*\]\s*,?\s*)+\])')
_CHARACTER = re.compile(r'"([0-9]+)":\s*"([^"]*)"')
# Rarer readings are those of old texts; people do not type them for the name of a colleague.
_MOST_READINGS = 4


def _file(name: str) -> Path:
    """Return the path of a data file of pypinyin; importing the package would load all of it."""
    found = find_spec("pypinyin")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed; run `make setup`", name="pypinyin")
    return Path(found.submodule_search_locations[0], name)


def letters(reading: str) -> str:
    """Return `reading` without tones, with ü as v as it is typed: lǜ → lv."""
    bare = unicodedata.normalize("NFD", reading.replace("ê", "e")).replace("u\u0308", "v")
    return intern("".join(filter(str.isascii, bare)))


@cache
def _characters() -> dict[str, str]:
    """Return character → its readings, the most frequent first, joined by commas."""
    table = {}
    for point, toned in _CHARACTER.findall(_file("pinyin_dict.json").read_text("utf-8")):
        # The rare characters beyond the basic plane would double the table.
        if int(point) < 0x10000:
            plain = dict.fromkeys(letters(reading) for reading in toned.split(","))
            table[chr(int(point))] = intern(",".join(filter(None, list(plain)[:_MOST_READINGS])))
    return table


def readings(character: str) -> list[str]:
    """Return the readings of a Han `character`, the most frequent first; an empty list for any other character."""
    known = _characters().get(character)
    return known.split(",") if known else []


def _unusual(text: str) -> Iterator[tuple[str, str]]:
    """Yield (phrase, its pinyin) for each phrase in which a character is not read in its most frequent way."""
    for entry in _ENTRY.finditer(text):
        phrase = entry[1]
        toned: list[list[str]] = json.loads(entry[2])
        plain = [letters(reading[0]) for reading in toned]
        usual = [readings(character)[:1] for character in phrase]
        if len(plain) == len(phrase) and any([one] != known for one, known in zip(plain, usual, strict=True)):
            yield phrase, " ".join(plain)


@cache
def phrases() -> dict[str, str]:
    """Return the words in which some character is not read as usual, such as 银行, with their pinyin."""
    return dict(_unusual(_file("phrases_dict.json").read_text("utf-8")))


@cache
def _longest_phrase() -> int:
    return min(max(map(len, phrases())), 8)


def read(text: str) -> list[list[str]]:
    """Return the readings of each character of a run of Simplified Han, the likeliest in its context first."""
    result = [readings(character) for character in text]
    at = 0
    while at < len(text):
        size = next((n for n in range(_longest_phrase(), 1, -1) if text[at : at + n] in phrases()), 0)
        for offset, likely in enumerate(phrases()[text[at : at + size]].split() if size else ()):
            result[at + offset] = [likely, *(other for other in result[at + offset] if other != likely)]
        at += max(size, 1)
    return result


def read_surname(text: str) -> list[str]:
    """Return the syllables of the surname that a run of Han begins with; empty where it is read as usual."""
    return (SURNAMES.get(text[:2]) or SURNAMES.get(text[:1]) or "").split()
