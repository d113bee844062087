"""How often may be asked: room, refusals that say how long to wait, and what happens when the shared store is away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from search.access.identity import Caller, identity_modes
from search.access.identity.gateway import sign
from search.api import edge, problems
from search.api.app import create
from search.api.dependencies import CallerRoute
from search.api.rates import Rates, counts
from search.api.rates.counts import RETRY_S, Counts
from search.core.endpoints import Endpoints
from search.core.errors import ConfigurationError, TooManyRequests
from search.core.settings import GatewaySettings, IdentitySettings, RatesSettings, Settings

SECRET = "0123456789abcdef" * 2
CLOCKED = ("limits.aio.storage.memory", "limits.aio.strategies", "search.api.rates.counts")


class Clock:
    """The time of this process and of the library, which only moves when it is told to."""

    def __init__(self) -> None:
        # Between two milliseconds, so that steps of milliseconds never meet the border between two windows itself.
        self.now = 1_800_000_000.0005

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    with pytest.MonkeyPatch.context() as patch:
        yield held(patch)


def held(patch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in CLOCKED:
        patch.setattr(f"{module}.time", SimpleNamespace(time=clock, monotonic=clock))
    return clock


def rates(caller: str = "off", app: str = "off", store: str = "memory://") -> Rates:
    settings = RatesSettings(caller=caller, app=app, store=SecretStr(store))
    return Rates.configured(settings, lambda: None)


def who(user: str = "u-1", tenant: str = "acme", app: str | None = None) -> Caller:
    return Caller(tenant, user, "gateway", app)


async def admitted(rates: Rates, caller: Caller, times: int) -> int:
    """How many of so many requests at once get in."""
    found = await asyncio.gather(*(rates.admit(caller) for _ in range(times)), return_exceptions=True)
    assert all(one is None or isinstance(one, TooManyRequests) for one in found)
    return found.count(None)


async def told_to_wait(rates: Rates, caller: Caller) -> int:
    """The seconds that a refusal tells; 0 when there is none."""
    try:
        await rates.admit(caller)
    except TooManyRequests as refusal:
        return refusal.retry_after
    return 0


def refused(kind: str) -> float:
    return REGISTRY.get_sample_value("office_search_rate_limited_total", {"kind": kind}) or 0.0


class TestRoom:
    async def test_a_caller_gets_as_many_as_the_limit_says(self, clock: Clock) -> None:
        before = refused("caller")
        assert await admitted(rates("5 per 10 seconds"), who(), 8) == 5
        assert refused("caller") == before + 3

    @pytest.mark.parametrize(
        "other", [who("u-2"), who(tenant="globex"), who(app="a-1"), who(app="a-2")], ids=["user", "tenant", "app", "b"]
    )
    async def test_callers_are_told_apart_by_tenant_user_and_app(self, clock: Clock, other: Caller) -> None:
        counted = rates("2 per 10 seconds")
        assert await admitted(counted, who(), 3) == 2
        assert await admitted(counted, other, 3) == 2

    async def test_one_user_is_one_caller_however_proven(self, clock: Clock) -> None:
        counted = rates("2 per 10 seconds")
        assert await admitted(counted, who(), 2) == 2
        assert await admitted(counted, Caller("acme", "u-1", "jwt"), 1) == 0

    async def test_an_app_is_counted_over_all_its_callers_of_a_tenant(self, clock: Clock) -> None:
        counted, before = rates(app="3 per 10 seconds"), refused("app")
        got = [await admitted(counted, who(f"u-{number}", app="a-1"), 1) for number in range(5)]
        assert sum(got) == 3
        assert refused("app") == before + 2
        assert await admitted(counted, who(tenant="globex", app="a-1"), 5) == 3
        assert await admitted(counted, who(), 5) == 5

    async def test_who_asks_too_often_takes_nothing_from_the_app_s_other_callers(self, clock: Clock) -> None:
        counted = rates("2 per 10 seconds", "4 per 10 seconds")
        assert await admitted(counted, who("greedy", app="a-1"), 50) == 2
        assert await admitted(counted, who("modest", app="a-1"), 2) == 2

    async def test_of_several_limits_each_must_have_room(self, clock: Clock) -> None:
        counted = rates("2 per 1 second; 3 per hour")
        assert await admitted(counted, who(), 5) == 2
        clock.now += 2
        assert await admitted(counted, who(), 5) == 1

    async def test_off_is_off(self) -> None:
        assert await admitted(rates("off", " OFF "), who(app="a-1"), 500) == 500

    async def test_by_default_whoever_types_without_a_pause_is_not_disturbed(self, clock: Clock) -> None:
        counted = Rates.configured(RatesSettings(), lambda: None)
        for _ in range(600):
            await counted.admit(who())
            clock.now += 0.1

    async def test_by_default_a_program_is(self, clock: Clock) -> None:
        assert await admitted(Rates.configured(RatesSettings(), lambda: None), who(), 500) == 120


class TestWaiting:
    async def test_the_refusal_says_how_long_in_whole_seconds(self, clock: Clock) -> None:
        counted = rates("1 per 10 seconds")
        await counted.admit(who())
        with pytest.raises(TooManyRequests, match=r"wait 10 s and then ask again") as refusal:
            await counted.admit(who())
        assert refusal.value.retry_after == 10
        clock.now += 7
        assert await told_to_wait(counted, who()) == 3

    @given(
        st.integers(1, 6),
        st.sampled_from([1, 2, 10, 60]),
        st.lists(st.integers(0, 20_000), min_size=1, max_size=40),
    )
    async def test_whoever_waits_as_long_as_told_gets_in(self, amount: int, window: int, pauses: list[int]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            clock, counted = held(patch), rates(f"{amount} per {window} seconds")
            for pause in pauses:
                clock.now += pause / 1000
                if seconds := await told_to_wait(counted, who()):
                    assert seconds <= window
                    clock.now += seconds
                    assert await told_to_wait(counted, who()) == 0


class Broken(MemoryStorage):
    """A store that raises, or answers never, while it is `broken`; it counts how often it was asked."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self.broken: Exception | asyncio.Future[Any] | None = None
        self.asked = 0

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        self.asked += 1
        if isinstance(self.broken, Exception):
            raise self.broken
        if self.broken is not None:
            await self.broken
        return await super().acquire_sliding_window_entry(key, limit, expiry, amount)


LIMIT: RateLimitItem = parse("3 per hour")


def away() -> float | None:
    return REGISTRY.get_sample_value("office_search_rate_limit_store_away")


async def taken(counted: Counts, times: int) -> int:
    return [await counted.take(LIMIT, "k") for _ in range(times)].count(0)


class TestStoreAway:
    async def test_each_process_then_counts_for_itself_and_says_so_once(self, clock: Clock) -> None:
        store = Broken()
        store.broken = ConnectionError("redis://:hunter2@cache does not answer")
        counted = Counts(store, clock)
        with capture_logs() as logs:
            assert await taken(counted, 5) == 3
            clock.now += RETRY_S
            assert await taken(counted, 5) == 0
        assert [line["event"] for line in logs] == ["rate_limit_store_away"]
        assert "hunter2" not in str(logs)
        assert away() == 1

    async def test_a_store_that_never_answers_is_not_waited_for(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counts, "PATIENCE_S", 0.01)
        store = Broken()
        store.broken = asyncio.get_running_loop().create_future()
        assert await taken(Counts(store, clock), 4) == 3

    async def test_it_is_asked_again_by_one_request_a_while(self, clock: Clock) -> None:
        store = Broken()
        store.broken = OSError()
        counted = Counts(store, clock)
        await taken(counted, 20)
        assert store.asked == 1
        clock.now += RETRY_S
        await taken(counted, 20)
        assert store.asked == 2

    async def test_while_one_request_finds_out_the_others_do_not_wait(self, clock: Clock) -> None:
        store = Broken()
        store.broken = OSError()
        counted = Counts(store, clock)
        await counted.take(LIMIT, "k")
        clock.now += RETRY_S
        store.broken = asyncio.get_running_loop().create_future()
        first = asyncio.create_task(counted.take(LIMIT, "k"))
        await asyncio.sleep(0)
        assert await counted.take(LIMIT, "k") == 0
        assert store.asked == 2
        store.broken.set_result(None)
        await first

    async def test_when_it_is_back_it_counts_again(self, clock: Clock) -> None:
        store = Broken()
        counted = Counts(store, clock)
        assert await taken(counted, 2) == 2
        store.broken = OSError()
        with capture_logs() as logs:
            await taken(counted, 1)
            store.broken = None
            clock.now += RETRY_S
            assert await taken(counted, 5) == 1
        assert [line["event"] for line in logs] == ["rate_limit_store_away", "rate_limit_store_back"]
        assert away() == 0


class TestSettings:
    @pytest.mark.parametrize("limit", ["often", "10", "0 per second", "10 per fortnight", "-1 per hour", "off; 1/hour"])
    @pytest.mark.parametrize("kind", ["caller", "app"])
    def test_a_limit_that_makes_no_sense_is_refused_by_its_name(self, kind: str, limit: str) -> None:
        with pytest.raises(ConfigurationError, match=f"OFFICE_SEARCH_RATE_LIMIT_{kind.upper()} is .*120 per 10 sec"):
            rates(**{kind: limit})

    @pytest.mark.parametrize(
        "store", ["carrier-pigeon://:hunter2@loft", "hunter2", "redis://:hunter2@cache:x", "redis://:hunter2@cache"]
    )
    def test_a_store_that_cannot_be_used_is_refused_without_telling_its_password(self, store: str) -> None:
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_RATE_LIMIT_STORE") as error:
            rates(store=store)
        assert ":hunter2" not in str(error.value)

    @pytest.mark.parametrize("store", ["memory://", "async+memory://", "jetstream://", "async+jetstream://"])
    def test_stores_that_need_nothing_more(self, store: str) -> None:
        rates(store=store)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.identity_modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)))
    app.state.rates = rates("1 per day")
    router = APIRouter(route_class=CallerRoute)

    @router.post("/work")
    async def work(body: dict[str, Any]) -> int:
        return len(body)

    app.include_router(router)
    problems.install(app)
    edge.install(app)
    with capture_logs():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search.example") as client:
            yield client


async def post(client: httpx.AsyncClient, content: bytes, secret: str = SECRET) -> httpx.Response:
    headers = sign(secret, "POST", "/work", user="u-1", tenant="acme", body=content)
    headers["Content-Type"] = "application/json"
    return await client.post("/work", content=content, headers=headers)


async def test_a_refusal_is_a_problem_that_says_what_to_do(client: httpx.AsyncClient) -> None:
    assert (await post(client, b"{}")).status_code == 200
    answer = await post(client, b"{}")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Too Many Requests"
    assert f"wait {answer.headers['retry-after']} s" in answer.json()["detail"]


async def test_who_is_refused_has_no_work_done_for_it(client: httpx.AsyncClient) -> None:
    assert (await post(client, b"no JSON")).status_code == 422
    assert (await post(client, b"no JSON")).status_code == 429


async def test_every_call_of_the_api_is_counted() -> None:
    settings = Settings(
        identity=IdentitySettings(gateway=GatewaySettings(secrets=SECRET)), rates=RatesSettings(caller="1 per day")
    )
    app = create(settings, Endpoints("http://127.0.0.1:9", "nats://127.0.0.1:9"))
    calls = [
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/")
    ]
    assert ("GET", "/v1/search") in calls
    await app.state.rates.admit(who())
    with capture_logs():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search.example") as client:
            for method, path in calls:
                signed = sign(SECRET, method, path, user="u-1", tenant="acme")
                assert (await client.request(method, path, headers=signed)).status_code == 429, path


async def test_nobody_uses_up_what_is_another_s_by_a_false_name(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await post(client, b"{}", "f" * 32)).status_code == 401
    assert (await post(client, b"{}")).status_code == 200
