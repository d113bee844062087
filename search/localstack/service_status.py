"""The status of one of the stack's processes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from search.localstack import processes
from search.localstack.nats_server import NatsServer
from search.localstack.opensearch_node import OpenSearchNode
from search.localstack.state import Running


@dataclass(frozen=True)
class ServiceStatus:
    """A process's status. `stale`: another program has its process id now. `rss`: bytes. `since`: Unix seconds."""

    name: str
    state: Literal["running", "stopped", "crashed", "stale"]
    log: Path
    pid: int | None = None
    url: str | None = None
    rss: int | None = None
    since: float | None = None


def status_of(service: OpenSearchNode | NatsServer, running: Running | None) -> ServiceStatus:
    """Return the status by comparing what was started with what runs."""
    if running is None:
        return ServiceStatus(service.name, "stopped", service.log)
    process, fate = processes.look(running)
    if process is None:
        return ServiceStatus(service.name, fate, service.log, running.pid)
    rss = None
    with suppress(psutil.NoSuchProcess):
        rss = process.memory_info().rss
    return ServiceStatus(service.name, fate, service.log, running.pid, service.url(running.port), rss, running.since)
