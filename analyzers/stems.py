"""Stems of English words: `reports`, `reported` and `reporting` all become `report`."""

import re
from functools import lru_cache

_LONGEST = 32
_VOWELS = "aeiouy"
_has_vowel = re.compile(f"[{_VOWELS}]").search
_doubled = re.compile(r"([bdfgmnprt])\1$").search
_short = re.compile(f"^[^{_VOWELS}]*[{_VOWELS}][^{_VOWELS}wx]$|^[{_VOWELS}][^{_VOWELS}]$").search


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ies", "ied")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("ss", "us")) and _has_vowel(word, 0, len(word) - 2):
        return word[:-1]
    return word


def _without_ending(word: str) -> str:
    if word.endswith(("eed", "eedly")):
        return word[: word.rindex("eed") + 2] if len(word) > 5 else word
    for ending in ("ingly", "edly", "ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and _has_vowel(root):
            break
    else:
        return word
    if root.endswith(("at", "bl", "iz")) or (_short(root) and len(root) > 2):
        return root + "e"
    return root[:-1] if _doubled(root) else root


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return the stem of a case-folded English `word`; any other word as it is.

    This is step 1 of Porter's second stemmer (snowballstem.org/algorithms/english), which removes inflections: plurals,
    -ed and -ing. The later steps would also join `general` and `generate`, and need a library of 11 MB.
    """
    if not (3 <= len(word) <= _LONGEST and word.isascii() and word.isalpha()):
        return word
    word = _without_ending(_singular(word))
    return f"{word[:-1]}i" if len(word) > 2 and word[-1] == "y" and word[-2] not in _VOWELS else word
