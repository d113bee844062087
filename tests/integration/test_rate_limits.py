"""How often may be asked, for real: one count over several processes in the broker, its loss, the answers' headers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import apikit
import httpx
import kit
import pytest
from apikit import GATEWAY_SECRET
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from nats.aio.client import Client
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError
from outside import OwnBroker
from pydantic import SecretStr
from structlog.testing import capture_logs

from search.access.identity import Caller
from search.api.rates import Rates, counters, counts
from search.api.rates.counters import CounterStorage
from search.core.endpoints import Endpoints
from search.core.errors import TooManyRequests, Unavailable
from search.core.settings import RatesSettings, Settings
from search.core.streams.nats import NatsConnection
from search.core.streams.nats.connection import connect

DAY = 24 * 3600
_keys = (f"key-{number}" for number in count())


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no store that is away."""
    monkeypatch.setattr(counters, "TIMEOUT_S", 20.0)
    monkeypatch.setattr(counts, "PATIENCE_S", 20.0)


@pytest.fixture
def key() -> str:
    return next(_keys)


@pytest.fixture
async def second(stack: Endpoints, settings: Settings) -> AsyncIterator[Client]:
    """Another connection, as another process has."""
    connection = await connect(settings.broker, stack.broker_url)
    yield connection
    await connection.close()


class TestCounters:
    """The store in the broker, beside the library's own in memory."""

    async def test_many_at_once_over_several_connections_are_counted_to_the_last(
        self, client: Client, second: Client, key: str
    ) -> None:
        stores = [CounterStorage(borrow=lambda one=one: one) for one in (client, second)]  # type: ignore[misc]
        taken = await asyncio.gather(
            *(stores[number % 2].acquire_sliding_window_entry(key, 50, DAY) for number in range(300))
        )
        assert taken.count(True) == 50
        assert (await stores[0].get_sliding_window(key, DAY))[2] == 50

    @pytest.mark.parametrize("seed", range(5))
    async def test_windows_slide_as_in_memory(
        self, client: Client, key: str, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 1_800_000_000.0005
        for module in ("limits.aio.storage.memory", "limits.aio.strategies"):
            monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: now))
        shared = SlidingWindowCounterRateLimiter(CounterStorage(borrow=lambda: client, clock=lambda: now))
        own = SlidingWindowCounterRateLimiter(MemoryStorage())
        chance, limit = random.Random(seed), parse("4 per minute")
        got = []
        for _ in range(60):
            now += chance.choice([0, 0, 0, 1, 7, 31, 61, 130])
            got.append(await shared.hit(limit, key))
            assert got[-1] == await own.hit(limit, key)
            assert await shared.get_window_stats(limit, key) == await own.get_window_stats(limit, key)
        assert {True, False} == set(got)

    @pytest.mark.parametrize("odd", ["a..b", ".", "*", ">", "a b", "张三", "x" * 500, ""])
    async def test_any_key_may_be_counted(self, client: Client, key: str, odd: str) -> None:
        store = CounterStorage(borrow=lambda: client)
        await store.clear_sliding_window(odd, DAY)
        assert [await store.acquire_sliding_window_entry(odd, 1, DAY) for _ in range(2)] == [True, False]

    async def test_what_is_over_is_forgotten(self, client: Client, key: str) -> None:
        store = CounterStorage(borrow=lambda: client)
        assert await store.acquire_sliding_window_entry(key, 5, 1)

        async def forgotten() -> bool:
            return (await client.jetstream().stream_info("rate_limits_1")).state.messages == 0

        await kit.until(forgotten, "the windows to be forgotten", 10)

    async def test_the_broker_is_told_no_names(self, client: Client) -> None:
        store = CounterStorage(borrow=lambda: client)
        await store.acquire_sliding_window_entry("office-search/caller/acme//u-secret/5/1/day", 5, DAY)
        info = await client.jetstream().stream_info(f"rate_limits_{DAY}", subjects_filter=">")
        assert info.config.storage == "memory"
        assert info.state.subjects
        assert not any("u-secret" in subject for subject in info.state.subjects)

    async def test_it_can_be_emptied(self, client: Client, key: str) -> None:
        store = CounterStorage(borrow=lambda: client)
        for empty in (store.clear_sliding_window(key, DAY), store.reset()):
            assert await store.acquire_sliding_window_entry(key, 1, DAY)
            await empty
        assert await store.acquire_sliding_window_entry(key, 1, DAY)

    async def test_a_stream_that_somebody_made_otherwise_is_not_taken_for_a_count(
        self, client: Client, key: str
    ) -> None:
        store, js = CounterStorage(borrow=lambda: client), client.jetstream()
        await js.add_stream(StreamConfig(name="rate_limits_7", subjects=["rate_limits.7.>"], allow_direct=True))
        with pytest.raises(Unavailable, match="allow_msg_counter"):
            await store.acquire_sliding_window_entry(key, 1, 7)
        await js.delete_stream("rate_limits_7")

    async def test_without_a_connection_nothing_is_counted(self, key: str, client: Client) -> None:
        async def connect() -> Client:
            return client

        store = CounterStorage(borrow=NatsConnection(connect).client)
        assert not await store.check()
        with pytest.raises(Unavailable):
            await store.acquire_sliding_window_entry(key, 1, DAY)

    async def test_an_app_has_one_count_over_processes_and_callers(self, client: Client, second: Client) -> None:
        settings = RatesSettings(caller="off", app="4 per day", store=SecretStr("jetstream://"))
        each = [Rates.configured(settings, lambda one=one: one) for one in (client, second)]  # type: ignore[misc]
        app = next(_keys)
        callers = [Caller("acme", f"u-{number}", "gateway", app) for number in range(10)]
        tries = [each[number % 2].admit(caller) for number, caller in enumerate(callers)]
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert found.count(None) == 4
        assert all(one is None or isinstance(one, TooManyRequests) for one in found)


def limited(settings: Settings, limit: str, store: str = "memory://") -> Settings:
    return kit.changed(settings, **{"rates.caller": limit, "rates.store": store})


async def ask(api: apikit.Api, user: str, times: int) -> list[httpx.Response]:
    return [await api.get(user, q="x") for _ in range(times)]


def refused(answers: list[httpx.Response]) -> int:
    """How many are refused; whoever is let in is unknown here, if the service is ready at all."""
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {503, 403, 429}
    return statuses.count(429)


async def connected(api: apikit.Api) -> None:
    async def is_there() -> bool:
        reasons = api.app.state.services.readiness.reasons
        return not any(reason == "still starting" or "broker" in reason for reason in reasons)

    await kit.until(is_there, "the connection to the broker")


class TestApi:
    async def test_whoever_waits_as_long_as_the_header_says_is_served(
        self, settings: Settings, stack: Endpoints, key: str
    ) -> None:
        async with apikit.running(limited(settings, "2 per 1 second"), stack, GATEWAY_SECRET) as api:
            answers = await asyncio.gather(*(api.get(key, q="x") for _ in range(6)))
            assert refused(answers) >= 2
            [answer, *_] = [answer for answer in answers if answer.status_code == 429]
            assert answer.headers["content-type"] == "application/problem+json"
            seconds = int(answer.headers["retry-after"])
            assert f"wait {seconds} s" in answer.json()["detail"]

            async def served() -> bool:
                return refused(await ask(api, key, 1)) == 0

            await kit.until(served, "room", seconds + 1)

    async def test_two_applications_count_together(self, settings: Settings, stack: Endpoints, key: str) -> None:
        shared = limited(settings, "5 per day", "jetstream://")
        async with AsyncExitStack() as both:
            apis = [await both.enter_async_context(apikit.running(shared, stack, GATEWAY_SECRET)) for _ in range(2)]
            for api in apis:
                await connected(api)
            answers = [await apis[number % 2].get(key, q="x") for number in range(9)]
            assert refused(answers[:5]) == 0
            assert refused(answers[5:]) == 4
            assert refused(await ask(apis[0], next(_keys), 1)) == 0

    async def test_in_memory_each_counts_for_itself(self, settings: Settings, stack: Endpoints, key: str) -> None:
        for _ in range(2):
            async with apikit.running(limited(settings, "2 per day"), stack, GATEWAY_SECRET) as api:
                assert refused(await ask(api, key, 3)) == 1

    async def test_probes_and_metrics_are_never_refused(self, settings: Settings, stack: Endpoints) -> None:
        async with apikit.running(limited(settings, "1 per day"), stack, GATEWAY_SECRET) as api:
            for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
                statuses = {(await api.http.get(path)).status_code for _ in range(5)}
                assert statuses <= {200, 503}

    async def test_a_store_that_is_lost_neither_stops_nor_opens_the_service_and_is_used_again_when_back(
        self, settings: Settings, stack: Endpoints, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counts, "RETRY_S", 0.1)
        with OwnBroker(tmp_path) as broker:
            endpoints = replace(stack, broker_url=broker.url)
            async with apikit.running(limited(settings, "3 per day", "jetstream://"), endpoints, GATEWAY_SECRET) as api:
                await connected(api)
                assert refused(await ask(api, key, 2)) == 0
                monkeypatch.setattr(counts, "PATIENCE_S", 0.5)
                broker.stop()
                with capture_logs() as logs:
                    assert refused(await ask(api, key, 6)) == 3
                assert [line["event"] for line in logs].count("rate_limit_store_away") == 1
                assert "office_search_rate_limit_store_away 1.0" in (await api.http.get("/metrics")).text
                broker.start()
                other = await connect(settings.broker, broker.url)

                async def counted_there() -> bool:
                    await api.get(next(_keys), q="x")
                    try:
                        return bool((await other.jetstream().stream_info(f"rate_limits_{DAY}")).state.messages)
                    except NotFoundError:
                        return False

                await kit.until(counted_there, "the store to be used again")
                await other.close()
                assert "office_search_rate_limit_store_away 0.0" in (await api.http.get("/metrics")).text
                assert "office_search_rate_limited_total" in (await api.http.get("/metrics")).text
