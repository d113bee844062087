"""Whatever happens to the processes and what they keep: all comes right by itself, and no answer meanwhile is wrong."""

from __future__ import annotations

import io

import pytest
from chaos.play import play
from chaos.story import faults, story
from rich.console import Console

pytestmark = pytest.mark.engine


async def told(seed: int, steps: int, *, gentle: bool) -> str:
    """How a story went; fails, with all that was done, where something was wrong."""
    console = Console(file=io.StringIO(), width=160)
    outcome = await play(story(seed, steps, gentle=gentle), seed, console)
    file = console.file
    assert isinstance(file, io.StringIO)
    again = f"again: make chaos SEED={seed} STEPS={steps}"
    assert outcome.wrong is None, f"{outcome.wrong}\n{file.getvalue()}\n{again}"
    assert faults(outcome.played) == steps
    return str(outcome)


@pytest.mark.timeout(900)
async def test_all_comes_right_after_a_few_faults(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await told(8, 5, gentle=True)
    with capsys.disabled():
        print(f"\n{outcome}")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [101, 102])
async def test_all_comes_right_after_more_of_them(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = await told(seed, 20, gentle=False)
    with capsys.disabled():
        print(f"\n{outcome}")
