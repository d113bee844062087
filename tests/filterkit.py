"""What tests of the access filter share: rules of conversations, and what the engine makes of the filter's clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.directory import CONVERSATION_PAGES, page_number
from search.access.principal import Rule, Rules


def rules(**known: Rule) -> Rules:
    """The rules of these conversations, by id."""
    pages: list[dict[str, Rule]] = [{} for _ in range(CONVERSATION_PAGES)]
    for id, rule in known.items():
        pages[page_number(id)][id] = rule
    return Rules(pages)


def engine_says(document: Mapping[str, Any], clause: Mapping[str, Any]) -> bool:
    """Whether the engine finds the document by the clause, of which there are only a few kinds."""
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
