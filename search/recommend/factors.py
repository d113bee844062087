"""Factors of apps (alternating least squares), from the cohorts' cells alone; and those of somebody who uses some.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008), with each cohort (the people
who use one app) in the place of a user: so no factor knows more than the cells tell.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from search.core.errors import ConfigurationError
from search.recommend import rule
from search.recommend.counting import TENANT, cohort
from search.recommend.rule import Cells, Floats

FACTORS: Final = 16
CONFIDENCE: Final = 5.0
REGULARISATION: Final = 1.0
ITERATIONS: Final = 15
SEED: Final = 1


def fitted(cells: Cells) -> NDArray[np.float32]:
    """Return apps × FACTORS; zeros where nothing is told of any app. Raises ConfigurationError."""
    everybody = cells.row(TENANT)
    users = np.zeros(len(cells.apps)) if everybody is None else rule.people(everybody)
    cohorts = np.zeros((len(cells.apps), len(cells.apps)))
    for place, app in enumerate(cells.apps):
        if (row := cells.row(cohort(app))) is not None:
            cohorts[place] = rule.people(row)
    # An app goes with itself; each cohort counts alike, however large.
    np.fill_diagonal(cohorts, users)
    told = csr_matrix(cohorts / np.maximum(cohorts.max(axis=1, keepdims=True, initial=0.0), 1.0))
    if not told.nnz:
        return np.zeros((len(cells.apps), FACTORS), dtype=np.float32)
    library = _library()
    # The library's own threads and those of the numeric one would stand in each other's way.
    with threadpool_limits(1, "blas"):
        model = library(
            factors=FACTORS,
            alpha=CONFIDENCE,
            regularization=REGULARISATION,
            iterations=ITERATIONS,
            random_state=SEED,
            num_threads=1,
            use_gpu=False,
        )
        model.fit(told, show_progress=False)
    found: NDArray[np.float32] = np.where(users[:, None] > 0, model.item_factors, 0.0).astype(np.float32)
    return found


def _library() -> Any:
    """Return the library's model. Raises ConfigurationError where the machine lacks what it is compiled against.

    Imported here, as the API, which only reads factors, need not have it.
    """
    try:
        from implicit.als import AlternatingLeastSquares
    except ImportError as error:
        raise ConfigurationError(
            f"The library implicit cannot be loaded ({error}); where libgomp is missing, install it: on Debian and "
            "Ubuntu the package is libgomp1."
        ) from error
    return AlternatingLeastSquares


def of_somebody(factors: NDArray[np.float32], squared: Floats, used: NDArray[np.intp]) -> Floats:
    """Return the factors of somebody who uses the apps at these places: one step of the same least squares.

    `squared`: the products of all factors with each other.
    """
    mine = factors[used].astype(float)
    left = squared + REGULARISATION * np.eye(len(squared)) + (CONFIDENCE - 1) * (mine.T @ mine)
    found: Floats = np.linalg.solve(left, CONFIDENCE * mine.sum(axis=0))
    return found
