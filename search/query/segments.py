"""Which parts of a question may be mistyped, and what each may have been meant to be; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from analyzers import Lexicon, tokens
from analyzers.alike import LONGEST, NEAR, SAME_SOUND, alike
from analyzers.charsets import HAN

_IS_HAN = re.compile(f"[{HAN}]+").fullmatch
_IS_LATIN = re.compile("[a-z]{4,32}").fullmatch
# A longer run without a known word in it is no slip.
_LONGEST_RUN = 8
_MOST_GUESSES = 60
CERTAIN = 2 * SAME_SOUND
"""The cost of a guess that is a word and sounds just like what was typed."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a question: question[start:end], and the same normalised."""

    text: str
    start: int
    end: int

    @property
    def is_han(self) -> bool:
        return bool(_IS_HAN(self.text))

    def overlaps(self, other: Segment) -> bool:
        return self.start < other.end and other.start < self.end

    @property
    def is_latin(self) -> bool:
        return bool(_IS_LATIN(self.text))


@dataclass(frozen=True, slots=True)
class Guess:
    """What a segment may have been meant to be, and how unlikely that is."""

    text: str
    cost: int


def segments(text: str, lexicon: Lexicon) -> list[Segment]:
    """Return the words of a question, in order; single characters in a row are one, as a slip mostly leaves such."""
    found: list[Segment] = []
    for token in tokens(text, lexicon.segmenter):
        if token.kind not in ("word", "whole") or (found and token.start < found[-1].end):
            continue
        segment = Segment(token.text, token.start, token.end)
        before = found[-1] if found else None
        if before and before.end == segment.start and _single(segment) and before.is_han and not _word(before, text):
            found[-1] = Segment(before.text + segment.text, before.start, segment.end)
        else:
            found.append(segment)
    return found


def _single(segment: Segment) -> bool:
    return len(segment.text) == 1 and segment.is_han


def _word(segment: Segment, text: str) -> bool:
    """Return whether a segment is a word of its own, and not characters that stand in a row."""
    return len(segment.text) > 1 and segment.text in {token.text for token in tokens(text[segment.start : segment.end])}


def joined(found: Sequence[Segment], unknown: Collection[Segment]) -> list[Segment]:
    """Return runs of Han that a slip may have cut in two: what is unknown, with unknown or lone characters by it."""
    runs: list[list[Segment]] = []
    for segment in found:
        before = runs[-1][-1] if runs else None
        if (
            before
            and before.end == segment.start
            and before.is_han
            and segment.is_han
            and _joins(before, segment, unknown)
        ):
            runs[-1].append(segment)
        else:
            runs.append([segment])
    whole = (Segment("".join(part.text for part in run), run[0].start, run[-1].end) for run in runs if len(run) > 1)
    return [segment for segment in whole if len(segment.text) <= _LONGEST_RUN]


def _joins(before: Segment, segment: Segment, unknown: Collection[Segment]) -> bool:
    return (before in unknown and (segment in unknown or _single(segment))) or (_single(before) and segment in unknown)


def han_guesses(segment: Segment, own: Sequence[str]) -> list[Guess]:
    """Return a run of Han with one stretch of it put right, likeliest first; none for a long run, which is no slip."""
    if len(segment.text) > _LONGEST_RUN:
        return []
    best: dict[str, Guess] = {}
    for start, end in _stretches(len(segment.text)):
        for found in alike(segment.text[start:end], own):
            guess = Guess(segment.text[:start] + found.text + segment.text[end:], 2 * found.cost + (not found.word))
            if guess.text not in best or guess.cost < best[guess.text].cost:
                best[guess.text] = guess
    return sorted(best.values(), key=lambda guess: (guess.cost, guess.text))[:_MOST_GUESSES]


def _stretches(length: int) -> Iterator[tuple[int, int]]:
    for size in range(2, LONGEST + 1):
        for start in range(length - size + 1):
            yield start, start + size


def latin_guesses(segment: Segment, terms: Iterable[str]) -> list[Guess]:
    """Return those of the terms that differ from a Latin word by a slip or two, nearest first."""
    most = slips(segment.text)
    found = {
        term: OSA.distance(segment.text, term, score_cutoff=most)
        for term in set(terms)
        if term != segment.text and _IS_LATIN(term)
    }
    near = [Guess(term, NEAR * cost) for term, cost in found.items() if cost <= most]
    return sorted(near, key=lambda guess: (guess.cost, guess.text))[:_MOST_GUESSES]


def slips(word: str) -> int:
    return 1 if len(word) < 8 else 2
