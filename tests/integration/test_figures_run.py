"""A run of the figures: under a lock, from the documents of use alone, swapped at once, gone with who is deleted."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from typing import Any

import kit
import pytest
from apikit import Api
from kit import CATALOGUE
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import TransportError
from usagekit import Silent, Store

from analyzers import Lexicons
from indexers.decisions import Build
from mappings import figures as kept
from search.commands.recommend_job import LAST, keep_figures
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker
from search.localstack.children import environment
from search.recommend.counting import TREND
from search.recommend.generations import Generations
from search.recommend.kept import FiguresKept
from search.recommend.model import Model
from search.recommend.run import Run, each
from search.recommend.runs import Busy
from search.recommend.stored import documents

WEEK_S = 7 * 86_400


def store_of(api: Api, broker: Broker, engine: AsyncOpenSearch, tenant: str) -> tuple[Store, list[str]]:
    """A company of forty, of whom thirty use `a` and twelve `b` too; nobody may see anything, as nobody asks."""
    store = Store(api, broker, engine, tenant)
    people = [store.company.user(id=f"u{number}") for number in range(40)]
    store.app("a", published_at="2026-03-02T09:15:04Z")
    store.app("b", published_at="2026-03-02T09:15:04Z")
    store.uses(people[:30], "a")
    store.uses(people[:12], "b")
    return store, people


async def indices(engine: AsyncOpenSearch, tenant: str) -> dict[str, list[str]]:
    found = await engine.indices.get_alias(index="figures-*")
    return {name: list(one["aliases"]) for name, one in found.items() if kept.run_of(name)[0] == tenant}


async def model(engine: AsyncOpenSearch, tenant: str) -> Model:
    found = await Generations(engine).read(tenant)
    assert found is not None
    return found


async def users(engine: AsyncOpenSearch, tenant: str) -> dict[str, int]:
    figures = await FiguresKept(engine).of(tenant)
    return {id: one.users for id, one in figures.apps.items()}


async def test_each_run_takes_the_place_of_the_one_before(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store, _ = store_of(api, broker, engine, "one")
    # Its name ends like the other's.
    other, _ = store_of(api, broker, engine, "my-one")
    await other.train()
    await store.train()
    assert await users(engine, "one") == {"a": 20, "b": 10}
    await store.run.of("one", Silent())
    assert await indices(engine, "one") == {"figures-000002-one": ["figures.one"]}
    assert await indices(engine, "my-one") == {"figures-000001-my-one": ["figures.my-one"]}


async def test_duplicates_replays_and_disorder_change_nothing(
    api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    plain, _ = store_of(api, broker, engine, "plain")
    stormy, _ = store_of(api, broker, engine, "stormy")
    for store in (plain, stormy):
        store.uses([f"u{number}" for number in range(15)], "a", action="rate", ago=3, value=4)
    now = time.time()
    times = [event.replace(b"stormy", b"plain") for event in stormy.events]
    plain.events = times
    stormy.events = [event for event in stormy.events for _ in range(3)]
    random.Random(4).shuffle(stormy.events)
    found = []
    for store in (plain, stormy):
        await store.arrive()
        run = Run(engine, CATALOGUE, Lexicons(), clock=lambda: now)
        await run.of(store.company.tenant, Silent())
        found.append(documents(await model(engine, store.company.tenant)))
    assert found[0] == found[1]


async def test_whoever_is_deleted_or_disabled_is_gone_from_the_next_run(
    api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    store, people = store_of(api, broker, engine, "leaving")
    await store.train()
    for person in people[:1]:
        store.company.delete("user", person)
    store.company.user(id=people[1], status="disabled")
    await store.arrive()
    later = Run(engine, CATALOGUE, Lexicons(), clock=lambda: time.time() + WEEK_S)
    await later.of("leaving", Silent())
    # b has ten users left, which is one too few.
    assert await users(engine, "leaving") == {"a": 20, "b": 0}


async def test_what_is_told_stands_for_a_week(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store, people = store_of(api, broker, engine, "calm")
    await store.train()
    before = await model(engine, "calm")
    store.uses(people[12:30], "b", ago=0)
    await store.arrive()
    tomorrow = Run(engine, CATALOGUE, Lexicons(), clock=lambda: time.time() + WEEK_S / 7)
    await tomorrow.of("calm", Silent())
    # A trend may have been told of no week before: its first one is told at once.
    rows = [row for row in before.cells.rows if row != TREND]
    after = (await model(engine, "calm")).cells.aligned(rows, before.apps)
    assert after.steps.tolist() == before.cells.aligned(rows, before.apps).steps.tolist()
    next_week = Run(engine, CATALOGUE, Lexicons(), clock=lambda: time.time() + WEEK_S + 3600)
    await next_week.of("calm", Silent())
    assert (await users(engine, "calm"))["b"] == 20


async def test_two_processes_never_make_the_same_tenant_s(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store, _ = store_of(api, broker, engine, "busy")
    await store.train()
    runs = [Run(engine, CATALOGUE, Lexicons()) for _ in range(4)]
    ended = await asyncio.gather(*(run.of("busy", Silent()) for run in runs), return_exceptions=True)
    made = [one for one in ended if not isinstance(one, BaseException)]
    assert len(made) >= 1
    assert {type(one).__name__ for one in ended if isinstance(one, BaseException)} <= {"Busy"}
    assert len({one.number for one in made}) == len(made)


async def test_a_run_that_was_cut_off_is_taken_over_and_leaves_nothing(
    api: Api, broker: Broker, engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = store_of(api, broker, engine, "cut")
    await store.train()
    runs = store.run.runs
    decision = await runs.decision("cut")
    # A process that died an hour ago, half-way through writing.
    gone = Build(2, "process 1 on gone", time.time() - 3600, time.time() - 3600)
    await runs.decisions.change(decision, build=gone, last=2)
    await engine.indices.create(index=kept.index("cut", 2), body={})
    monkeypatch.setattr("indexers.building.RENEW_S", 0.01)
    await store.run.of("cut", Silent())
    assert await indices(engine, "cut") == {"figures-000003-cut": ["figures.cut"]}


async def test_whoever_lives_is_waited_for(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store, _ = store_of(api, broker, engine, "alive")
    await store.arrive()
    await store.run.runs.prepare()
    lease = await store.run.runs.take("alive")
    with pytest.raises(Busy, match="are being made by process"):
        await store.run.of("alive", Silent())
    told: list[str] = []
    assert await each(store.run, ["alive"], Silent(), lambda _, sentence: told.append(sentence)) == 0
    assert "wait until that is done" in told[0]
    await lease.give_up()


class Breaking(Generations):
    """The engine refuses what a run writes."""

    async def write(self, tenant: str, model: Model) -> None:
        await super().write(tenant, model)
        raise TransportError(503, "full", {})


async def test_a_run_that_fails_leaves_the_figures_that_counted_and_says_so(
    api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    store, _ = store_of(api, broker, engine, "failing")
    await store.train()
    run = Run(engine, CATALOGUE, Lexicons())
    run._generations = Breaking(engine)
    told: list[str] = []
    assert await each(run, ["failing"], Silent(), lambda _, sentence: told.append(sentence)) == 1
    assert told[0].startswith("failed")
    assert (await run.runs.outcomes())["failing"].ended == "failed"
    assert (await model(engine, "failing")).number == 1
    await store.run.of("failing", Silent())
    assert await indices(engine, "failing") == {"figures-000003-failing": ["figures.failing"]}
    assert (await run.runs.outcomes())["failing"].ended == "done"


async def test_who_is_due_is_told_by_the_last_run(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store, _ = store_of(api, broker, engine, "due")
    await store.arrive()
    assert "due" in await store.run.tenants(due_after_s=3600)
    await store.run.of("due", Silent())
    assert "due" not in await store.run.tenants(due_after_s=3600)
    assert "due" in await store.run.tenants(due_after_s=0)
    assert "due" in await store.run.tenants()


async def test_a_company_without_use_has_no_figures_and_no_error(
    api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    store = Store(api, broker, engine, "idle")
    store.company.user()
    store.app("a")
    await store.company.arrive()
    outcome = await store.run.of("idle", Silent())
    assert outcome.ended == "nothing"
    assert await indices(engine, "idle") == {}
    assert (await FiguresKept(engine).of("idle")).apps == {}


async def test_the_api_sees_a_swap_when_it_looks_and_keeps_what_it_knows_while_the_engine_is_away(
    api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    store, _ = store_of(api, broker, engine, "kept")
    await store.train()
    now = 1000.0
    figures = FiguresKept(engine, look_s=60, clock=lambda: now)
    assert (await figures.of("kept")).number == 1
    await store.run.of("kept", Silent())
    assert (await figures.of("kept")).number == 1
    now += 61
    await figures.of("kept")  # is answered by what is known, and looks

    async def seen() -> bool:
        return (await figures.of("kept")).number == 2

    await kit.until(seen, "the new figures to be seen")
    index: dict[str, Any] = await engine.indices.get_alias(name="figures.kept")
    await engine.indices.close(index=",".join(index))
    now += 61
    assert (await figures.of("kept")).number == 2
    now += 4000
    assert (await figures.of("kept")).number == 0


async def test_the_command_tells_how_each_run_ended(
    api: Api, broker: Broker, engine: AsyncOpenSearch, world: Endpoints
) -> None:
    store, _ = store_of(api, broker, engine, "asked")
    await store.arrive()
    ended = {}
    for tenant in ("asked", "unheard-of"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "search.cli", "recommend", "train", "--tenant", tenant),
            env=environment(world),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        ended[tenant] = process.returncode, out.decode() + errors.decode()
    assert ended["asked"][0] == 0
    assert "asked: run 1 counts, made in " in ended["asked"][1]
    assert ended["unheard-of"][0] == 1
    assert "There is no tenant unheard-of" in ended["unheard-of"][1]


async def test_the_indexers_job_makes_them_by_itself(
    api: Api, broker: Broker, engine: AsyncOpenSearch, world: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = store_of(api, broker, engine, "daily")
    await store.arrive()
    for name, value in environment(world).items():
        monkeypatch.setenv(name, value)
    stop = asyncio.Event()
    job = asyncio.create_task(keep_figures(Settings(), world, stop, look_s=0.05))

    async def made() -> bool:
        outcome = (await store.run.runs.outcomes()).get("daily")
        return outcome is not None and outcome.ended == "done"

    await kit.until(made, "the job to make the figures", 120)
    stop.set()
    await job
    assert await users(engine, "daily") == {"a": 20, "b": 10}
    assert LAST._value.get() > 0
