"""How alike apps are by what they say of themselves: category, tags, name and description; pure.

How alike two apps are depends on these two alone: no other one, which a caller may not see, has a part in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from analyzers import Segmenter, analyse
from analyzers.rarity import rarity
from search.recommend.store import App

# A label says on purpose what a word of the description says by the way.
LABEL_COUNTS: Final = 8.0
SHORTEST_WORD: Final = 2
LEAST: Final = 0.1
"""Less is chance, and counts as nothing: two texts of one language share some words."""


def likeness(apps: Sequence[App], segmenter: Segmenter | None = None) -> NDArray[np.float32]:
    """Return apps × apps: the cosine of what they say, rare words counting more; 0 for an app and itself."""
    said = [Counter(_words(app, segmenter)) for app in apps]
    rare = rarity({word for words in said for word in words})
    told = [
        {word: (1 + log(count)) * rare[word] for word, count in words.items()}
        | dict.fromkeys(_labels(app), LABEL_COUNTS)
        for app, words in zip(apps, said, strict=True)
    ]
    places = {term: place for place, term in enumerate(sorted({term for terms in told for term in terms}))}
    entries = [(row, places[term], weight) for row, terms in enumerate(told) for term, weight in sorted(terms.items())]
    rows, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_matrix((weights, (rows, columns)), (len(apps), max(len(places), 1)), dtype=np.float64)
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    found = (matrix @ matrix.T).toarray() / np.maximum(np.outer(norms, norms), 1e-12)
    np.fill_diagonal(found, 0.0)
    # To so many digits, as the order in which numbers are added up must not show.
    return np.where(found >= LEAST, found.round(4), 0.0).astype(np.float32)


def _labels(app: App) -> Iterator[str]:
    yield from (f"={label}" for label in (app.category, *app.tags) if label)


def _words(app: App, segmenter: Segmenter | None) -> Iterator[str]:
    words = analyse(f"{app.name} {app.description}", segmenter).words.split()
    yield from (word for word in words if len(word) >= SHORTEST_WORD)
