"""Runs everything under a mixed load for a while, and says whether anything grows or gets slower.

A temporary engine and broker, `office-search index` and `office-search serve` as processes of their own, as in
production. Messages come, change and are recalled, docs and people change, members come and go, many users search, an
admin asks for explanations, and now and then a vertical is reindexed. Meanwhile each process is looked at every few
seconds: what it holds of memory (without the files that it has mapped, where the system tells), its open files, its
threads, the processor's time.

The first quarter, five minutes at most, is warming up and counts for nothing. After that something *grows* if even the
low bound of its slope comes to more than the tolerance over the time measured; answers are *slower* if those of the
last third take half as long again as those of the first. How slopes and bounds come about, and what else is asked of
them: search/evaluate/steadiness.py.
The exit status is 1 if anything grows, is slower or fails.
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
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from soak_load import Asking, Told, all_answered, appoint, publish, reindex
from soak_samples import MEASURES, Samples, Series

from search import bootstrap
from search.core.settings import BrokerSettings, LocalstackSettings, Settings
from search.demo import company
from search.evaluate.questions import event_files
from search.evaluate.service import Service, fill, temporary_service
from search.evaluate.steadiness import Drift, Point, Trend, drift, percentiles, trend

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
ASKERS = 4
WIDTH = 100
SHOWN = 5
LONG_ENOUGH_MIN = 10
WARM_UP_SHARE, WARM_UP_S = 0.25, 300.0
REINDEXED = ("apps", "docs", "contacts", "messages")
REINDEX_EVERY_S = 240.0
FAILED_SHARE = 0.01
# (share of the level, least) by measure. The stores hold more as more is stored; ours should not.
TOLERANCES = {"memory": (0.03, 6.0), "files": (0.05, 5.0), "threads": (0.05, 3.0)}
OF_STORES = {"memory": (0.15, 48.0), "files": (0.25, 50.0), "threads": (0.25, 10.0)}
STORES = ("engine", "broker")
LABELS = {"memory": "MB", "files": "files", "threads": "threads"}
# A JVM takes its whole heap, and some memory beside it, before it clears up; below that it is only on its way there.
HEAP_MB, BESIDE_HEAP = 1024, 1.5


@dataclass(frozen=True)
class Soaked:
    """What was measured. Times are in seconds since the load began; `warm`: from when on it counts."""

    warm: float
    until: float
    series: Sequence[Series]
    load: Sequence[Point]
    asking: Asking
    published: int
    reindexed: Sequence[str]

    def trends(self) -> dict[str, dict[str, Trend | None]]:
        return {
            one.name: {measure: trend(one.values[measure], self.warm) for measure in MEASURES} for one in self.series
        }

    def drift(self) -> Drift | None:
        return drift(self.asking.answers, self.warm, self.until)

    def faults(self) -> list[str]:
        """Return what is wrong, a sentence each; none when all is steady."""
        found = [
            f"{name}: {LABELS[measure]} {one.per_minute:+.2f} a minute ({bounds(one)})"
            for name, measures in self.trends().items()
            for measure, one in measures.items()
            if one and grows(name, measure, one)
        ]
        found += [
            f"{one.name} (process {one.pid}) ended after {one.cpu[-1][0]:.0f} s"
            for one in self.series
            if one.cpu[-1][0] < self.until - 30
        ]
        asked, failed = self.asking.outcomes.total(), sum(failures(self.asking.outcomes).values())
        if failed > FAILED_SHARE * max(asked, 1):
            found.append(f"{failed:,} of {asked:,} requests failed")
        if (gone := self.drift()) and gone.is_slower:
            found.append(f"answers are slower: p50 {gone.first[0]:.0f} to {gone.last[0]:.0f} ms, "
                         f"p95 {gone.first[1]:.0f} to {gone.last[1]:.0f} ms")  # fmt: skip
        return [*found, *(f"reindex of {one}" for one in self.reindexed if not one.endswith(": done"))]


def allowed(name: str, measure: str, one: Trend) -> float:
    """By how much it may grow in the whole time."""
    share, least = (OF_STORES if name in STORES else TOLERANCES)[measure]
    return one.allowed(share=share, least=least)


def grows(name: str, measure: str, one: Trend) -> bool:
    if (name, measure) == ("engine", "memory") and one.level < BESIDE_HEAP * HEAP_MB:
        return False
    share, least = (OF_STORES if name in STORES else TOLERANCES)[measure]
    return one.grows(share=share, least=least)


def bounds(one: Trend) -> str:
    return f"{one.low:+.2f} to {one.high:+.2f}"


def failures(outcomes: Mapping[str, int]) -> dict[str, int]:
    """Return what is neither an answer nor a refusal: 403 and 404 are the truth about rights that come and go."""
    fine = ("200", "403", "404")
    return {kind: count for kind, count in outcomes.items() if not kind.endswith(fine)}


async def soak(service: Service, files: Sequence[Path], options: argparse.Namespace, console: Console) -> Soaked:
    seconds = options.minutes * 60
    every_s = min(5.0, max(1.0, seconds / 100))
    dice = random.Random(options.seed)
    told = Told.of(files, dice)
    async with AsyncExitStack() as stack:
        progress = stack.enter_context(Progress(console=console))
        await fill(service, files, progress)
        settings = BrokerSettings.model_construct()
        broker = await stack.enter_async_context(bootstrap.connected_broker(settings, service.endpoints.broker_url))
        await appoint(broker, told)
        await all_answered(service)
        began, stop = time.perf_counter(), asyncio.Event()
        samples, asking = Samples(service, began, every_s), Asking(service, told, began)
        pause_s = ASKERS / options.searches
        async with asyncio.TaskGroup() as group:
            group.create_task(samples.run(stop))
            for number in range(ASKERS):
                group.create_task(asking.run(pause_s, random.Random(f"{options.seed}-{number}"), stop))
            publishing = group.create_task(publish(broker, told, options.rate, dice, stop))
            building = group.create_task(reindex(service, REINDEXED, min(REINDEX_EVERY_S, seconds / 4), stop))
            task = progress.add_task("soak", total=seconds)
            while (at := time.perf_counter() - began) < seconds:
                service.check()
                progress.update(task, completed=at)
                await asyncio.sleep(min(1.0, seconds - at))
            progress.update(task, completed=seconds)
            until = time.perf_counter() - began
            stop.set()
    warm = min(WARM_UP_S, WARM_UP_SHARE * seconds)
    series = sorted(samples.series.values(), key=lambda one: (one.name in STORES, one.name))
    return Soaked(warm, until, series, samples.load, asking, publishing.result(), building.result())


def show(found: Soaked, console: Console) -> None:
    title = f"Each process, from minute {found.warm / 60:.1f} to {found.until / 60:.1f}"
    table = Table("process", "measure", "median", "a minute", "95 %", "may grow by", "verdict", title=title)
    for column in table.columns[2:6]:
        column.justify = "right"
    for one, trends in zip(found.series, found.trends().values(), strict=True):
        for measure, way in trends.items():
            if way is None:
                table.add_row(one.name, LABELS[measure], "", "", "", "", "too few")
                continue
            word = "[red]GROWS" if grows(one.name, measure, way) else "steady"
            table.add_row(
                one.name, LABELS[measure], f"{way.level:,.0f}", f"{way.per_minute:+.2f}", bounds(way),
                f"{allowed(one.name, measure, way):,.0f}", word,
            )  # fmt: skip
        table.add_row(one.name, "cores", f"{one.cores:.2f}", end_section=True)
    console.print(table)
    table = Table("minute", "searches", "p50 ms", "p95 ms", "load", title="Answers, and the machine's load")
    for column in table.columns:
        column.justify = "right"
    for minute, (answers, load) in enumerate(minutes(found)):
        p50, p95 = percentiles(answers) if answers else (0.0, 0.0)
        table.add_row(f"{minute + 1}", f"{len(answers):,}", f"{p50:,.0f}", f"{p95:,.0f}", f"{load:.1f}")
    if gone := found.drift():
        table.add_section()
        for third, (p50, p95) in (("first third", gone.first), ("last third", gone.last)):
            table.add_row(third, "", f"{p50:,.0f}", f"{p95:,.0f}", "")
    console.print(table)
    console.print(f"{found.published:,} events; reindexed: {', '.join(found.reindexed) or 'nothing'}.")
    console.print("Requests: " + ", ".join(f"{kind} {n:,}" for kind, n in sorted(found.asking.outcomes.items())) + ".")
    for reason, times in found.asking.reasons.most_common(SHOWN):
        console.print(f"  failed {times:,} times: {reason}", markup=False, highlight=False)


def minutes(found: Soaked) -> list[tuple[list[float], float]]:
    """Of each minute the answers' ms, and the mean load of the machine."""
    count = max(1, round(found.until / 60))
    return [
        (
            [ms for at, ms in found.asking.answers if int(at // 60) == minute],
            statistics.mean([load for at, load in found.load if int(at // 60) == minute] or [0.0]),
        )
        for minute in range(count)
    ]


def verdict(found: Soaked) -> str:
    faults, cores = found.faults(), os.cpu_count()
    load = statistics.mean(value for _, value in found.load)
    beside = f"; the machine's load was {load:.1f} on {cores} cores"
    short = ", too short a time to be believed" if found.until < LONG_ENOUGH_MIN * 60 else ""
    lasted = f"in {found.until / 60:.0f} min"
    if faults:
        return f"NOT STEADY {lasted}{short}: {'; '.join(faults)}{beside}."
    return f"STEADY {lasted}{short}: nothing grows, answers are not slower, nothing failed{beside}."


def figures(found: Soaked) -> dict[str, Any]:
    gone = found.drift()
    return {
        "verdict": verdict(found),
        "faults": found.faults(),
        "warm_up_s": found.warm,
        "seconds": found.until,
        "processes": {
            name: {measure: vars(one) if one else None for measure, one in trends.items()}
            for name, trends in found.trends().items()
        },
        "cores": {one.name: round(one.cores, 3) for one in found.series},
        "drift_ms": vars(gone) if gone else None,
        "minutes": [
            {"searches": len(ms), "p50_p95_ms": percentiles(ms) if ms else None, "load": load}
            for ms, load in minutes(found)
        ],
        "events": found.published,
        "outcomes": dict(found.asking.outcomes),
        "reasons": dict(found.asking.reasons),
        "reindexed": list(found.reindexed),
        "samples": {one.name: one.values for one in found.series},
    }


def main() -> int:
    """Print the tables and the verdict; write the figures with --json FILE."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with changes.*.ndjson; without any, the demo's company")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=50.0, help="events a second")
    parser.add_argument("--searches", type=float, default=10.0, help="requests a second, at most")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="office-search-soak-") as folder:
        data = options.data or SHARED / "company"
        if options.data or data.is_dir():
            files: Sequence[Path] = [file for file in event_files(data) if "usage" not in file.stem]
        else:
            console.print(f"There is no company in {data}: the demo's is taken.")
            files = company.write(company.generate(), Path(folder))
        with temporary_service(Settings(localstack=LocalstackSettings(heap=f"{HEAP_MB}m")), console) as service:
            found = asyncio.run(soak(service, files, options, console))
    show(found, console)
    console.print(verdict(found), style="red" if found.faults() else "green", markup=False, highlight=False)
    if options.json:
        options.json.write_text(json.dumps(figures(found), indent=2) + "\n", encoding="utf-8")
    return 1 if found.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
