"""Starts, recognises and ends the stack's own processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil

from search.core.errors import StackError
from search.localstack.account import Account, Options
from search.localstack.state import Running

Fate = Literal["running", "crashed", "stale"]

AS_WE_ARE: Options = {"user": None, "group": None, "extra_groups": None}

# How long the system may take, in seconds, to clear a killed process away.
DYING = 30.0

# Our own children, kept so that they can be reaped when they end.
_children: dict[int, subprocess.Popen[bytes]] = {}


def start(command: tuple[str, ...], port: int, folder: Path, out: Path, account: Account | None) -> Running:
    """Start `command` in a session of its own, so that Ctrl-C at the terminal does not reach it."""
    if account:
        account.own(folder)
    if out.exists():
        out.replace(out.with_name(f"{out.name}.1"))
    with out.open("wb") as handle:
        child = subprocess.Popen(
            command,
            cwd=folder,
            # The caller's JAVA_TOOL_OPTIONS and the like are not for this node.
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            **(account.options() if account else AS_WE_ARE),
        )
    _children[child.pid] = child
    return Running(child.pid, command, port, time.time())


@contextmanager
def noted() -> Iterator[None]:
    """Delay signals that would end this process until the block, which starts a process and notes it, is over."""
    came: list[int] = []
    mine = threading.current_thread() is threading.main_thread()
    caught = [each for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if mine and callable(_handler(each))]
    former = {each: signal.signal(each, lambda number, _: came.append(number)) for each in caught}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
    for number in came:
        signal.raise_signal(number)


def _handler(number: signal.Signals) -> object:
    """Return what a signal calls; None if it is ignored or ends the process directly."""
    handler = signal.getsignal(number)
    return None if isinstance(handler, signal.Handlers) else handler


def find(running: Running) -> psutil.Process | None:
    """Return the live process, if the id still belongs to the one that was started."""
    return look(running)[0]


def look(running: Running) -> tuple[psutil.Process | None, Fate]:
    """Return the process if it lives, and its fate; `stale`: another program has its id now."""
    _reap(running.pid)
    try:
        process = psutil.Process(running.pid)
        zombie = process.status() == psutil.STATUS_ZOMBIE
        # The main thread of a killed JVM ends long before its other threads.
        if zombie and process.num_threads() <= 1:
            return None, "crashed"
        command = [] if zombie else process.cmdline()
    except psutil.NoSuchProcess:
        return None, "crashed"
    except psutil.AccessDenied:
        return None, "stale"
    if not command:
        # It is ending; its ports and files are not free until it is gone.
        psutil.wait_procs([process], DYING)
        _reap(running.pid)
        return None, "crashed"
    return (process, "running") if command[1:] == list(running.command[1:]) else (None, "stale")


def stop(running: Running, grace: float = 30) -> None:
    """End the process if it is ours: ask it, and kill it after `grace` seconds."""
    process = find(running)
    if process is None:
        return
    try:
        # psutil looks at the start time once more before it signals.
        process.terminate()
        _, alive = psutil.wait_procs([process], grace)
        if alive:
            process.kill()
            process.wait(DYING)
    except psutil.NoSuchProcess:
        pass
    except psutil.Error as error:
        raise StackError(f"Process {running.pid} does not end ({error}): end it as the user who started it.") from error
    finally:
        _reap(running.pid)


def _reap(pid: int) -> None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
