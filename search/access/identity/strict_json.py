"""Reads JSON that proves something: a name that stands twice in an object is an error, as either could count."""

from __future__ import annotations

import json
from typing import Any

import orjson


class RepeatedName(ValueError):
    """An object holds a name twice: two readers could take different values for the one that counts."""


def loads(raw: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises RepeatedName for an object with a name in it twice, at any depth, and ValueError for anything else wrong.
    """
    # Strict where the standard library is not: about NaN, lone surrogates and depth.
    value = orjson.loads(raw)
    try:
        json.loads(raw, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("the JSON text is nested too deeply") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise RepeatedName("a name stands twice in one JSON object")
