"""Measures the app store: a run of the figures over a large log of use, and recommendations at the API.

A temporary service, in processes of its own as in production, holds a made-up company with 20,000 people, 500 apps and,
from one seed, 5 million events of use: departments share tastes, and so do crowds that cut across them. The events are
written to the index in bulk as the indexers write them; carrying them through the broker is what `ingest.py` measures.

run: `office-search recommend train` as a process of its own, from its start to its end, and the most memory it had.
recommended, front, search, …: one client, one call after the other, each for somebody else.

The machine's load is printed beside the figures, as both of its processors do everything at once here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import orjson
import psutil
from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from mappings.entities import micros
from search.access.identity.gateway import sign
from search.core import engine as engines
from search.core.settings import EngineSettings, LocalstackSettings, Settings
from search.demo.event_log import EventLog
from search.evaluate.service import Service, fill, temporary_service
from search.localstack.children import environment

TENANT = "large"
WIDTH = 100
SEED = 2026
DEPARTMENTS, CROWDS, CATEGORIES = 200, 40, 20
DAYS = 365
BULK, AT_ONCE = 5_000, 2
WARM_UP = 300
CALLS = ("recommended", "front", "search", "chosen", "page", "similar")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_SAID = "预算 方案 评审 客户 排期 上线 合同 周报 培训 报销 审批 测试 监控 会议 日程 请假 考勤 招聘 采购 库存"
WORDS = _SAID.split()


class Company:
    """Makes the company and its use of apps; all from one seed."""

    def __init__(self, people: int, apps: int, events: int) -> None:
        self.people, self.apps, self.events = people, apps, events
        self._dice = np.random.default_rng(SEED)

    def log(self) -> EventLog:
        """The events of all but use."""
        log = EventLog()
        log.upsert(TENANT, "department", BEGAN, {"id": "d-0", "name": "总部"})
        for number in range(1, DEPARTMENTS):
            log.upsert(
                TENANT, "department", BEGAN, {"id": f"d-{number}", "name": "部", "parent_id": f"d-{number // 8}"}
            )
        for number in range(self.people):
            state = {"name": "某人", "status": "active", "department_ids": [f"d-{number % DEPARTMENTS}"]}
            log.upsert(TENANT, "user", BEGAN, {"id": f"u-{number}", **state})
        for number in range(self.apps):
            when = (BEGAN + timedelta(days=int(self._dice.integers(0, 90)))).isoformat().replace("+00:00", "Z")
            said = "".join(self._dice.choice(WORDS, 4))
            app = {"name": said[:4], "description": said, "kind": "web", "category": f"c{number % CATEGORIES}"}
            # A tenth is for one half of the company alone.
            allow = ["tenant:*"] if number % 10 else ["department:d-1"]
            log.upsert(TENANT, "app", BEGAN, {"id": f"a-{number}", "allow": allow, "published_at": when, **app})
        log.upsert(TENANT, "role", BEGAN, {"id": "default", "name": "", "modules": ["discover.apps", "search.apps"]})
        return log

    def bulks(self) -> Iterator[bytes]:
        """Yield bulk requests of the use of apps."""
        taste = self._tastes()
        end = micros("2026-10-01T00:00:00Z")
        written = 0
        while written < self.events:
            count = min(BULK, self.events - written)
            people = self._dice.integers(0, self.people, count)
            # Few apps a person: the same dozens again and again.
            habits = (people * 31 + self._dice.integers(0, 40, count)) % 997
            kinds = np.where(self._dice.random(count) < 0.5, people % DEPARTMENTS, DEPARTMENTS + people * 7 % CROWDS)
            apps = taste[kinds, habits]
            ages = (self._dice.random(count) ** 2 * DAYS * 86_400_000_000).astype(np.int64)
            actions = self._dice.choice(["open", "install", "rate", "uninstall"], count, p=[0.9, 0.07, 0.02, 0.01])
            yield b"".join(
                _lines(written + place, int(person), int(app), str(action), int(end - age))
                for place, (person, app, action, age) in enumerate(zip(people, apps, actions, ages, strict=True))
            )
            written += count

    def _tastes(self) -> np.ndarray:
        """By department or crowd: which app each of 997 habits is."""
        popular = 1 / np.arange(2, self.apps + 2)
        found = np.empty((DEPARTMENTS + CROWDS, 997), dtype=np.int64)
        for kind in range(len(found)):
            weights = popular * self._dice.permutation(np.linspace(0.05, 3, self.apps)) ** 2
            found[kind] = self._dice.choice(self.apps, 997, p=weights / weights.sum())
        return found


def _lines(number: int, person: int, app: int, action: str, at: int) -> bytes:
    data: dict[str, Any] = {"user_id": f"u-{person}", "app_id": f"a-{app}", "action": action}
    original = data | ({"value": number % 5 + 1} if action == "rate" else {})
    return b'{"index":{"_id":"us-%d"}}\n%b\n' % (number, orjson.dumps({**data, "at": at, "original": original}))


async def write(engine: AsyncOpenSearch, company: Company, advance: Callable[[int], None]) -> None:
    """Write the use of apps, a few bulk requests at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(body: bytes) -> None:
        try:
            answer = await engine.bulk(body=body, index=f"usage.{TENANT}", params={"filter_path": "errors"})
            if answer["errors"]:
                raise RuntimeError("The engine refused a part of the use.")
            advance(BULK)
        finally:
            gate.release()

    async with asyncio.TaskGroup() as group:
        for body in company.bulks():
            await gate.acquire()
            group.create_task(one(body))
    await engine.indices.refresh(index=f"usage.{TENANT}")


def run(service: Service) -> dict[str, float]:
    """A run of the figures, as the indexers start it."""
    command = [sys.executable, "-m", "search.cli", "recommend", "train", "--tenant", TENANT]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, env=environment(service.endpoints), check=False, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{ended.stdout}\n{ended.stderr}")
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    # The most of any child that has ended, in kB on Linux: the others still run.
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(seconds, 1), "processor_s": round(cpu, 1), "memory_mb": round(after.ru_maxrss / 1024)}


def _about(call: str, number: int, company: Company) -> str:
    """The address of the call of a kind that comes in this place."""
    word, other = WORDS[number % len(WORDS)], WORDS[number * 7 % len(WORDS)]
    app, category = f"a-{number * 13 % company.apps}", f"c{number % CATEGORIES}"
    match call:
        case "front":
            return f"/v1/apps?sort={('popular', 'trending', 'new')[number % 3]}"
        case "search":
            return f"/v1/apps?q={quote(word if number % 2 else f'怎么{word}{other}', safe='')}"
        case "chosen":
            return f"/v1/apps?q={quote(word, safe='')}&category={category}&kind=web"
        case "page":
            return f"/v1/apps/{app}"
        case "similar":
            return f"/v1/apps/{app}/similar"
        case _:
            return "/v1/apps/recommended?limit=10"


async def asked(service: Service, company: Company, call: str, calls: int) -> dict[str, float]:
    """Latencies in milliseconds of one client that makes calls of one kind, and the processor time of a call."""
    took: list[float] = []
    shown = 0
    processes = (psutil.Process(service.children[1].pid), _engine())
    before = [0.0, 0.0]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for number in range(WARM_UP + calls):
            user, target = f"u-{number * 37 % company.people}", _about(call, number, company)
            headers = sign(service.secret, "GET", target, user=user, tenant=TENANT)
            if number == WARM_UP:
                before = [sum(process.cpu_times()[:2]) for process in processes]
            began = time.perf_counter()
            response = await http.get(service.url + target, headers=headers)
            took.append((time.perf_counter() - began) * 1000)
            # A tenth of the apps is for one half of the company alone.
            if response.status_code != 200 and not (response.status_code == 404 and call in ("page", "similar")):
                raise RuntimeError(f"{response.status_code}: {response.text[:300]}")
            shown += len(response.json().get("apps", ()))
    cuts = statistics.quantiles(took[WARM_UP:], n=100, method="inclusive")
    p50, p95, p99 = (round(cuts[percent - 1], 1) for percent in (50, 95, 99))
    spent = [sum(process.cpu_times()[:2]) - was for process, was in zip(processes, before, strict=True)]
    api, engine = (round(seconds * 1000 / calls, 1) for seconds in spent)
    told = {"api_cpu_ms": api, "engine_cpu_ms": engine, "apps": round(shown / (WARM_UP + calls), 1)}
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, **told}


def _engine() -> psutil.Process:
    """The engine's process: the first of those that run Java and began after this one."""
    began = psutil.Process().create_time()
    found = [
        process
        for process in psutil.process_iter(["name", "create_time"])
        if "java" in (process.info["name"] or "") and process.info["create_time"] > began
    ]
    if not found:
        raise RuntimeError("The engine's process is nowhere to be seen.")
    return min(found, key=lambda process: process.info["create_time"])


async def filled(service: Service, company: Company, progress: Progress) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = company.log()
        # So that the index is made as the indexers make it.
        use = {"user_id": "u-0", "app_id": "a-1", "action": "open", "at": "2026-01-01T00:00:00Z"}
        log.usage(TENANT, "us-first", BEGAN, use)
        files = []
        for stream, lines in log.streams().items():
            file = Path(folder) / f"{stream}.ndjson"
            file.write_bytes(b"\n".join(lines) + b"\n")
            files += [file] if lines else []
        await fill(service, files, progress)
    engine = engines.connect(EngineSettings.model_construct(), service.endpoints.opensearch_url, timeout_s=120)
    task = progress.add_task("use", total=company.events)
    try:
        await write(engine, company, lambda events: progress.advance(task, events))
    finally:
        await engine.close()


def show(found: Mapping[str, Any], console: Console) -> None:
    table = Table("", *found["run"], "load", title=f"{found['events']:,} events of use", box=None)
    table.add_row(f"{found['people']:,} × {found['apps']}", *map(str, (*found["run"].values(), found["load"])))
    console.print(table)
    table = Table("call", *found["recommended"], box=None)
    for call in CALLS:
        table.add_row(call, *map(str, found[call].values()))
    console.print(table)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--apps", type=int, default=500)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--calls", type=int, default=1_000, help="of the one client")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    console = Console(width=WIDTH)
    company = Company(options.people, options.apps, options.events)
    settings = Settings(localstack=LocalstackSettings(heap="1g"))
    with temporary_service(settings, console) as service:
        with Progress(console=console) as progress:
            asyncio.run(filled(service, company, progress))
        ran = run(service)
        answered = {call: asyncio.run(asked(service, company, call, options.calls)) for call in CALLS}
    found = {"people": company.people, "apps": company.apps, "events": company.events, "run": ran}
    found |= {**answered, "load": round(os.getloadavg()[0], 2)}
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
