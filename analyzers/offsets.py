"""Maps places in normalised text back to the original, so that a highlight marks the original's own characters."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from analyzers.charsets import EMOJI, EXTENDING, FLAG, INVISIBLE, JAMO, PREPEND, VIRAMA
from analyzers.normalise import fold, unify
from analyzers.simplify import simplify

# Characters that normalisation maps to one character each, whatever stands beside them: "steady" runs.
_STEADY = "\t\n -~\u00b7\u2013\u2014\u2018-\u201d\u3001-\u3029\u4e00-\u9fff\uff01-\uff5e"
# An invisible character belongs to the cluster before it, so that it does not break a highlight.
_AFTER = f"{EXTENDING}{INVISIBLE}"
_BLANKS_APART = re.compile(r"\S+|\s+")


class Normalised(NamedTuple):
    """A normalised text with the place in the original of each of its stretches."""

    text: str
    size: int
    """Characters of the original."""
    to: "array[int]"
    """Where each grapheme cluster, or steady run, begins in `text`, ascending."""
    starts: "array[int]"
    """Where the same begins in the original."""
    steady: "array[int]"
    """1 where the stretch maps one character to one, so that places inside of it can be mapped too."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return (start, end) in the original for text[start:end]: whole grapheme clusters, at least one."""
        first = bisect_right(self.to, start) - 1
        last = bisect_right(self.to, max(end - 1, start)) - 1
        if first < 0:
            return 0, 0
        begin = self.starts[first] + (start - self.to[first] if self.steady[first] else 0)
        if self.steady[last]:
            return begin, self.starts[last] + max(end, start + 1) - self.to[last]
        return begin, self.starts[last + 1] if last + 1 < len(self.starts) else self.size

    def boundary(self, at: int) -> int:
        """Return the last place at or before `at` where the original may be cut; 0 and its length always may."""
        if at >= self.size:
            return self.size
        last = bisect_right(self.starts, at) - 1
        if last < 0:
            return 0
        size = (self.to[last + 1] if last + 1 < len(self.to) else len(self.text)) - self.to[last]
        return at if self.steady[last] and at < self.starts[last] + size else self.starts[last]


@cache
def _clusters() -> re.Pattern[str]:
    """Return the pattern of one stretch: characters that normalise one for one, or one grapheme cluster.

    Clusters follow Unicode annex 29, a little coarser: a stretch may hold several clusters, never a part of one.
    """
    joined = f"(?<=[{VIRAMA}])\\w|(?<=[{VIRAMA}]\u200d)\\w|(?<=\u200d)[{EMOJI}]"
    base = f"\r\n|[{FLAG}]{{2}}|[\uac00-\ud7a3]?[{JAMO}]+|(?s:.)"
    return re.compile(f"(?P<steady>[{_STEADY}]+(?![{_AFTER}]))|[{PREPEND}]*(?:{base})(?:[{_AFTER}]+(?:{joined})?)*")


def _align(text: str, pattern: re.Pattern[str], change: Callable[[str], str]) -> Normalised:
    to, starts, steady = array("q"), array("q"), array("b")
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(text):
        part = change(match[0])
        if not part:
            continue
        to.append(at)
        starts.append(match.start())
        steady.append(len(part) == len(match[0]) and match.lastgroup == "steady")
        parts.append(part)
        at += len(part)
    return Normalised(simplify("".join(parts)), len(text), to, starts, steady)


def _aligned(text: str, change: Callable[[str], str]) -> Normalised:
    whole = simplify(change(text))
    # Some texts compose across clusters (marks behind invisible characters); for these use coarser stretches.
    for pattern in (_clusters(), _BLANKS_APART):
        aligned = _align(text, pattern, change)
        if aligned.text == whole:
            return aligned
    return Normalised(whole, len(text), array("q", [0]), array("q", [0]), array("b", [0]))


def shape_with_offsets(text: str) -> Normalised:
    """Return what `shape` returns (case kept), with the way back to `text`."""
    return _aligned(text, unify)


def normalise_with_offsets(text: str) -> Normalised:
    """Return what `normalise` returns, with the way back to `text`."""
    return _aligned(text, lambda part: fold(unify(part)))
