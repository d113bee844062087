"""Whether a document matches a query as it is now: the engine's own answer is as old as its last refresh; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rapidfuzz.distance import OSA

from analyzers import Segmenter
from mappings.collection import ORIGINAL
from mappings.vertical import Vertical

Clause = Mapping[str, Any]


def matches(
    vertical: Vertical,
    stored: Mapping[str, Any],
    query: Clause,
    segmenter: Segmenter | None = None,
    *,
    id: str | None = None,
) -> bool:
    """Return whether a stored document of this vertical matches a query body that `search.query.build` made.

    Its fields are made again from the original, as the analysed ones are not stored; `segmenter` is the tenant's. `id`:
    the document's, for queries that name documents.
    """
    return DocumentMatcher(vertical, stored, segmenter, id=id).matches(query)


class DocumentMatcher:
    """Decides several queries over one document, which is analysed once."""

    def __init__(
        self,
        vertical: Vertical,
        stored: Mapping[str, Any],
        segmenter: Segmenter | None = None,
        *,
        id: str | None = None,
    ) -> None:
        state = vertical.entities[vertical.entity_of(stored)].model_validate(stored[ORIGINAL])
        self._fields = _Fields(vertical, vertical.fields(state, segmenter), id)

    def matches(self, query: Clause) -> bool:
        """Return whether the document matches a query body."""
        return _matches(self._fields, query)


@dataclass(frozen=True)
class _Fields:
    vertical: Vertical
    document: Mapping[str, Any]
    id: str | None = None

    def values(self, name: str) -> list[Any]:
        """Return a field's values; of an analysed one its terms, under the engine's `whitespace`."""
        if self.vertical.properties[name]["type"] == "text":
            return [term for text in self._all(name) for term in text.split()]
        return list(self._all(name))

    def texts(self, name: str) -> list[list[str]]:
        """Return an analysed field's texts, each in terms."""
        return [text.split() for text in self._all(name)]

    def _all(self, name: str) -> Sequence[Any]:
        value = self.document.get(name, ())
        return value if isinstance(value, (list, tuple)) else (value,)


def _matches(fields: _Fields, clause: Clause) -> bool:
    [(kind, body)] = clause.items()
    if kind in _OF_FIELDS:
        return _OF_FIELDS[kind](fields, body)
    if kind not in _OF_VALUES:
        raise NotImplementedError(f"a clause {kind!r} cannot be decided without the engine")
    [(name, wanted)] = body.items()
    return _OF_VALUES[kind](fields.values(name), wanted)


def _bool(fields: _Fields, body: Mapping[str, Any]) -> bool:
    required = [*body.get("must", ()), *body.get("filter", ())]
    if not all(_matches(fields, clause) for clause in required):
        return False
    if any(_matches(fields, clause) for clause in body.get("must_not", ())):
        return False
    optional = body.get("should", ())
    least: int = body.get("minimum_should_match", 0 if required or not optional else 1)
    met = (1 for clause in optional if _matches(fields, clause))
    return sum(islice(met, least)) == least


def _within(value: int, limits: Mapping[str, int]) -> bool:
    return limits.get("gte", value) <= value < limits.get("lt", value + 1)


def _phrase(fields: _Fields, body: Mapping[str, str]) -> bool:
    """Return whether the terms of a phrase stand in one of the field's texts, one next to the other."""
    [(name, phrase)] = body.items()
    wanted = phrase.split()
    length = len(wanted)
    return bool(wanted) and any(
        text[at : at + length] == wanted for text in fields.texts(name) for at in range(len(text) - length + 1)
    )


def _enough(fields: _Fields, body: Mapping[str, Any]) -> bool:
    """Return whether the fields hold, together, as many of the terms as are asked for."""
    terms = body["query"].split()
    held = {term for name in body["fields"] for term in fields.values(name)}
    least = max(1, minimum(body["minimum_should_match"], len(terms)))
    return sum(term in held for term in terms) >= least


_OF_FIELDS: Mapping[str, Callable[[_Fields, Any], bool]] = {
    "match_all": lambda fields, body: True,
    "ids": lambda fields, body: fields.id in body["values"],
    "bool": _bool,
    "dis_max": lambda fields, body: any(_matches(fields, query) for query in body["queries"]),
    "constant_score": lambda fields, body: _matches(fields, body["filter"]),
    "match_phrase": _phrase,
    "multi_match": _enough,
}


def _nearly(values: list[Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether a value is the wanted one but for so many slips, as the engine counts them."""
    most = wanted["fuzziness"]
    return any(OSA.distance(value, wanted["value"], score_cutoff=most) <= most for value in values)


_OF_VALUES: Mapping[str, Callable[[list[Any], Any], bool]] = {
    "term": lambda values, wanted: wanted in values,
    "terms": lambda values, wanted: not set(wanted).isdisjoint(values),
    "prefix": lambda values, wanted: any(value.startswith(wanted) for value in values),
    "fuzzy": _nearly,
    "range": lambda values, wanted: any(_within(value, wanted) for value in values),
}


def minimum(least: str, count: int) -> int:
    """Return how many of `count` terms `minimum_should_match` asks for: `2`, `-1`, `75%`, `-25%`, `2<-25% 6<65%`."""
    if "<" in least:
        for part in reversed(least.split()):
            bound, _, beyond = part.partition("<")
            if count > int(bound):
                return minimum(beyond, count)
        return count
    number = int(least.removesuffix("%"))
    # What is left of a fraction is dropped, on either side of nought.
    wanted = int(number * count / 100) if least.endswith("%") else number
    return count + wanted if number < 0 else wanted
