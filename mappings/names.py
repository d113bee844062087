"""The keys by which a name is found other than by its own characters: pinyin and initials."""

from __future__ import annotations

from collections.abc import Iterable

from analyzers import analyse_name
from mappings.properties import KEYWORD, Document, Properties

PINYIN, INITIALS, INNER, RUNS = "pinyin", "initials", "inner", "runs"
NAME_PROPERTIES: dict[str, Properties] = dict.fromkeys((PINYIN, INITIALS, INNER, RUNS), KEYWORD)


def name_keys(names: Iterable[str]) -> Document:
    """Names → the values of these fields: distinct, likeliest reading first."""
    analysed = [analyse_name(name) for name in names]
    return {
        field: list(dict.fromkeys(key for keys in analysed for key in getattr(keys, field)))
        for field in NAME_PROPERTIES
    }
