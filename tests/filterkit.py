"""What the engine makes of the access filter, for its few kinds of clauses, on one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def engine_says(document: Mapping[str, Any], clause: Mapping[str, Any]) -> bool:
    [(kind, body)] = clause.items()
    match kind:
        case "match_none":
            met = False
        case "bool":
            met = (
                all(engine_says(document, inner) for inner in body.get("filter", ()))
                and not any(engine_says(document, inner) for inner in body.get("must_not", ()))
                and ("should" not in body or any(engine_says(document, inner) for inner in body["should"]))
            )
        case "script":
            since = body["script"]["params"]["since"].get(document["conversation_id"])
            met = since is not None and document["sent_at"] >= since
        case _:
            [(field, wanted)] = body.items()
            held = document.get(field, [])
            met = _says_of_values(document, kind, held if isinstance(held, list) else [held], wanted)
    return met


def _says_of_values(document: Mapping[str, Any], kind: str, values: list[Any], wanted: Any) -> bool:
    match kind:
        case "term":
            return wanted in values
        case "terms":
            return bool(set(wanted) & set(values))
        case "range":
            return any(value >= wanted["gte"] for value in values)
        case "terms_set":
            held = len(set(wanted["terms"]) & set(values))
            return bool(held >= document[wanted["minimum_should_match_field"]])
    raise AssertionError(f"a clause {kind!r} in the access filter")
