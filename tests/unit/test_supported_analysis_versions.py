"""A process that does not support the analysis of a serving generation is not ready, and says what to run."""

from __future__ import annotations

from kit import VERTICALS

from analyzers import ANALYSIS_VERSION
from indexers.generations import Generation
from search.health.readiness import _unsupported_analysis


def generation(collection: str, version: str) -> Generation:
    return Generation(collection, 3, "serving", {}, version, "2026-03-02T00:00:00+00:00")


def test_generations_of_our_own_analysis_are_supported() -> None:
    assert _unsupported_analysis([generation("messages", ANALYSIS_VERSION)], VERTICALS) == []


def test_another_analysis_is_named_with_what_to_do() -> None:
    told = _unsupported_analysis(
        [generation("messages", "0123456789ab"), generation("docs", ANALYSIS_VERSION)], VERTICALS
    )
    assert told == ["messages-000003 was made by another analysis - run `office-search reindex messages`."]


def test_the_analysis_of_what_is_not_searched_does_not_matter() -> None:
    others = [generation("directory", "0123456789ab"), generation("usage", "0123456789ab")]
    assert _unsupported_analysis(others, VERTICALS) == []
