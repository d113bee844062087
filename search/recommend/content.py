"""How alike apps are by what they say of themselves: category, tags, developer, name and description; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from analyzers import Segmenter, analyse
from search.recommend.store import App

# A label says on purpose what a word of the description says by the way.
LABEL_COUNTS: Final = 3
SHORTEST_WORD: Final = 2
MOST: Final = 40
"""Likenesses that are kept of each app, the highest."""


def likeness(apps: Sequence[App], segmenter: Segmenter | None = None) -> NDArray[np.float32]:
    """Return apps × apps: the cosine of what they say, words that few say counting more; 0 for an app and itself."""
    said = [Counter(_terms(app, segmenter)) for app in apps]
    saying = Counter(term for terms in said for term in terms)
    places = {term: place for place, term in enumerate(saying)}
    entries = [
        (row, places[term], (1 + log(count)) * log(1 + len(apps) / saying[term]))
        for row, terms in enumerate(said)
        for term, count in terms.items()
    ]
    rows, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_matrix((weights, (rows, columns)), (len(apps), max(len(places), 1)), dtype=np.float64)
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    found = (matrix @ matrix.T).toarray() / np.maximum(np.outer(norms, norms), 1e-12)
    np.fill_diagonal(found, 0.0)
    return _highest(found.astype(np.float32))


def _highest(found: NDArray[np.float32]) -> NDArray[np.float32]:
    if found.shape[1] > MOST:
        least = np.partition(found, -MOST, axis=1)[:, -MOST][:, None]
        found = np.where(found >= least, found, np.float32(0))
    return found


def _terms(app: App, segmenter: Segmenter | None) -> Iterator[str]:
    for label in (app.category, *app.tags, app.developer):
        if label:
            yield from [f"={label}"] * LABEL_COUNTS
    for word in analyse(f"{app.name} {app.description}", segmenter).words.split():
        if len(word) >= SHORTEST_WORD:
            yield word
