"""What all models of the API have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A part of a question or an answer. Members that a later version of the service adds are left out of it."""

    # `from` is a word of Python's; `from_` is the same.
    model_config = ConfigDict(populate_by_name=True)
