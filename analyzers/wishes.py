"""What somebody wants done, read from what they typed: the words that name it, and what else it is called; pure.

`怎么报销打车费` holds two wishes, and words that want nothing:

    怎么          said around any wish
    报销          also 报账, 贴票, …; what serves it may call itself 发票, 差旅, …
    打车          also 叫车, 用车, …; 出行, 班车, …
    费            a single character of no word that is known
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from analyzers.lexicon import PLAIN, Lexicon
from analyzers.normalise import normalise
from analyzers.tokens import tokens

FILE = Path(__file__).with_suffix(".txt")
LONGEST = 40
"""Characters; what is longer is no wish, but a text."""
MOST = 4
"""Wishes of one question; past that it is a text, too."""
MOST_WORDS = 24
_SERVING, _AROUND = ">", "- "


@dataclass(frozen=True)
class Wish:
    """One thing that is wanted. `same`: what else it is called; `serving`: what may do it. Normalised, likeliest first.

    `known`: it is one of those that people have at work, and not any word.
    """

    word: str
    same: Sequence[str] = ()
    serving: Sequence[str] = ()
    known: bool = False


@dataclass(frozen=True)
class Thesaurus:
    """Words for what people want done. `same`, `serving`: word → others, in the file's order.

    `around`: words that are said around any wish, and that nothing could be looked for by.
    """

    same: Mapping[str, tuple[str, ...]]
    serving: Mapping[str, tuple[str, ...]]
    around: frozenset[str]

    def wish(self, word: str, own: Sequence[str] = ()) -> Wish:
        """Return what a word wishes for; `own`: its synonyms in the tenant's lexicon."""
        same = tuple(dict.fromkeys((*own, *self.same.get(word, ()))))
        return Wish(word, same[:MOST_WORDS], self.serving.get(word, ())[:MOST_WORDS], bool(own) or word in self.same)


def parse(lines: Iterable[str]) -> Thesaurus:
    """Return what lines of `word word … > word …` say; a word that stands in several means what all of them say.

    `- word …`: said around any wish. A hyphen within a word stands for a blank.
    """
    same: dict[str, dict[str, None]] = {}
    serving: dict[str, dict[str, None]] = {}
    around: set[str] = set()
    for line in lines:
        said, _, behind = normalise(line.partition("#")[0]).partition(_SERVING)
        words, others = _words_in(said), _words_in(behind)
        if said.startswith(_AROUND):
            around.update(words)
            continue
        for word in words:
            same.setdefault(word, {}).update(dict.fromkeys(one for one in words if one != word))
            serving.setdefault(word, {}).update(dict.fromkeys(one for one in others if one != word))
    return Thesaurus(_frozen(same), _frozen(serving), frozenset(around))


def _words_in(said: str) -> list[str]:
    return [word.replace("-", " ") for word in said.removeprefix(_AROUND).split()]


def _frozen(found: Mapping[str, Mapping[str, None]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({word: tuple(others) for word, others in found.items()})


@cache
def thesaurus() -> Thesaurus:
    """Return what everybody's words at work mean, read once."""
    return parse(FILE.read_text(encoding="utf-8").splitlines())


def wishes(text: str, lexicon: Lexicon = PLAIN) -> tuple[Wish, ...]:
    """Return what a text wishes for, in its order; nothing for a text that is too long, or of too many words.

    Of known words that begin at one place the longest counts, where it begins and ends at the edge of a word.
    """
    plain = normalise(text).strip()
    if not plain or len(plain) > LONGEST:
        return ()
    found: dict[str, Wish] = {}
    known = thesaurus()
    for word in _words(plain, lexicon, known):
        if word not in known.around:
            found.setdefault(word, known.wish(word, lexicon.synonyms.get(word, ())))
    return tuple(found.values()) if len(found) <= MOST else ()


def _words(plain: str, lexicon: Lexicon, known: Thesaurus) -> Iterable[str]:
    """Yield the known words of a text, and between them the other words of two characters and more."""
    cut = [one for one in tokens(plain, lexicon.segmenter) if one.kind in ("word", "whole")]
    edges = sorted({edge for one in cut for edge in (one.start, one.end)})
    at = 0
    for start in edges:
        if start < at:
            continue
        spans = {end: plain[start:end] for end in edges if end > start}
        fitting = [end for end, word in spans.items() if word in known.same or word in lexicon.synonyms]
        if fitting:
            at = max(fitting)
            yield plain[start:at]
        elif word := next((one for one in cut if one.start == start and one.end > start), None):
            at = word.end
            if len(word.text) > 1 or word.text in known.around:
                yield word.text
