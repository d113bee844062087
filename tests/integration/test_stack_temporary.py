"""A temporary stack leaves nothing behind, even where the program that wanted it is ended by force."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kit import wait_until

from search.localstack.temporary import sweep

# As at a terminal: what is started in the background of a shell inherits that Ctrl-C is ignored; by nohup, SIGHUP.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from search.localstack import temporary_stack
with temporary_stack(heap='256m'):
    input()
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One whose temporary stack has begun to start: waiting until it has is not needed here."""
    tmp_path.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env={"TMPDIR": str(tmp_path)}, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        wait_until(lambda: len(started_below(tmp_path)) == 2)
        yield running
        running.kill()


def started_below(folder: Path) -> list[psutil.Process]:
    """The processes whose command line names a file in `folder`."""
    return [each for each in psutil.process_iter(["cmdline"]) if f"{folder}/" in " ".join(each.info["cmdline"] or [])]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_its_program(
    program: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    program.send_signal(number)
    assert program.wait(60) != 0
    assert started_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_is_swept_by_the_next(
    program: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sweep()
    assert len(started_below(tmp_path)) == 2

    program.kill()
    program.wait()
    sweep()
    assert started_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
