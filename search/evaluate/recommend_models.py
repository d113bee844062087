"""What the product is compared with: recommenders of one idea each, by the same use and rule of groups; pure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from search.recommend.people import People
from search.recommend.rule import LEAST_OTHERS, LEAST_USERS, Floats, may_be_told

SEED: Final = 13
NAMES: Final = ("department", "items", "popularity", "random")


@dataclass(frozen=True, eq=False)
class Ground:
    """What every model knows. `used`: people × apps, who uses what.

    `open_to`: people × apps, what each may see and their log does not hold. `own`: the departments of each person.
    """

    people: People
    apps: Sequence[str]
    used: csr_matrix
    open_to: NDArray[np.bool_]
    own: Sequence[Sequence[str]]

    @cached_property
    def users(self) -> Floats:
        """How many people use each app."""
        found: Floats = np.asarray(self.used.sum(axis=0)).ravel()
        return found

    def lists(self, scores: Floats, length: int) -> list[list[str]]:
        """Return the best apps for each person; equals in the apps' order."""
        told = np.where(self.open_to, scores, -np.inf)
        best = np.argsort(-told, axis=1, kind="stable")[:, :length]
        return [
            [self.apps[place] for place in row.tolist() if self.open_to[person, place]]
            for person, row in enumerate(best)
        ]

    def models(self, *, ruled: bool) -> Mapping[str, Floats]:
        """Return people × apps for each model. `ruled`: by the rule of groups, else as if there were none."""
        popularity = np.where(may_be_told(self.users, len(self.people.ids)), self.users, 0) if ruled else self.users
        everybody = np.tile(popularity, (len(self.people.ids), 1))
        # Ties go by popularity, which does any of them good.
        shade = 1e-6 * everybody
        return {
            "department": self._department(ruled=ruled) + shade,
            "items": self._items(ruled=ruled) + shade,
            "popularity": everybody,
            "random": np.random.default_rng(SEED).random(everybody.shape),
        }

    def _department(self, *, ruled: bool) -> Floats:
        """Return how many people of each person's own department use each app."""
        counted = (self.people.matrix @ self.used).toarray()
        if ruled:
            counted = np.where(may_be_told(counted, self.people.sizes[:, None]), counted, 0)
        places = {group: place for place, group in enumerate(self.people.large)}
        found = np.zeros((len(self.people.ids), len(self.apps)))
        for person, departments in enumerate(self.own):
            for place in (places[name] for id in departments if (name := f"department:{id}") in places):
                found[person] = np.maximum(found[person], counted[place])
        return found

    def _items(self, *, ruled: bool) -> Floats:
        """Return the sum of what goes with what each person uses: item to item, with BM25 weights."""
        from implicit.nearest_neighbours import BM25Recommender

        with threadpool_limits(1, "blas"), warnings.catch_warnings():
            # It warns of a form of matrix that it made itself.
            warnings.simplefilter("ignore")
            model = BM25Recommender(K=len(self.apps), num_threads=1)
            model.fit(csr_matrix(self.used), show_progress=False)
        likeness = model.similarity.toarray()
        np.fill_diagonal(likeness, 0)
        if ruled:
            both = (self.used.T @ self.used).toarray()
            told = (both >= LEAST_USERS) & (self.users[:, None] - both >= LEAST_OTHERS)
            likeness = np.where(told, likeness, 0)
        found: Floats = self.used @ likeness
        return found
