"""Measures what suggestions cost: latency as one types, and processor time in the API and the engine.

A temporary service, in processes of its own as in production, holds a made-up company of 100,000 contacts and 50,000
docs. Many callers type names letter by letter, in Han, in pinyin, in initials, of people, groups, apps and docs.

one client: one call after the other.
open loop: so many calls a second, each begun at its time whether or not those before are answered; a latency counts
from that time, so that what waits is not left out.

The machine's load is printed beside the figures, as both of its processors do everything at once here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
from faker import Faker
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from analyzers import analyse_name
from search.access.identity.gateway import sign
from search.core.settings import LocalstackSettings, Settings
from search.demo.event_log import EventLog
from search.evaluate.service import Service, fill, temporary_service

TENANT = "large"
WIDTH = 100
CALLERS = 100
ROOMS_OF_A_CALLER, SAID_BY_A_CALLER = 20, 60
DEPARTMENTS, APPS, ROOMS = 400, 500, 4_000
# The engine compiles what it runs often; a cold one is three times as slow.
WARM_UP = 2_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MODULES = ["search.messages", "search.contacts", "search.docs", "search.apps"]
_SAID = """
预算 方案 评审 客户 排期 上线 合同 周报 接口 培训 报销 审批 需求 测试 缺陷 发布 回滚 监控 告警 数据库 索引 搜索 权限
角色 会议 纪要 日程 请假 考勤 绩效 招聘 面试 薪资 采购 库存 物流 订单 支付 退款 发票 税务 审计 法务 隐私 安全 漏洞
加密 备份 恢复 迁移 扩容 性能 缓存 队列 消息 推送 通知 模板 评论 版本 归档 标签 推荐 排序 模型 实验 指标 看板 报表
"""
WORDS = _SAID.split()


@dataclass(frozen=True)
class Figures:
    """Latencies in milliseconds; processor time a call in milliseconds, of the API's process and of the engine's."""

    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    api_cpu_ms: float
    engine_cpu_ms: float
    found: float


class Company:
    """Makes the company's events, and what its people type; all from one seed."""

    def __init__(self, contacts: int, docs: int) -> None:
        self._dice = random.Random(2026)
        Faker.seed(2026)
        self._fake = {language: Faker(language) for language in ("zh_CN", "en_US")}
        self._contacts, self._docs = contacts, docs
        self.names: list[str] = []

    def events(self) -> EventLog:
        log = EventLog()
        for entity, data in self._entities():
            log.upsert(TENANT, entity, BEGAN, data)
            self.names += [data["name" if "name" in data else "title"]] if entity != "message" else []
        for number in range(CALLERS):
            for room in self._dice.sample(range(ROOMS), ROOMS_OF_A_CALLER):
                log.member(TENANT, f"conversation:c-{room}", f"user:u-{number}", BEGAN)
        log.upsert(TENANT, "role", BEGAN, {"id": "default", "name": "", "modules": MODULES})
        return log

    def typed(self) -> Iterator[str]:
        """Yield what is in the box after each letter of something that somebody types."""
        while True:
            name = self._dice.choice(self.names)
            keys = analyse_name(name[:12])
            text = self._dice.choice([name[:8], name[:8], *keys.pinyin[:1], *keys.initials[:1]])[:14]
            yield from (text[:length] for length in range(1, len(text) + 1) if text[length - 1] != " ")

    def _entities(self) -> Iterator[tuple[str, dict[str, Any]]]:
        dice, when = self._dice, BEGAN.isoformat().replace("+00:00", "Z")
        people = self._contacts - ROOMS - DEPARTMENTS
        yield "department", {"id": "d-0", "name": "总部"}
        for number in range(1, DEPARTMENTS):
            yield "department", {"id": f"d-{number}", "name": f"{self._topic(2)}部", "parent_id": f"d-{number // 8}"}
        for number in range(people):
            person: dict[str, Any] = {
                "id": f"u-{number}",
                "name": self._fake["zh_CN"].name(),
                "employee_no": f"A{100_000 + number}",
                "phone": f"138{dice.randrange(10**8):08d}",
                "title": dice.choice(("工程师", "产品经理", "设计师", "测试", "运营")),
                "department_ids": [f"d-{dice.randrange(DEPARTMENTS)}"],
                "status": "active",
            }
            if number % 4 == 0:
                person["english_name"] = self._fake["en_US"].name()
            yield "user", person
        for number in range(ROOMS):
            kind = {"kind": "group", "history": "all", "public": number % 50 == 0, "archived": False}
            yield "conversation", {"id": f"c-{number}", "name": f"{self._topic(3)}群", **kind}
        for number in range(APPS):
            app = {"description": self._topic(6), "kind": "web", "category": dice.choice(WORDS), "published_at": when}
            yield "app", {"id": f"a-{number}", "name": self._topic(2), "allow": ["tenant:*"], **app}
        for number in range(self._docs):
            times = {"created_at": when, "updated_at": when}
            allow = ["tenant:*"] if number % 3 else [f"department:d-{dice.randrange(DEPARTMENTS)}"]
            doc = {
                "title": self._topic(4),
                "body": self._topic(30),
                "kind": "doc",
                "owner_id": f"u-{dice.randrange(people)}",
            }
            yield "doc", {"id": f"f-{number}", "allow": allow, **doc, **times}
        for number in range(CALLERS * SAID_BY_A_CALLER):
            at = (BEGAN + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
            said = {"kind": "text", "text": self._topic(3), "sent_at": at, "sender_id": f"u-{number % CALLERS}"}
            yield "message", {"id": f"m-{number}", "conversation_id": f"c-{dice.randrange(ROOMS)}", **said}

    def _topic(self, words: int) -> str:
        return "".join(self._dice.choice(WORDS) for _ in range(words))


class Typing:
    """Types at a running service, and measures."""

    def __init__(self, service: Service, company: Company, http: httpx.AsyncClient) -> None:
        self._service = service
        self._http = http
        self._typed = company.typed()
        self._number = 0
        self._api = psutil.Process(service.children[1].pid)
        self._engine = _engine()

    async def one_client(self, calls: int, advance: Callable[[], None]) -> Figures:
        async def run(took: list[float], found: list[int]) -> None:
            for _ in range(calls):
                began = time.perf_counter()
                found.append(await self._call())
                took.append(time.perf_counter() - began)
                advance()

        return await self._measured(run)

    async def open_loop(self, rate: float, seconds: float, advance: Callable[[], None]) -> Figures:
        async def run(took: list[float], found: list[int]) -> None:
            began = time.perf_counter()

            async def one(due: float) -> None:
                found.append(await self._call())
                took.append(time.perf_counter() - due)
                advance()

            async with asyncio.TaskGroup() as group:
                for number in range(round(rate * seconds)):
                    due = began + number / rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    group.create_task(one(due))

        return await self._measured(run)

    async def _measured(self, run: Callable[[list[float], list[int]], Awaitable[None]]) -> Figures:
        took: list[float] = []
        found: list[int] = []
        before = [sum(process.cpu_times()[:2]) for process in (self._api, self._engine)]
        await run(took, found)
        cpu = [
            (sum(process.cpu_times()[:2]) - was) * 1000 / len(took)
            for process, was in zip((self._api, self._engine), before, strict=True)
        ]
        cuts = statistics.quantiles(took, n=100, method="inclusive")
        p50, p95, p99 = (round(cuts[percent - 1] * 1000, 1) for percent in (50, 95, 99))
        return Figures(len(took), p50, p95, p99, round(cpu[0], 2), round(cpu[1], 2), round(statistics.fmean(found), 2))

    async def _call(self) -> int:
        self._number += 1
        text = next(self._typed)
        target = f"/v1/suggest?q={quote(text, safe='')}"
        # Whoever types asks several times in a row.
        user = f"u-{self._number // 8 % CALLERS}"
        response = await self._http.get(
            self._service.url + target, headers=sign(self._service.secret, "GET", target, user=user, tenant=TENANT)
        )
        if response.status_code != 200 or response.json()["partial"]:
            raise RuntimeError(f"{text!r}: {response.status_code}: {response.text[:300]}")
        return len(response.json()["suggestions"])


def _engine() -> psutil.Process:
    """The engine's process: the one under this one that Java runs."""
    for process in psutil.Process().children(recursive=True):
        if "java" in process.name():
            return process
    for process in psutil.process_iter(["name", "create_time"]):
        if "java" in (process.info["name"] or "") and process.info["create_time"] > psutil.Process().create_time():
            return process
    raise RuntimeError("The engine's process is nowhere to be seen.")


async def measure(
    service: Service, company: Company, options: argparse.Namespace, progress: Progress
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for stream, lines in company.events().streams().items():
            file = Path(folder) / f"{stream}.ndjson"
            file.write_bytes(b"\n".join(lines) + b"\n")
            files += [file] if lines else []
        load = await fill(service, files, progress)
    limits = httpx.Limits(max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as http:
        typing = Typing(service, company, http)
        calls = round(options.rate * options.seconds)
        task = progress.add_task("typing", total=WARM_UP + options.calls + calls)

        def advance() -> None:
            progress.advance(task)

        await typing.one_client(WARM_UP, advance)
        found, loads = {}, {}
        for name, run in (
            ("one_client", lambda: typing.one_client(options.calls, advance)),
            ("open_loop", lambda: typing.open_loop(options.rate, options.seconds, advance)),
        ):
            found[name] = asdict(await run())
            loads[name] = round(os.getloadavg()[0], 2)
    return {"events": load.events, "rate": options.rate, **found, "load": loads}


def show(found: Mapping[str, Any], console: Console) -> None:
    columns = ("", "calls", "p50 ms", "p95 ms", "p99 ms", "API ms", "engine ms", "suggestions", "load")
    table = Table(*columns, title=f"a suggestion, {found['events']:,} events; processor time a call")
    for name, title in (("one_client", "one client"), ("open_loop", f"{found['rate']:g} a second, open loop")):
        one = found[name]
        table.add_row(
            title, *(str(one[key]) for key in one if key != "found"), str(one["found"]), str(found["load"][name])
        )
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--docs", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=800, help="of the one client")
    parser.add_argument("--rate", type=float, default=40.0, help="calls a second in the open loop")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the open loop")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    console = Console(width=WIDTH)
    settings = Settings(localstack=LocalstackSettings(heap="1g"))
    company = Company(options.contacts, options.docs)
    with temporary_service(settings, console) as service, Progress(console=console) as progress:
        found = asyncio.run(measure(service, company, options, progress))
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
