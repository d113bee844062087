"""The engine's field types as they are used here."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
Properties = dict[str, Any]

KEYWORD: Properties = {"type": "keyword"}
# Whether a term occurs and how often is all that scoring bigrams needs; leaving positions out saves a third.
FREQUENCIES: Properties = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
POSITIONS: Properties = {"type": "text", "analyzer": "whitespace", "index_options": "positions"}
