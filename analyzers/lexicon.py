"""A tenant's own words and synonyms, read from files that are checked line by line."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from types import MappingProxyType

from analyzers.normalise import normalise
from analyzers.segment import Segmenter, UserWord, segmenter_with
from analyzers.text import analyse
from analyzers.tokens import tokens
from search.core.errors import ConfigurationError

WORDS, SYNONYMS = "words.txt", "synonyms.txt"
_comment = re.compile(r"(?:^|\s)#.*")
_LONGEST = 64
_MOST_WEIGHT = 10_000_000
_MOST_IN_GROUP = 16
_MOST_ENTRIES = 100_000
_MOST_VARIANTS = 6
"""Variants of one query; each is searched beside it and costs the engine as much again."""


@dataclass(frozen=True)
class Lexicon:
    """One tenant's words and synonyms.

    `segmenter`: knows the words; None means jieba's own dictionary. `synonyms`: term → the terms that mean the same.
    `digest`: a hash of the words; documents are segmented by them, so a changed digest needs a reindex.
    """

    segmenter: Segmenter | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    digest: str = ""
    words: tuple[str, ...] = ()

    def variants(self, text: str) -> list[str]:
        """Return other ways to say `text`: with its synonyms replaced, the likeliest first, six at most.

        A synonym counts where it is a word of its own: 年假 does in 年假怎么休, but not in 少年假日. Of several that
        begin at one place the longest counts.
        """
        if not self.synonyms:
            return []
        plain = normalise(text)
        choices: list[Sequence[str]] = []
        end = 0
        for start, stop in self._places(plain):
            choices += [[plain[end:start]], [plain[start:stop], *self.synonyms[plain[start:stop]]]]
            end = stop
        ways = product(*choices, [plain[end:]]) if choices else iter(())
        return list(islice((way for way in map("".join, ways) if way != plain), _MOST_VARIANTS))

    def _places(self, plain: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each synonym in normalised text, from left to right, without overlaps."""
        found = [token for token in tokens(plain, self.segmenter) if token.kind not in ("bigram", "char")]
        ends = {token.end for token in found}
        at = 0
        for start in sorted({token.start for token in found}):
            fitting = [stop for stop in ends if start < stop <= start + _LONGEST and plain[start:stop] in self.synonyms]
            if start >= at and fitting:
                at = max(fitting)
                yield start, at


PLAIN = Lexicon()
"""The lexicon of a tenant without words and synonyms of its own."""


class Lexicons:
    """The lexicons of all tenants by name, loaded once when a process starts."""

    def __init__(self, known: Mapping[str, Lexicon] = MappingProxyType({})) -> None:
        self._known = known

    def of(self, tenant: str) -> Lexicon:
        """Return the tenant's lexicon; an empty one for a tenant without files."""
        return self._known.get(tenant, PLAIN)


def load_lexicons(folder: Path | None) -> Lexicons:
    """Read `<folder>/<tenant>/words.txt` and `synonyms.txt` where they exist; no `folder` means no lexicons.

    Raises ConfigurationError that lists every fault of every file with its line number.
    """
    if folder is None:
        return Lexicons()
    faults: list[str] = []
    try:
        known = {place.name: _load(place, faults) for place in sorted(folder.iterdir()) if place.is_dir()}
    except OSError as error:
        raise ConfigurationError(f"OFFICE_SEARCH_LEXICONS: {folder} cannot be read ({error.strerror}).") from None
    if faults:
        raise ConfigurationError("The lexicons have faults:\n" + "\n".join(faults))
    return Lexicons(known)


def _load(place: Path, faults: list[str]) -> Lexicon:
    words = parse_words(_lines(place / WORDS, faults), faults)
    digest = hashlib.sha256(repr(words).encode()).hexdigest()[:12] if words else ""
    segmenter = segmenter_with(words) if words else None
    return Lexicon(
        segmenter, parse_synonyms(_lines(place / SYNONYMS, faults), faults), digest, tuple(word.text for word in words)
    )


Line = tuple[str, str]
"""(file and line number, content of the line)"""


def _lines(file: Path, faults: list[str]) -> list[Line]:
    if not file.is_file():
        return []
    lines: list[Line] = []
    for number, raw in enumerate(file.read_bytes().splitlines(), start=1):
        where = f"{file}:{number}"
        try:
            line = _comment.sub("", raw.decode("utf-8-sig")).strip()
        except UnicodeDecodeError:
            faults.append(f"{where}: not UTF-8")
            continue
        if line:
            lines.append((where, line))
    if len(lines) > _MOST_ENTRIES:
        faults.append(f"{file}: more than {_MOST_ENTRIES:,} lines")
    return lines[:_MOST_ENTRIES]


def parse_words(lines: Iterable[Line], faults: list[str]) -> list[UserWord]:
    """Return the words of a user dictionary from lines of `word` or `word weight`; append faults to `faults`."""
    words: dict[str, UserWord] = {}
    for where, line in lines:
        text, *rest = line.split()
        word = normalise(text)
        if len(rest) > 1 or (rest and not (rest[0].isascii() and rest[0].isdigit())):
            faults.append(f"{where}: {line[:40]!r} is not `word` or `word weight`")
        elif rest and int(rest[0]) > _MOST_WEIGHT:
            faults.append(f"{where}: a weight is at most {_MOST_WEIGHT:,}")
        elif (wrong := _wrong(word)) is not None:
            faults.append(f"{where}: {text[:40]!r} {wrong}")
        elif word in words:
            faults.append(f"{where}: {text!r} stands here for the second time")
        else:
            words[word] = UserWord(word, int(rest[0]) if rest else None)
    return list(words.values())


def _wrong(word: str) -> str | None:
    """Return what is wrong with a user word, as the end of a sentence; None if nothing is."""
    if len(word) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    # Only runs of Han are cut by a dictionary; all else is taken apart by its form.
    if len(word) < 2 or analyse(word).chars != " ".join(word) or word.isascii():
        return "is not two or more Chinese characters in a row"
    return None


def parse_synonyms(lines: Iterable[Line], faults: list[str]) -> Mapping[str, tuple[str, ...]]:
    """Return term → the others that mean the same, from lines `年假 = 年休假`, or one way only: `简称 => 全称`.

    A term that stands in several lines means what all of them say. Faulty lines are appended to `faults`.
    """
    found: dict[str, dict[str, None]] = {}
    for where, line in lines:
        one_way = "=>" in line
        sides = [normalise(side).strip() for side in line.split("=>" if one_way else "=")]
        wrong = _wrong_sides(sides, one_way)
        if wrong:
            faults.append(f"{where}: {wrong}; write `年假 = 年休假`, or `年假 => 年休假` for one way")
            continue
        for side in sides[:1] if one_way else sides:
            found.setdefault(side, {}).update(dict.fromkeys(other for other in sides if other != side))
    return MappingProxyType({term: tuple(others)[:_MOST_IN_GROUP] for term, others in found.items()})


def _wrong_sides(sides: Sequence[str], one_way: bool) -> str | None:
    """Return what is wrong with the terms of one synonym line; None if nothing is."""
    if len(sides) < 2 or (one_way and len(sides) > 2):
        return "not two terms with `=` or `=>` between" if one_way else "not two or more terms with `=` between"
    if len(sides) > _MOST_IN_GROUP:
        return f"more than {_MOST_IN_GROUP} terms"
    if len(set(sides)) < len(sides):
        return "the same term twice"
    for side in sides:
        if not analyse(side).chars:
            return "a term without any letter, digit or character"
        if len(side) > _LONGEST:
            return f"a term longer than {_LONGEST} characters"
    return None
