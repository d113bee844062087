"""Judged questions, one configuration for all sets: the figures are committed, and a drop of ranking fails here.

Run as a program, this file writes the figures anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import kit
import opencc
import orjson
import pytest
from kit import VERTICALS
from querykit import parsed
from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.evaluate.judged import JudgedSet, read
from search.evaluate.relevance import Compared, compare
from search.localstack import temporary_stack
from search.query.build import query_body
from search.query.resolved import ResolvedQuery

FIGURES = Path(__file__).parent / "figures"
SETS = ("dev", "titles_dev", "dureader_small")
LARGEST_DROP = 0.005
# What issue and design ask for; the committed figures are above it.
LEAST_MRR = {"dev": 0.996, "titles_dev": 0.856}
TRADITIONAL_MAY_DIFFER = 0.003
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def judged(name: str) -> JudgedSet:
    folder = kit.shared_data()
    if folder is None:
        pytest.skip("the shared evaluation data are not here (OFFICE_SEARCH_SHARED_DATA)")
    return read(folder / "judged" / name)


def committed(name: str) -> Mapping[str, Mapping[str, float]]:
    figures: Mapping[str, Mapping[str, float]] = orjson.loads((FIGURES / f"{name}.json").read_bytes())
    return figures


@pytest.fixture(scope="module", params=SETS)
async def compared(request: pytest.FixtureRequest, stack: Endpoints, settings: Settings) -> tuple[str, Compared]:
    return request.param, await compare(settings, stack, judged(request.param), Console(quiet=True))


def test_no_figure_falls(compared: tuple[str, Compared]) -> None:
    name, found = compared
    before = committed(name)
    fallen = {
        measure: (known, found.product[measure])
        for measure, known in before["product"].items()
        if found.product[measure] < known - LARGEST_DROP
    }
    assert not fallen, f"{name}: before and now; better otherwise? Write them anew with `python {Path(__file__).name}`"
    assert (found.queries, found.docs) == (before["queries"], before["docs"])


def test_it_is_as_good_as_was_asked(compared: tuple[str, Compared]) -> None:
    name, found = compared
    assert found.product["mrr10"] >= LEAST_MRR.get(name, 0.0)


def test_nothing_is_lost_to_the_engines_own_analyzer(compared: tuple[str, Compared]) -> None:
    """No measure's 95 % interval lies below nought."""
    name, found = compared
    lost = {measure: delta for measure, delta in found.differences.items() if delta.high < 0}
    assert not lost, name


@pytest.mark.parametrize("name", SETS)
async def test_traditional_questions_find_what_simplified_ones_do(
    name: str, stack: Endpoints, settings: Settings
) -> None:
    whole = judged(name)
    converter = opencc.OpenCC("s2t")
    traditional = {id: converter.convert(text) for id, text in whole.questions.items()}
    assert sum(traditional[id] != text for id, text in whole.questions.items()) > len(traditional) / 2
    # What asks the engine for the same finds the same; the rest is asked both ways.
    others = [id for id, text in whole.questions.items() if bodies(text) != bodies(traditional[id])]
    lost = 0.0
    for sign, questions in ((1, whole.questions), (-1, traditional)) if others else ():
        asked = JudgedSet(whole.documents, {id: questions[id] for id in others}, whole.relevance)
        found = await compare(settings, stack, asked, Console(quiet=True))
        lost += sign * found.product["mrr10"] * len(others) / len(traditional)
    assert abs(lost) <= TRADITIONAL_MAY_DIFFER


def bodies(text: str) -> list[object]:
    parts = parsed(text, NOW)
    query = ResolvedQuery(text=parts.text, phrases=parts.phrases, excluded=parts.excluded)
    return [query_body(query, vertical) for vertical in VERTICALS.values()]


def write_figures() -> None:
    with temporary_stack(heap="1g") as endpoints:
        for name in SETS:
            found = asyncio.run(compare(Settings(), endpoints, judged(name), Console()))
            (FIGURES / f"{name}.json").write_bytes(found.json())


if __name__ == "__main__":
    write_figures()
