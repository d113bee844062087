"""The keyword terms by which a name is found other than by its own characters: pinyin and initials."""

from __future__ import annotations

from collections.abc import Iterable

from analyzers import analyse_name


def name_terms(names: Iterable[str]) -> list[str]:
    """Names → their distinct terms, in a stable order."""
    return list(dict.fromkeys(term for name in names for term in (*analyse_name(name).pinyin, *analyse_name(name).initials)))
