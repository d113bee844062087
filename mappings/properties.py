"""The engine's field types as they are used here."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
Properties = dict[str, Any]

KEYWORD: Properties = {"type": "keyword"}
LONG: Properties = {"type": "long"}
INTEGER: Properties = {"type": "integer"}
BOOLEAN: Properties = {"type": "boolean"}
# What each field of a text needs (docs/adr/0004): pairs no more than to be there, words how often, and only the literal
# run where. Each step is a part of the index.
PRESENCE: Properties = {"type": "text", "analyzer": "whitespace", "index_options": "docs"}
FREQUENCIES: Properties = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
POSITIONS: Properties = {"type": "text", "analyzer": "whitespace", "index_options": "positions"}
