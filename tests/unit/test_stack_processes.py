"""Whose process it is, and how it ends: ours politely, then firmly; another's never."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from kit import wait_until

from search.localstack import processes
from search.localstack.state import Running

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER

Start = Callable[[str], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[Running] = []

    def begin(program: str) -> Running:
        out = tmp_path / "out"
        running = processes.start((sys.executable, "-c", program), 0, tmp_path, out, None)
        begun.append(running)
        wait_until(lambda: "ready" in out.read_text(encoding="utf-8"))
        return running

    yield begin
    for running in begun:
        processes.stop(running, grace=0)


def test_a_child_is_found_and_ends_when_asked(start: Start) -> None:
    running = start(SLEEPER)
    assert processes.find(running) is not None
    processes.stop(running)
    assert processes.find(running) is None
    assert not psutil.pid_exists(running.pid)


def test_one_that_does_not_listen_is_killed(start: Start) -> None:
    running = start(STUBBORN)
    processes.stop(running, grace=0.1)
    assert not psutil.pid_exists(running.pid)


def test_a_killed_child_is_gone_at_once(start: Start) -> None:
    running = start(SLEEPER)
    os.kill(running.pid, signal.SIGKILL)
    wait_until(lambda: processes.find(running) is None)


def test_an_id_that_passed_to_another_program_is_left_alone(start: Start) -> None:
    stranger = start(SLEEPER)
    stale = dataclasses.replace(stranger, command=(sys.executable, "-c", "what we once ran"))
    assert processes.find(stale) is None
    processes.stop(stale)
    assert processes.find(stranger) is not None


def test_it_lives_in_a_session_of_its_own(start: Start) -> None:
    running = start(SLEEPER)
    assert os.getsid(running.pid) == running.pid != os.getsid(0)


def test_it_does_not_inherit_our_java_options(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx9g")
    start("import os; print(sorted(os.environ), 'ready', flush=True)")
    assert "JAVA_TOOL_OPTIONS" not in (tmp_path / "out").read_text(encoding="utf-8")


def test_the_output_of_the_last_run_is_kept(start: Start, tmp_path: Path) -> None:
    start("print('ready for the first time', flush=True)")
    start("print('ready for the second time', flush=True)")
    assert "first" in (tmp_path / "out.1").read_text(encoding="utf-8")
    assert "second" in (tmp_path / "out").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_waits_until_what_is_started_is_noted(number: signal.Signals) -> None:
    noted: list[bool] = []

    def leave(*_: object) -> None:
        raise SystemExit

    def begin() -> None:
        with processes.noted():
            signal.raise_signal(number)
            noted.append(True)

    former = signal.signal(number, leave)
    try:
        with pytest.raises(SystemExit):
            begin()
        assert signal.getsignal(number) is leave
    finally:
        signal.signal(number, former)
    assert noted
