"""How a document is suggested: its name with what was typed marked, and what tells it from its namesakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from mappings.catalogue import Catalogue
from mappings.collection import ORIGINAL
from mappings.parts.suggesting import Suggested
from mappings.vertical import Vertical
from search.access.candidates import Candidate
from search.access.reader import Found, Place
from search.query.highlight import HighlightTerms, mark_name
from search.query.hits import on_request
from search.suggest.answer import Suggestion

BETWEEN = " · "


def naming(catalogue: Catalogue, candidates: Iterable[Candidate]) -> Iterator[tuple[Vertical, str]]:
    """Yield the documents whose names end the details of these candidates."""
    for candidate in candidates:
        suggested = candidate.vertical.suggested
        for field, entity in (suggested.named or {}).items() if suggested else ():
            if id := candidate.fields.get(field):
                yield _place(catalogue, entity, str(id))


def suggestion(
    found: Found, why: str, typed: str, terms: HighlightTerms | None, named: Mapping[Place, Found], catalogue: Catalogue
) -> Suggestion | None:
    """Return a document as a suggestion; None where such a one is never suggested.

    `named`: what was read, with what names departments and owners in it.
    """
    vertical, document = found.vertical, found.document
    original = document[ORIGINAL]
    entity = vertical.entity_of(document)
    suggested = vertical.suggested
    kind = suggested.kind(entity, original) if suggested else None
    if suggested is None or kind is None or not (name := original.get(suggested.called)):
        return None
    detail = [*suggested.detail(entity, original), *_names(suggested, document, named, catalogue)]
    return Suggestion(
        kind,
        mark_name(name, typed, terms, fuzzy=why == "typo") if typed else escape(name),
        vertical.name,
        found.document_id.rpartition(":")[2],
        BETWEEN.join(dict.fromkeys(detail)),
        why,
        {**suggested.fields(entity, original), **on_request(found)},
    )


def _names(
    suggested: Suggested, document: Mapping[str, Any], named: Mapping[Place, Found], catalogue: Catalogue
) -> Iterator[str]:
    for field, entity in (suggested.named or {}).items():
        ids = document.get(field) or ()
        for id in [ids] if isinstance(ids, str) else ids[:1]:
            vertical, document_id = _place(catalogue, entity, id)
            if there := named.get((vertical.name, document_id)):
                yield there.document[ORIGINAL].get("name") or ""


def _place(catalogue: Catalogue, entity: str, id: str) -> tuple[Vertical, str]:
    vertical = catalogue.holding(entity)
    return vertical, vertical.document_id(entity, id)
