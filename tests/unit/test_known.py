"""What is not known for certain counts as known, so that a missing index is a failure and no empty result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pytest

from indexers.generations import Generation, Registry
from search.health.known import STALE_S, KnownTenants


class Recorded:
    """A registry of two generations; the record of the docs is missing."""

    def __init__(self) -> None:
        self.tenants = self

    async def all(self) -> list[Generation]:
        states: list[Any] = [("apps", 1, "retired"), ("apps", 2, "serving"), ("docs", 1, "serving")]
        return [Generation(*one, {}, "v", "2026") for one in states]

    async def of(self, names: Iterable[str]) -> dict[str, frozenset[str]]:
        return {"apps-000002": frozenset({"acme"})} if "apps-000002" in names else {}


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def known(now: list[float]) -> KnownTenants:
    return KnownTenants(cast(Registry, Recorded()), lambda: now[0])


def test_before_the_first_look_everything_counts_as_known(known: KnownTenants) -> None:
    assert known("apps", "never")


async def test_what_is_recorded_of_the_serving_generation_is_known(known: KnownTenants) -> None:
    await known.look()
    assert known("apps", "acme")
    assert not known("apps", "never")


async def test_a_collection_without_a_record_counts_as_known(known: KnownTenants) -> None:
    await known.look()
    assert known("docs", "never")


async def test_a_look_that_is_too_old_counts_for_nothing(known: KnownTenants, now: list[float]) -> None:
    await known.look()
    now[0] += STALE_S + 0.1
    assert known("apps", "never")
