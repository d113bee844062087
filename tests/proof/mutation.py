"""Whether the proof notices that a clause of the access rules is gone: what becomes of every mutant."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import iscoroutine
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.mutants import Mutant, alive, mutants
from proof.paper import decide
from proof.scene import play

COMPANIES, FEW = 400, 20
"""So many are tried at most before a mutant counts as one that survives; and first, without any."""
UNIT = Path(__file__).parents[1] / "unit"


@dataclass(frozen=True)
class Fate:
    """`noticed`: the first line of what failed; None: nothing did, the mutant survives."""

    mutant: Mutant
    noticed: str | None
    seconds: float

    def __str__(self) -> str:
        told = "SURVIVED" if self.noticed is None else "killed"
        return f"{told:8} {self.seconds:5.1f} s by {self.mutant.by}  {self.mutant}"


def fates(laboratory: Laboratory, grounds: Sequence[Ground]) -> Iterator[Fate]:
    """One mutant after the other.

    Raises SourceMoved for one that cannot be made any more, and whatever fails even without any.
    """
    listed = list(mutants())
    # What fails anyway notices nothing.
    for by in dict.fromkeys(mutant.by for mutant in listed):
        _prove(by, laboratory, grounds, companies=FEW)
    for mutant in listed:
        began = time.monotonic()
        with alive(mutant):
            noticed = _noticed(mutant, laboratory, grounds)
        yield Fate(mutant, noticed, time.monotonic() - began)


def _noticed(mutant: Mutant, laboratory: Laboratory, grounds: Sequence[Ground]) -> str | None:
    try:
        _prove(mutant.by, laboratory, grounds, companies=COMPANIES)
    except (Exception, pytest.fail.Exception) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def _prove(by: str, laboratory: Laboratory, grounds: Sequence[Ground], *, companies: int) -> None:
    match by:
        case "paper":
            decide(companies, shrink=False)
        case "scene":
            play(laboratory, grounds)
        case test:
            _run(laboratory, *test.split("::"))


def _run(laboratory: Laboratory, file: str, *names: str) -> None:
    """One test of a file, a function or a class's, with each of its parameters."""
    found: Any = run_path(str(UNIT / file))[names[0]]
    test = getattr(found(), names[1]) if names[1:] else found
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    one = bool(marks) and isinstance(marks[0].args[0], str) and "," not in marks[0].args[0]
    for parameters in marks[0].args[1] if marks else [()]:
        outcome = test(parameters) if one else test(*parameters)
        if iscoroutine(outcome):
            laboratory.run(outcome)
