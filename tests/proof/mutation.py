"""Whether the proof notices that a clause of the access rules is gone: what becomes of every mutant."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path

from proof.company import Ground
from proof.laboratory import Laboratory
from proof.mutants import Mutant, alive, mutants
from proof.paper import decide
from proof.scene import play

COMPANIES = 400
"""So many are tried at most before a mutant counts as one that survives."""
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
    """One mutant after the other. Raises SourceMoved for one that cannot be made any more."""
    for mutant in mutants():
        began = time.monotonic()
        with alive(mutant):
            noticed = _noticed(mutant, laboratory, grounds)
        yield Fate(mutant, noticed, time.monotonic() - began)


def _noticed(mutant: Mutant, laboratory: Laboratory, grounds: Sequence[Ground]) -> str | None:
    try:
        match mutant.by:
            case "paper":
                decide(COMPANIES, shrink=False)
            case "scene":
                play(laboratory, grounds)
            case test:
                _run(*test.split("::"))
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def _run(file: str, name: str) -> None:
    """One test function of a file, with each of its parameters."""
    test = run_path(str(UNIT / file))[name]
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    for parameters in marks[0].args[1] if marks else [()]:
        test(*parameters)
