"""How a document is shown under one query: its title, a snippet, its fields, and the names joined to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from mappings.collection import ORIGINAL
from mappings.parts.display import Shown
from mappings.vertical import Vertical
from search.access.candidates import Candidate
from search.access.clauses import Clause
from search.access.principal import Principal, Rules
from search.access.reader import Found
from search.query import build, merge
from search.query.answer import Hit
from search.query.highlight import HighlightTerms, highlight_terms, holds_any, mark, mark_name, snippet
from search.query.joined_names import JoinedNames
from search.query.matcher import matches
from search.query.resolved import ResolvedQuery


def shown(found: Found) -> Shown:
    """Return what a document shows by itself."""
    vertical = found.vertical
    return vertical.display.show(vertical.entity_of(found.document), found.document[ORIGINAL])


def on_request(found: Found) -> dict[str, str]:
    """Return the mark of a document that the caller may find, and ask for, but not open."""
    return {} if found.opens else {"access": "request"}


def with_names(vertical: Vertical, fields: Mapping[str, Any], names: JoinedNames, rules: Rules) -> dict[str, Any]:
    """Return what a hit tells of a document: its fields, with those that other entities are joined for."""
    told = dict(fields)
    if joined := vertical.display.joined:
        for of, into in joined.people.items():
            if name := names.people.get(told.get(of, "")):
                told[into] = name
        if (rule := rules.get(told.get(joined.conversation, ""))) and rule.archived:
            told["archived"] = True
    return told


def conversation_title(vertical: Vertical, fields: Mapping[str, Any], names: JoinedNames) -> str:
    """Return, as HTML, what the conversation of a document is called; nothing where it has no name."""
    joined = vertical.display.joined
    return escape(names.conversations.get(fields.get(joined.conversation, ""), "")) if joined else ""


class HitView:
    """Shows documents under a query.

    `fuzzy`: the verticals in which names were looked for with a typo. `also`: conditions beside the query.
    """

    def __init__(
        self, query: ResolvedQuery, caller: Principal, fuzzy: Collection[str] = (), also: Sequence[Clause] = ()
    ) -> None:
        self.query = query
        self._also = also
        self._fuzzy = fuzzy
        self._rules = caller.rules
        said = " ".join((query.text, *(way.text for way in query.variants)))
        self._terms: HighlightTerms = highlight_terms(said, query.phrases, query.lexicon.segmenter)

    def still_matches(self, candidate: Candidate, found: Found) -> bool:
        """Return whether a document that was changed after the engine's last refresh still meets the query."""
        if candidate.version == found.version:
            return True
        query = replace(self.query, fuzzy=found.vertical.name in self._fuzzy)
        body = {"bool": {"must": [build.query_body(query, found.vertical)], "filter": list(self._also)}}
        return matches(found.vertical, found.document, body, query.lexicon.segmenter, id=found.document_id)

    def hit(self, place: merge.Ranked, found: Found, names: JoinedNames) -> Hit:
        """Return a document as a hit; `names` are what the entities that it speaks of are called."""
        vertical = found.vertical
        told = shown(found)
        id = found.document_id.rpartition(":")[2]
        fields = with_names(vertical, told.fields, names, self._rules) | on_request(found)
        if vertical.display.joined:
            title = conversation_title(vertical, fields, names)
        else:
            # An entity without a name of its own, such as a direct conversation, is called by its other side.
            title = self._title(vertical, names.conversations.get(id, "") if told.title is None else told.title)
        return Hit(vertical.name, id, place.score, title, self._snippet(told), fields)

    def _title(self, vertical: Vertical, title: str) -> str:
        if not vertical.matching.names:
            return mark(title, self._terms)
        return mark_name(title, self.query.text, self._terms, fuzzy=vertical.name in self._fuzzy)

    def _snippet(self, told: Shown) -> str:
        """Return a snippet of the first passage that matches, else the beginning of the first."""
        passages: Sequence[str] = told.passages
        if len(passages) > 1:
            passages = [text for text in passages if holds_any(text, self._terms)] or passages
        return snippet(passages[0], self._terms) if passages else ""
