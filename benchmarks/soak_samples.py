"""What each process of a running service takes, measured again and again."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from search.evaluate.service import Service
from search.evaluate.steadiness import Point

STORES = {"java": "engine", "nats-server": "broker"}
MEASURES = ("memory", "files", "threads")


@dataclass
class Series:
    """One process: its values by measure, in MB or as numbers, and its processor seconds at the first and last look."""

    name: str
    pid: int
    values: dict[str, list[Point]] = field(default_factory=lambda: {measure: [] for measure in MEASURES})
    cpu: list[Point] = field(default_factory=list)

    @property
    def cores(self) -> float:
        """How many cores it kept busy."""
        (began, first), (ended, last) = self.cpu[0], self.cpu[-1]
        return (last - first) / (ended - began) if ended > began else 0.0


class Samples:
    """Looks at every process of a service and those that they start, until it is told to stop."""

    def __init__(self, service: Service, began: float, every_s: float) -> None:
        self._roots = dict(zip(("indexer", "API"), (child.pid for child in service.children), strict=True))
        self._began = began
        self._every_s = every_s
        self._names: dict[int, str] = {}
        self.series: dict[int, Series] = {}
        self.load: list[Point] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._look()
            try:
                async with asyncio.timeout(self._every_s):
                    await stop.wait()
            except TimeoutError:
                continue

    def _look(self) -> None:
        at = time.perf_counter() - self._began
        self.load.append((at, os.getloadavg()[0]))
        for name, process in self._processes():
            try:
                with process.oneshot():
                    values = (memory(process) / 2**20, process.num_fds(), process.num_threads())
                    spent = process.cpu_times()
            except psutil.Error:
                continue  # it has just ended
            one = self.series.setdefault(process.pid, Series(self._named(process.pid, name), process.pid))
            for measure, value in zip(MEASURES, values, strict=True):
                one.values[measure].append((at, float(value)))
            one.cpu.append((at, spent.user + spent.system))

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        roots = []
        for name, pid in self._roots.items():
            try:
                roots.append((name, psutil.Process(pid)))
                roots += [(f"{name} child", child) for child in roots[-1][1].children(recursive=True)]
            except psutil.Error:
                continue  # what ended it is told by the service's own check
        yield from roots
        for process in psutil.Process().children(recursive=True):
            try:
                if (name := STORES.get(process.name())) is not None:
                    yield name, process
            except psutil.Error:
                continue

    def _named(self, pid: int, name: str) -> str:
        """Return a name that no other process of the run has."""
        if pid not in self._names:
            number = sum(other.partition("#")[0].strip() == name for other in self._names.values()) + 1
            self._names[pid] = f"{name} #{number}" if name.endswith("child") else name
        return self._names[pid]


def memory(process: psutil.Process) -> int:
    """Return the bytes that a process holds, without the files that it has mapped, where the system tells."""
    if sys.platform == "linux":
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        held: Mapping[str, str] = dict(line.partition(":")[::2] for line in status.splitlines())
        if "RssAnon" in held:
            return int(held["RssAnon"].split()[0]) * 1024
    return int(process.memory_info().rss)
