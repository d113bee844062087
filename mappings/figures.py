"""Where the figures of apps are kept: an index for each tenant and run, and one for who runs and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

NAME: Final = "figures"
RUNS: Final = "figures_runs"

MODEL: Final = "model"
"""The id of the document that says what run it is; the others' hold its arrays."""

# Nothing in them is searched.
MAPPING: Mapping[str, Any] = MappingProxyType({"enabled": False})


def alias(tenant: str) -> str:
    """Return the name by which the figures that count are read."""
    return f"{NAME}.{tenant}"


def index(tenant: str, number: int) -> str:
    """Return the name of the index of one run."""
    return f"{NAME}-{number:06d}-{tenant}"


def run_of(index: str) -> tuple[str, int]:
    """Return the tenant and the number of the run whose index has this name, as `index` makes it."""
    number, _, tenant = index.removeprefix(f"{NAME}-").partition("-")
    return tenant, int(number)
