"""What a command can tell about one of the stack's processes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from search.localstack import processes
from search.localstack.nats import Nats
from search.localstack.opensearch import OpenSearch
from search.localstack.state import Running


@dataclass(frozen=True)
class ServiceStatus:
    """`stale`: the process id has passed to a program that is not ours. `rss` is in bytes, `since` in Unix seconds."""

    name: str
    state: Literal["running", "stopped", "crashed", "stale"]
    log: Path
    pid: int | None = None
    url: str | None = None
    rss: int | None = None
    since: float | None = None


def status_of(service: OpenSearch | Nats, running: Running | None) -> ServiceStatus:
    """Compares what was started with what the system runs."""
    if running is None:
        return ServiceStatus(service.name, "stopped", service.log)
    process, fate = processes.look(running)
    if process is None:
        return ServiceStatus(service.name, fate, service.log, running.pid)
    rss = None
    with suppress(psutil.NoSuchProcess):
        rss = process.memory_info().rss
    return ServiceStatus(service.name, fate, service.log, running.pid, service.url(running.port), rss, running.since)
