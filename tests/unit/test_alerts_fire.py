"""Alerts on the samples that the code makes when it happens: quiet before, firing during, quiet again afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import kit
import pytest
from alertkit import ALERTS, fires, metrics, samples
from identitykit import Clock
from limits import parse
from limits.aio.storage import MemoryStorage
from opensearchpy.exceptions import ConnectionError as EngineConnectionError
from prometheus_client import Gauge
from streamkit import GivenDelivery

from analyzers import Lexicons
from indexers.generations import Generation
from indexers.pipeline import DEAD, UNBURIED, Pipeline, expect_dead_letters
from indexers.preparing import OnTheLoop
from indexers.projections import Documents
from indexers.service import LAG, Service, _forget
from mappings.events import decode
from search.access.identity.breaker import FAILURES, OPEN_S
from search.access.identity.jwks import REFETCH_S, PublishedKeys
from search.access.identity.nonces import BrokerNonces
from search.access.identity.states import TokenStates
from search.api.rates.counts import RETRY_S, Counts
from search.core.errors import ConfigurationError, Unavailable
from search.core.streams.port import Delivery
from search.core.watched import LOOK_S, Watched
from search.health import readiness
from search.health.known import KnownTenants
from search.health.readiness import STALE_S, Readiness

STREAM = "changes.docs"


@pytest.fixture(autouse=True)
def calm() -> None:
    """What other tests left in the gauges is gone."""
    for metric, _ in metrics().values():
        if isinstance(metric, Gauge):
            metric.clear() if metric._labelnames else metric.set(0)


def fires_now(alert: str) -> list[dict[str, str]]:
    """Where an alert fires that compares no two scrapes."""
    return fires(alert, {}, samples())


async def away() -> Any:
    raise Unavailable("It does not answer.")


async def cut_off(_: str = "") -> Any:
    raise OSError("It does not answer.")


# What the indexers read off engine and broker: there the tests with real ones look whether it is true.
@pytest.mark.parametrize(
    ("alert", "metric", "labels"),
    [
        ("OfficeSearchLostIndex", "office_search_lost_indices", {"collection": "apps"}),
        ("OfficeSearchDirectoryGap", "office_search_stream_gap", {"collection": "directory", "stream": STREAM}),
        ("OfficeSearchStreamGap", "office_search_stream_gap", {"collection": "docs", "stream": STREAM}),
        ("OfficeSearchTenantAside", "office_search_aside_tenants", {"generation": "docs-000001"}),
    ],
)
def test_one_is_too_many(alert: str, metric: str, labels: dict[str, str]) -> None:
    gauge = cast(Any, metrics()[metric][0])
    assert labels not in [{name: found.get(name) for name in labels} for found in fires_now(alert)]
    gauge.labels(**labels).set(1)
    try:
        [found] = fires_now(alert)
        assert found.items() <= labels.items()
        others = {"OfficeSearchDirectoryGap", "OfficeSearchStreamGap"} - {alert}
        assert [other for other in others if fires_now(other)] == []
    finally:
        gauge.labels(**labels).set(0)
    assert fires_now(alert) == []


def test_a_build_is_silent_for_longer_than_a_busy_builder() -> None:
    gauge = cast(Any, metrics()["office_search_build_silent_seconds"][0]).labels("docs")
    found = []
    for seconds in (0, 29, 31, 0):
        gauge.set(seconds)
        found.append(fires_now("OfficeSearchBuildCutOff"))
    assert found == [[], [], [{"collection": "docs"}], []]


def test_a_faulty_file(tmp_path: Path) -> None:
    def words(raw: bytes) -> bytes:
        if not raw:
            raise ConfigurationError("It is empty.")
        return raw

    clock, file = Clock(), tmp_path / "secrets"
    file.write_bytes(b"one")
    watched = Watched("SETTING", file, words, clock)
    found = []
    for content in (b"two", b"", b"three"):
        file.write_bytes(content)
        clock.seconds += LOOK_S
        watched.value()
        found.append(fires_now("OfficeSearchFileRefused"))
    assert found == [[], [{"setting": "SETTING"}], []]


async def test_keys_out_of_reach() -> None:
    clock, answers = Clock(), [b'{"keys": []}', b"no key set", b'{"keys": [ ]}']

    async def fetch() -> bytes:
        return answers.pop(0)

    keys, found = PublishedKeys(fetch, clock), []
    while answers:
        # The token's key is unknown, so it is asked for each time.
        with suppress(Unavailable):
            await keys.find("a", "EdDSA")
        found.append(bool(fires_now("OfficeSearchKeysAway")))
        clock.seconds += REFETCH_S
    assert found == [False, True, False]


async def test_an_identity_service_that_fails() -> None:
    clock, ask = Clock(), cut_off

    async def claims(token: str) -> Any:
        return await ask(token)

    async def inactive(_: str = "") -> None:
        return None

    states = TokenStates(claims, clock, clock)
    for number in range(FAILURES):
        assert fires_now("OfficeSearchIdentityPaused") == []
        with pytest.raises(Unavailable):
            await states.claims(f"t-{number}")
    assert fires_now("OfficeSearchIdentityPaused") == [{}]
    ask = inactive
    clock.seconds += OPEN_S
    assert await states.claims("t-0") is None
    assert fires_now("OfficeSearchIdentityPaused") == []


async def test_nonces_that_cannot_be_stored() -> None:
    def no_client() -> Any:
        raise Unavailable("The broker does not answer.")

    nonces = BrokerNonces(no_client)
    for _ in range(2):
        before = samples()
        with pytest.raises(Unavailable):
            await nonces.take("acme", "notes", "n-1")
    assert fires("OfficeSearchNoncesFail", before, samples()) == [{}]
    assert fires("OfficeSearchNoncesRepeat", before, samples()) == []


async def test_a_store_of_counts_that_is_away() -> None:
    class Store(MemoryStorage):
        is_away = True

        async def acquire_sliding_window_entry(self, *given: Any, **more: Any) -> bool:
            if self.is_away:
                raise OSError
            return await super().acquire_sliding_window_entry(*given, **more)

    clock, store = Clock(), Store()
    counts = Counts(store, clock)
    await counts.take(parse("3 per hour"), "k")
    assert fires_now("OfficeSearchRateLimitStoreAway") == [{}]
    store.is_away = False
    clock.seconds += RETRY_S
    await counts.take(parse("3 per hour"), "k")
    assert fires_now("OfficeSearchRateLimitStoreAway") == []


class Letters:
    """The dead letters; `store` says whether they can be stored."""

    def __init__(self, store: Callable[[], Awaitable[None]]) -> None:
        self._store = store

    async def send_to_dead_letters(self, delivery: Delivery, reason: str, generation: str) -> None:
        await self._store()


async def buried(store: Callable[[], Awaitable[None]], *, aside: bool) -> None:
    """Bury an event that is no JSON: as it comes, or tried again after it was set aside."""
    indices = SimpleNamespace(generation=SimpleNamespace(name="docs-000001", collection="docs"))
    preparing = OnTheLoop(decode, Documents(kit.VERTICALS["docs"], Lexicons()))
    pipeline = Pipeline(preparing, cast(Any, indices), cast(Any, None), Letters(store), ack_wait_s=60)
    if aside:
        await pipeline.again([cast(Any, GivenDelivery(b"{", STREAM))])
    else:
        await pipeline.handle([GivenDelivery(b"{", STREAM)])
        await pipeline.drain()


@pytest.mark.parametrize("aside", [False, True])
async def test_the_very_first_dead_letter(aside: bool) -> None:
    async def stores() -> None:
        return

    for letters in (DEAD, UNBURIED):
        letters.clear()
    expect_dead_letters(STREAM)
    before = samples()
    await buried(stores, aside=aside)
    assert fires("OfficeSearchDeadLetters", before, samples()) == [{"stream": STREAM}]
    assert [one for one in fires("OfficeSearchDeadLettersRefused", before, samples()) if one] == []
    before = samples()
    await buried(away, aside=aside)
    assert fires("OfficeSearchDeadLettersRefused", before, samples()) == [{"stream": STREAM}]
    assert fires("OfficeSearchDeadLetters", before, samples()) == []


def test_a_retired_generation_is_no_longer_told_of() -> None:
    generation = Generation("docs", 1, "retired", {}, "", "", (STREAM,))
    told = ("office_search_lag_events", frozenset({"consumer": generation.durable(STREAM)}.items()))
    LAG.labels(generation.durable(STREAM)).set(7)
    assert samples()[told] == 7
    _forget(generation)
    assert told not in samples()


async def test_indexers_that_cannot_look() -> None:
    before, stop = samples(), asyncio.Event()

    async def lost() -> Any:
        stop.set()
        raise Unavailable("OpenSearch does not answer.")

    await Service(cast(Any, SimpleNamespace(registry=SimpleNamespace(all=lost))), frozenset({"contents"})).watch(stop)
    assert fires("OfficeSearchIndexersBlind", before, samples()) == [{}]


@asynccontextmanager
async def looking(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> AsyncIterator[Readiness]:
    """A process whose engine and broker are away."""

    async def refused(**_: object) -> Any:
        raise EngineConnectionError("N/A", "refused", Exception())

    engine = SimpleNamespace(cluster=SimpleNamespace(health=refused))
    registry = SimpleNamespace(catalogue=kit.CATALOGUE, all=away)
    monkeypatch.setattr(readiness, "time", SimpleNamespace(monotonic=clock))
    looks = Readiness(
        cast(Any, engine), cast(Any, registry), cast(Any, SimpleNamespace(open=away)), KnownTenants(cast(Any, registry))
    )
    looks.start()
    yield looks
    await looks.stop()


async def test_a_process_that_answers_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with looking(monkeypatch, clock) as looks:
        assert looks.reasons
        assert fires_now("OfficeSearchNotReady") == [{}]
        assert fires_now("OfficeSearchDirectoryBehind") == []
        clock.seconds += STALE_S
        streams = kit.CATALOGUE.streams_of("directory")
        assert sorted(one["stream"] for one in fires_now("OfficeSearchDirectoryBehind")) == sorted(streams)


def test_the_directory_alert_comes_before_the_door_is_shut() -> None:
    bound = float(ALERTS["OfficeSearchDirectoryBehind"]["expr"].rpartition(">")[2])
    held_s = int(ALERTS["OfficeSearchDirectoryBehind"]["for"].removesuffix("s"))
    assert bound + held_s < STALE_S
