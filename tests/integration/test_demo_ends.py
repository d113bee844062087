"""However the demo ends, nothing of it goes on: neither engine nor broker nor indexers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kit
import psutil
import pytest

START_S, END_S = 180, 90


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A demo that starts a stack of its own."""
    without = {name: value for name, value in os.environ.items() if name not in ("OPENSEARCH_URL", "BROKER_URL")}
    # Engine and broker run as another user, who must be able to pass.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(Path(tmp_path.parents[-2])) and folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o055)
    environment = without | {"OFFICE_SEARCH_HOME": str(tmp_path / "home"), "OFFICE_SEARCH_HEAP": "256m"}
    with (tmp_path / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "search.cli", "demo", "--port", "0"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        yield process
        if process.poll() is None:
            process.terminate()
            process.wait(END_S)


def indexes(process: psutil.Process) -> bool:
    try:
        return "index" in process.cmdline()
    except psutil.Error:
        return False  # it came and went


def started(demo: subprocess.Popen[bytes], home: Path) -> list[psutil.Process]:
    """The engine, the broker and the indexers, once all of them run."""
    children: list[psutil.Process] = []

    def all_run() -> bool:
        assert demo.poll() is None, (home.parent / "demo.log").read_text()
        children[:] = psutil.Process(demo.pid).children(recursive=True)
        return (home / "state.json").exists() and any(map(indexes, children))

    kit.wait_until(all_run, START_S)
    state = json.loads((home / "state.json").read_text())
    pids = {service["pid"] for service in state["services"].values()}
    return [*(psutil.Process(pid) for pid in pids), *filter(indexes, children)]


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, marks=pytest.mark.long),
    ],
)
def test_nothing_goes_on(demo: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals) -> None:
    processes = started(demo, tmp_path / "home")
    assert len({process.pid for process in processes}) >= 3
    demo.send_signal(number)
    _, alive = psutil.wait_procs(processes, END_S)
    assert [process.pid for process in alive] == []
    demo.wait(END_S)
