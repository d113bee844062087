"""The version of the analysis that made an index, so that no query is asked with another one."""

import hashlib
from importlib.metadata import version
from unicodedata import unidata_version

CODE = "3"
"""Raise this with every change that gives any text other terms; generations must then be built anew."""

# The packages whose dictionaries and tables go into the terms; rjieba holds jieba's dictionary.
_PACKAGES = ("rjieba", "opencc", "pypinyin")


def _hash() -> str:
    parts = [CODE, unidata_version, *(f"{name}={version(name)}" for name in _PACKAGES)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


ANALYSIS_VERSION: str = _hash()
"""Twelve hexadecimal digits: a hash of CODE and of the versions of Unicode, rjieba, OpenCC and pypinyin."""

PREVIOUS_ANALYSIS_VERSIONS: tuple[str, ...] = ("905fa42e384c",)
"""Earlier versions that may still be searched, until their generations have been built anew."""

SUPPORTED_ANALYSIS_VERSIONS: frozenset[str] = frozenset({ANALYSIS_VERSION, *PREVIOUS_ANALYSIS_VERSIONS})
"""The versions of generations that this process may search."""
