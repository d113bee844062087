"""Segmentation of Han into words with jieba's dictionary and model, in a fast implementation (rjieba)."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

Cut = Callable[[str], list[str]]
"""Cuts a text into consecutive words that join back to it."""


class UserWord(NamedTuple):
    """A company's own word; without a `weight` it gets the smallest one that keeps it whole."""

    text: str
    weight: int | None = None


@cache
def default_cut() -> Cut:
    """Return the segmenter that all tenants share. The first call loads its dictionary (some 33 MB)."""
    import rjieba

    cut: Cut = rjieba.cut
    return cut


def cut_with(words: Iterable[UserWord]) -> Cut:
    """Return a segmenter that knows `words` too. Each one holds a dictionary of its own in memory."""
    import rjieba

    jieba = rjieba.Jieba()
    for word in words:
        jieba.add_word(word.text, word.weight, None)
    cut: Cut = jieba.cut
    return cut
