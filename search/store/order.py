"""In which order apps go: by how well they fit and how much they are used, by use alone, by its change, by date; pure.

What use comes to is a batch figure, the same for every caller, in steps (`search/recommend/figures.py`). Apps without
figures count as used by nobody, and of equals the newer goes first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.query.build import best_first
from search.recommend.figures import AppFigure, AppFigures
from search.store.question import Order

# The most used and best rated app of all counts for so much more than one of equal text that nobody uses.
BY_USE, BY_RATING = 0.25, 0.05
MIDDLE_RATING, WIDEST = 3.0, 2.0
Worth = Callable[[AppFigure], float]


def ordered(text: Clause, figures: AppFigures, sort: Order, *, has_text: bool) -> Clause:
    """Return the query that scores what `text` finds in this order.

    Without text to fit, what fits best is what is used most.
    """
    if sort == "new":
        return {"bool": {"filter": [text]}}
    if sort == "trending":
        return _weighed({"bool": {"filter": [text]}}, figures, lambda one: 2.0**one.trend, "replace")
    most = max((one.popularity for one in figures.apps.values()), default=0.0)
    if sort == "popular" or not has_text:
        return _weighed({"bool": {"filter": [text]}}, figures, lambda one: 1.0 + one.popularity, "replace")
    return _weighed(text, figures, lambda one: quality(one, most), "multiply")


def order(vertical: Vertical, sort: Order) -> Sequence[Any]:
    """Return by what apps are sorted: by date alone, or by score and date."""
    return [one for one in best_first(vertical) if sort != "new" or one != "_score"]


def quality(figure: AppFigure, most: float) -> float:
    """Return by how much an app's use lifts or lowers it among those that fit as well: about 1. `most`: of any app."""
    use = math.log1p(figure.popularity) / math.log1p(most) if most > 0 else 0.0
    rated = 0.0 if figure.rating is None else (figure.rating - MIDDLE_RATING) / WIDEST
    return 1.0 + BY_USE * use + BY_RATING * rated


def _weighed(query: Clause, figures: AppFigures, worth: Worth, mode: str) -> Clause:
    """Return a query whose score is multiplied with, or replaced by, what each app is worth; without figures 1."""
    # One clause for all apps of a step.
    steps: Mapping[float, list[str]] = defaultdict(list)
    for id, figure in sorted(figures.apps.items()):
        if (weight := round(worth(figure), 3)) != 1.0:
            steps[weight].append(id)
    functions = [{"filter": {"ids": {"values": ids}}, "weight": weight} for weight, ids in sorted(steps.items())]
    if not functions:
        return query if mode == "multiply" else {"constant_score": {"filter": query}}
    return {"function_score": {"query": query, "functions": functions, "score_mode": "first", "boost_mode": mode}}
