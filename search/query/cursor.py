"""Where the next page begins: how many hits of each vertical the pages before have taken."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import orjson

from search.core.errors import BadRequest

# The engine looks no further into a list than this.
DEEPEST = 9_000


def encode(taken: Mapping[str, int]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(dict(sorted(taken.items())))).decode().rstrip("=")


def decode(cursor: str | None) -> dict[str, int]:
    """Return what `encode` was given. Raise BadRequest for anything that it has not made."""
    if not cursor:
        return {}
    try:
        taken = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise BadRequest("cursor: not one that this service gave; ask without it for the first page.") from None
    if not isinstance(taken, dict) or not all(type(n) is int and 0 <= n <= DEEPEST for n in taken.values()):
        raise BadRequest("cursor: not one that this service gave; ask without it for the first page.")
    return {str(name): n for name, n in taken.items()}
