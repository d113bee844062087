"""A model as documents and back: what it says of itself, and its arrays; pure."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from mappings.figures import MODEL
from search.recommend.model import Model, Weights
from search.recommend.rule import Cells

# Of the documents: figures of another version count as none, until the next run.
VERSION: Final = 1
ARRAYS: Final = ("steps", "since", "factors", "alike_at", "alike_of", "alike", "published")
IDS: Final = (MODEL, *ARRAYS)


def documents(model: Model) -> dict[str, dict[str, Any]]:
    """Return the documents of a model, by id."""
    alike = csr_matrix(model.alike)
    arrays = {
        "steps": model.cells.steps,
        "since": model.cells.since,
        "factors": model.factors,
        "alike_at": alike.indptr.astype(np.int32),
        "alike_of": alike.indices.astype(np.int32),
        "alike": alike.data.astype(np.float32),
        "published": model.published,
    }
    head = {
        "version": VERSION,
        "number": model.number,
        "as_of": model.as_of,
        "made_at": model.made_at,
        "apps": list(model.apps),
        "rows": list(model.cells.rows),
        "sizes": dict(model.sizes),
        "weights": dict(model.weights.values),
        "fitted": model.weights.fitted,
    }
    return {MODEL: head} | {name: _packed(array) for name, array in arrays.items()}


def model_of(found: Mapping[str, Mapping[str, Any]]) -> Model | None:
    """Return the model that documents are of; None where they are of another version. Raises KeyError for a gap."""
    head = found[MODEL]
    if head["version"] != VERSION:
        return None
    arrays = {name: _unpacked(found[name]) for name in ARRAYS}
    apps = head["apps"]
    alike = csr_matrix((arrays["alike"], arrays["alike_of"], arrays["alike_at"]), (len(apps), len(apps)))
    return Model(
        head["number"],
        head["as_of"],
        head["made_at"],
        apps,
        arrays["published"],
        Cells(head["rows"], apps, arrays["steps"], arrays["since"]),
        head["sizes"],
        arrays["factors"],
        alike.toarray().astype(np.float32),
        Weights(head["weights"], head["fitted"]),
    )


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    data = b64encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode()
    return {"type": array.dtype.str, "shape": list(array.shape), "data": data}


def _unpacked(stored: Mapping[str, Any]) -> NDArray[Any]:
    data = zlib.decompress(b64decode(stored["data"]))
    return np.frombuffer(data, dtype=stored["type"]).reshape(stored["shape"])
