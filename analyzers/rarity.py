"""How rare words are in everyday Chinese, by jieba's dictionary: told of a text without looking at any other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import log
from typing import Final

from analyzers.alike import dictionary_file

# Words of jieba's corpus that are more frequent than this tell no texts apart: 的, 使用, 可以.
_COMMON_SHARE: Final = 1 / 5_000
# What the dictionary does not know is a name or a term; the rarest of what it knows counts as much.
_LEAST: Final = 3


def rarity(words: Collection[str]) -> Mapping[str, float]:
    """Return for each word how rare it is: 0 for the commonest, about 9 for what nobody says.

    Reads the whole dictionary, half a second: for a batch, never for a request.
    """
    counts: dict[str, int] = {}
    total = 0
    with dictionary_file().open(encoding="utf-8") as lines:
        for line in lines:
            word, count, *_ = line.split(" ")
            total += int(count)
            if word in words:
                counts[word] = int(count)
    most = total * _COMMON_SHARE
    return {word: max(0.0, log(most / max(counts.get(word, _LEAST), _LEAST))) for word in words}
