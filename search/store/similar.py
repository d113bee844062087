"""What is like an app: by what it says of itself, and by what its people use as well; pure.

The content's query takes the app's own category, tags and description. Nothing in it is chosen by how rare a word is,
as the engine counts that among documents that the caller may not see, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from analyzers import Segmenter, analyse
from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.recommend.figures import AppFigure
from search.store.answer import Reason

CATEGORY, TAG, WORDS = 2.0, 4.0, 1.0
# Of the description's words, so many must be held by what shares neither category nor tag.
ENOUGH = "30%"
MOST_TERMS = 60
# Reciprocal rank fusion, as of a search's verticals (`search/query/merge.py`).
RANK_CONSTANT = 60
BY_USE, BY_CONTENT = 1.5, 1.0

TEXTS: Mapping[tuple[str, str], str] = {
    ("used_together", "zh"): "用「{}」的人也在用",
    ("used_together", "en"): "People who use {} use it as well",
    ("similar_to", "zh"): "和「{}」相似",
    ("similar_to", "en"): "Like {}",
}


def content_query(vertical: Vertical, id: str, original: Mapping[str, Any], segmenter: Segmenter | None) -> Clause:
    """Return the query for what says the same of itself as the app of this id, which is left out."""
    words = list(dict.fromkeys(analyse(original["description"], segmenter).words.split()))[:MOST_TERMS]
    description = next(text for text in vertical.matching.texts if text.name == "description").fields[0]
    shared: list[Clause] = [_worth({"term": {"category": original["category"]}}, CATEGORY)]
    shared += [_worth({"term": {"tags": tag}}, TAG) for tag in original.get("tags") or ()]
    enough: Clause = {"match": {description: {"query": " ".join(words), "minimum_should_match": ENOUGH}}}
    likeness = [{"match": {description: {"query": " ".join(words), "boost": WORDS}}}] if words else []
    return {
        "bool": {
            "filter": [{"bool": {"should": [*shared, *([enough] if words else [])], "minimum_should_match": 1}}],
            "should": [*shared, *likeness],
            "must_not": [{"ids": {"values": [id]}}],
        }
    }


def _worth(filter: Clause, boost: float) -> Clause:
    return {"constant_score": {"filter": filter, "boost": boost}}


def mixed(figure: AppFigure, by_content: Sequence[str]) -> list[str]:
    """Return the ids of both lists together, best first."""
    worth: defaultdict[str, float] = defaultdict(float)
    lists = ((BY_USE, [one.app_id for one in figure.together]), (BY_CONTENT, by_content))
    for weight, ids in lists:
        for rank, id in enumerate(ids, 1):
            worth[id] += weight / (RANK_CONSTANT + rank)
    return sorted(worth, key=lambda id: (-worth[id], id))


def reason(figure: AppFigure, id: str, app_id: str, name: str, language: Literal["zh", "en"]) -> Reason:
    """Return why `id` is shown beside the app `app_id`, whose `name` the caller may see."""
    kind: Literal["used_together", "similar_to"] = (
        "used_together" if any(one.app_id == id for one in figure.together) else "similar_to"
    )
    return Reason(kind, TEXTS[kind, language].format(name), app_id)
