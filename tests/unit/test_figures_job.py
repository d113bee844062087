"""The daily job: what it tells of the runs, and when somebody must look."""

from __future__ import annotations

import asyncio

import kit
import pytest
from alertkit import fires, metrics, samples
from prometheus_client import Gauge

from search.commands import recommend_job
from search.commands.recommend_job import LOOK_S, PATIENCE_S, keep_figures, measure, while_stdin_is_open
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.recommend.runs import Outcome

DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def calm() -> None:
    for metric, _ in metrics().values():
        if isinstance(metric, Gauge):
            metric.clear() if metric._labelnames else metric.set(0)


def told() -> list[float]:
    gauges = (recommend_job.LAST, recommend_job.SECONDS, recommend_job.FAILED, recommend_job.OVERDUE)
    return [gauge._value.get() for gauge in gauges]


def test_without_any_run_nothing_is_late() -> None:
    measure({}, DAY, NOW)
    assert told() == [0, 0, 0, 0]


def test_runs_in_time_are_well() -> None:
    measure({"a": Outcome("done", NOW - DAY, 4, 1), "b": Outcome("nothing", NOW - 60, 9, 1)}, DAY, NOW)
    assert told() == [NOW - 60, 9, 0, 0]
    assert fires("OfficeSearchFiguresFail", {}, samples()) == []
    assert fires("OfficeSearchFiguresOverdue", {}, samples()) == []


def test_a_run_that_failed_and_one_that_does_not_come_are_told() -> None:
    measure({"a": Outcome("failed", NOW - 60, 4, 1, "full"), "b": Outcome("done", NOW - 3 * DAY, 9, 1)}, DAY, NOW)
    assert told() == [NOW - 60, 9, 1, 2 * DAY - PATIENCE_S]
    assert fires("OfficeSearchFiguresFail", {}, samples()) == [{}]
    assert fires("OfficeSearchFiguresOverdue", {}, samples()) == [{}]
    assert LOOK_S < PATIENCE_S


async def test_where_it_is_off_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> bool:
        raise AssertionError("looked")

    monkeypatch.setattr(recommend_job, "_is_due", never)
    stop = asyncio.Event()
    off = kit.changed(Settings(), **{"recommend.every_h": 0})
    job = asyncio.create_task(keep_figures(off, Endpoints("http://engine", "nats://broker"), stop, look_s=0))
    await asyncio.sleep(0)
    assert not job.done()
    stop.set()
    await job


async def test_an_engine_that_is_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, stop = [], asyncio.Event()

    async def away(*_: object) -> bool:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise OSError("away")

    monkeypatch.setattr(recommend_job, "_is_due", away)
    await keep_figures(Settings(), Endpoints("http://engine", "nats://broker"), stop, look_s=0)
    assert len(looks) == 3


async def test_it_ends_with_whoever_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    async def working() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    monkeypatch.setattr(recommend_job.os, "nice", lambda _: 0)
    monkeypatch.setattr(recommend_job, "stop_when_stdin_closes", lambda stop: stop.set())
    await while_stdin_is_open(working())
    assert ended == ["work"]


async def test_and_its_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing() -> None:
        raise ValueError("no")

    monkeypatch.setattr(recommend_job.os, "nice", lambda _: 0)
    monkeypatch.setattr(recommend_job, "stop_when_stdin_closes", lambda _: None)
    with pytest.raises(ValueError, match="no"):
        await while_stdin_is_open(failing())
