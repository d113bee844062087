"""A process that is told to end while it starts another leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from search.localstack import children
from search.localstack.children import running
from search.localstack.unwinding import exit_postponed, signals_as_exit


def test_an_exit_waits_for_the_end_of_what_must_not_be_cut_off() -> None:
    done = []

    def work() -> None:
        with exit_postponed(), exit_postponed():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("the rest")
        done.append("nothing more")

    with signals_as_exit(), pytest.raises(SystemExit) as ended:
        work()
    assert (done, ended.value.code) == (["the rest"], 128 + signal.SIGTERM)


def test_a_child_that_is_just_being_started_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Told(subprocess.Popen[bytes]):
        """One during whose start the signal comes."""

        def __init__(self, *_: object, **__: object) -> None:
            super().__init__(["sleep", "60"])
            started.append(self)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(children.subprocess, "Popen", Told)
    with signals_as_exit(), pytest.raises(SystemExit), running("index", {}, tmp_path):
        pytest.fail("it was told to end")
    [child] = started
    assert child.returncode == -signal.SIGTERM
