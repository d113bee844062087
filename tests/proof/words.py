"""The words of made-up companies: so unlike each other that to be found by one is to hold it, whatever the analysis."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Way = Literal["written", "pinyin", "initials", "slip"]


@dataclass(frozen=True)
class Word:
    """A word and the other ways of typing it: full pinyin and initials (names only), and with a slip."""

    written: str
    slip: str
    pinyin: str = ""
    initials: str = ""

    def __repr__(self) -> str:
        return self.written

    def typed(self, way: Way) -> str:
        """As it is typed in a way that it has; else as it is written."""
        return getattr(self, way, "") or self.written

    def has(self, way: Way) -> bool:
        return bool(getattr(self, way))


# No two Latin words are nearer than five slips, none can be read as pinyin, none has an ending that is cut off. No two
# Han words share a character or a syllable, and no initial is a first in one and a second in another.
LATIN = (
    Word("zqbcdx", "zqcbdx"),
    Word("kwvmrp", "kwvnrp"),
    Word("njxtvk", "njxtvvk"),
    Word("rzpgnw", "rzpnw"),
)
HAN = (
    Word("桂花", "贵花", "guihua", "gh"),
    Word("枫糖", "风糖", "fengtang", "ft"),
    Word("冬笋", "东笋", "dongsun", "ds"),
)
CROWDED = Word("wqxkvzbnrtpmgdhsljfcbt", "wqxkbznrtpmgdhsljfcbt")
"""Long enough that more than a thousand words are one slip away from it as it is mistyped."""
WISHED, WISHES = "请假", frozenset({"年休假", "事假"})
"""What somebody wants done, and words by which an app may say that it does it."""
NUMBER = Word("70415893", "70415839")
WORDS = (LATIN[0], HAN[0], LATIN[1], HAN[1], LATIN[2], HAN[2], LATIN[3])
PAIRS = tuple(zip(WORDS, (*WORDS[1:], WORDS[0]), strict=True))
"""Those of them that stand in a row somewhere."""


def near(text: str) -> Iterator[str]:
    """Everything that is one letter away from a word: one wrong, one too many, one too few."""
    for at in range(len(text) + 1):
        yield from (text[:at] + letter + text[at:] for letter in string.ascii_lowercase)
        yield from (text[:at] + letter + text[at + 1 :] for letter in string.ascii_lowercase)
        yield text[:at] + text[at + 1 :]


_TOKEN = re.compile(r"\w+")


def tokens(text: str) -> list[str]:
    """The words of a text in order; in these companies something that is no letter or digit stands between any two."""
    return [token.casefold() for token in _TOKEN.findall(text)]
