"""The version of the analysis that made an index, so that no query is asked with another one."""

import hashlib
from importlib.metadata import version
from unicodedata import unidata_version

CODE = "2"
"""Raise this with every change that gives any text other terms; generations must then be built anew."""

# The packages whose dictionaries and tables go into the terms; rjieba holds jieba's dictionary.
_PACKAGES = ("rjieba", "opencc", "pypinyin")


def _hash() -> str:
    parts = [CODE, unidata_version, *(f"{name}={version(name)}" for name in _PACKAGES)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


ANALYSIS_VERSION: str = _hash()
"""Twelve hexadecimal digits over our code's declared version, Unicode, segmenter, OpenCC and pypinyin."""

BEFORE: tuple[str, ...] = ("c392a8d8fc50",)
"""The version before this one, kept here while generations of it still serve and are being built anew."""

SPOKEN: frozenset[str] = frozenset({ANALYSIS_VERSION, *BEFORE})
"""The versions whose generations may be asked."""
