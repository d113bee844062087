"""What every test has; an engine and a broker are brought by the conftests of the folders that need them."""

from __future__ import annotations

from pathlib import Path

import kit
import pytest
from hypothesis import settings

settings.register_profile("office-search", derandomize=True, deadline=None)
settings.load_profile("office-search")

# Tests that start something of their own besides, or instead: all that is in these folders.
STARTING = {"integration"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """What needs an engine, a broker or a browser is marked so, and nobody has to think of it."""
    if item.path.parent.name in STARTING or "stack" in getattr(item, "fixturenames", ()):
        item.add_marker("engine")
    elif item.path.parent.name == "browser":
        item.add_marker("browser")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The evaluation data beside the repository; what needs it skips where it is absent."""
    folder = kit.shared_data()
    if folder is None:
        pytest.skip("the shared evaluation data are not here (OFFICE_SEARCH_SHARED_DATA)")
    return folder
