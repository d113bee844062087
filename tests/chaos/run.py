"""`make chaos`: random faults against the running system under load, and the shortest story at which it goes wrong."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path

import structlog
from chaos.play import Outcome, play
from chaos.shrink import shortest
from chaos.story import Step, Story, faults, story
from rich.console import Console

STEPS = 20
MOST_TRIES = 12


def main() -> int:
    """0 when everything came right, 1 at the first story that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the first story; random")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of each story; {STEPS}")
    parser.add_argument("--minutes", type=float, default=0, help="begin new stories for so long; otherwise one")
    parser.add_argument("--shrink-minutes", type=float, default=15, help="to look for a shorter story; 0: do not")
    parser.add_argument("--logs", type=Path, help="a folder for the logs of all processes, by seed")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
    console = Console(width=160)
    try:
        return asyncio.run(_stories(options, console))
    except KeyboardInterrupt:
        return 130


async def _stories(options: argparse.Namespace, console: Console) -> int:
    end, steps, answers = time.monotonic() + options.minutes * 60, 0, Counter[str]()
    for seed in count(options.seed):
        told = story(seed, options.steps)
        console.rule(f"seed {seed}: {faults(told)} steps")
        outcome = await play(told, seed, console, options.logs and options.logs / str(seed))
        _sum_up(console, seed, outcome)
        if outcome.wrong:
            again = f"make chaos SEED={seed} STEPS={options.steps}"
            await _shrink(outcome, seed, options.shrink_minutes * 60, console)
            _say(console, f"\nThe whole story again: {again}")
            return 1
        steps, answers = steps + faults(outcome.played), answers + outcome.tally
        if time.monotonic() > end:
            _say(console, f"\n{steps} steps over {seed - options.seed + 1} seeds without a difference: {dict(answers)}")
            return 0
    return 0


def _sum_up(console: Console, seed: int, outcome: Outcome) -> None:
    _say(console, f"seed {seed}: {outcome}; the slowest answer took {outcome.slowest_s:.1f} s")
    for note in outcome.notes:
        _say(console, f"note: {note}")
    if outcome.wrong:
        _say(console, f"WRONG: {outcome.wrong}")


async def _shrink(outcome: Outcome, seed: int, seconds: float, console: Console) -> None:
    end, tries = time.monotonic() + seconds, count(1)
    tried = 0
    last = outcome.wrong

    async def fails(shorter: Story) -> bool:
        nonlocal last, tried
        tried = next(tries)
        console.rule(f"try {tried} of at most {MOST_TRIES}: {faults(shorter)} steps")
        again = await play(shorter, seed, console)
        _sum_up(console, seed, again)
        last = again.wrong or last
        return again.wrong is not None

    found = await shortest(outcome.played, fails, lambda: tried < MOST_TRIES and time.monotonic() < end)
    _tell(console, found, last)


def _tell(console: Console, found: list[Step], wrong: str | None) -> None:
    console.rule(f"the shortest story that went wrong: {faults(found)} steps")
    for number, step in enumerate(found, 1):
        _say(console, f"{number:3}. {step}")
    _say(console, f"→ {wrong}")


def _say(console: Console, what: str) -> None:
    console.print(what, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
