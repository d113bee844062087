"""Nobody is answered before the directory has caught up with the streams once; and what operations may ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET, Api
from kit import CATALOGUE
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch
from prometheus_client import REGISTRY

from indexers.followers import ensure_consumer
from indexers.generations import Registry
from mappings import directory
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.errors import Unavailable
from search.core.settings import Settings
from search.core.streams.nats import NatsBroker, NatsConnection
from search.core.streams.nats.connection import connect
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker
from search.health import readiness
from search.health.known import KnownTenants
from search.health.readiness import Readiness


@pytest.fixture(autouse=True)
async def as_if_new(
    stack: Endpoints, engine: AsyncOpenSearch, broker: Broker, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every test here begins with an empty engine and broker, and looks often."""
    monkeypatch.setattr(readiness, "LOOK_S", 0.05)
    await kit.wipe(client, engine)
    await broker.ensure_streams(CATALOGUE.streams)


@asynccontextmanager
async def indexing(settings: Settings, stack: Endpoints) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(bootstrap.index(settings, stack, CATALOGUE, stop))
    yield
    stop.set()
    await task


def looking_with(engine: AsyncOpenSearch, broker: Broker) -> Readiness:
    registry = Registry(engine, CATALOGUE)
    return Readiness(engine, registry, broker, KnownTenants(registry))


def giving(client: Client) -> Broker:
    """A broker that is opened with this client."""

    async def connect() -> Client:
        return client

    return NatsBroker(NatsConnection(connect))


async def prepared(engine: AsyncOpenSearch, broker: Broker) -> None:
    """Generations and the directory's consumers, as after indexers that have been stopped: nobody reads."""
    await Registry(engine, CATALOGUE).prepare()
    generation = await Registry(engine, CATALOGUE).serving(directory.NAME)
    for stream in CATALOGUE.streams_of(directory.NAME):
        await ensure_consumer(broker, generation, stream, 5)


def a_user_who_may_search() -> list[bytes]:
    return [
        kit.event("user", kit.user("u", "张三"), tenant="acme"),
        kit.event("role", kit.role(), tenant="acme"),
    ]


async def missing(api: Api) -> list[str]:
    response = await api.http.get("/readyz")
    found: list[str] = response.json()["missing"]
    assert response.status_code == (503 if found else 200)
    assert response.json()["ready"] is (not found)
    return found


class TestTheApi:
    async def test_without_indexers_it_lives_but_is_not_ready_and_answers_nobody(
        self, settings: Settings, stack: Endpoints
    ) -> None:
        async with apikit.running(settings, stack, GATEWAY_SECRET) as api:
            assert (await api.http.get("/healthz")).status_code == 200
            response = await api.get("u", q="x")
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
            assert int(response.headers["retry-after"]) > 0

            async def says_what_to_run() -> bool:
                return any("office-search index" in reason for reason in await missing(api))

            await kit.until(says_what_to_run, "the reason")

    async def test_what_lags_behind_the_streams_answers_nobody_until_it_has_caught_up(
        self, settings: Settings, stack: Endpoints, engine: AsyncOpenSearch, broker: Broker
    ) -> None:
        await prepared(engine, broker)
        await kit.publish(broker, a_user_who_may_search())
        async with apikit.running(settings, stack, GATEWAY_SECRET) as api:

            async def is_behind() -> bool:
                return "The directory has not caught up with changes.contacts yet." in await missing(api)

            await kit.until(is_behind, "the lag to show")
            assert (await api.get("u", q="x")).status_code == 503
            assert "office_search_unready 1.0" in (await api.http.get("/metrics")).text
            async with indexing(settings, stack):
                await api.ready()
                assert (await api.get("u", q="x")).status_code == 200
                assert "office_search_unready 0.0" in (await api.http.get("/metrics")).text
                for stream in CATALOGUE.streams_of(directory.NAME):
                    behind = REGISTRY.get_sample_value("office_search_directory_behind_seconds", {"stream": stream})
                    assert behind is not None
                    assert behind < readiness.STALE_S

    async def test_credentials_are_asked_for_first(self, settings: Settings, stack: Endpoints) -> None:
        async with apikit.running(settings, stack, GATEWAY_SECRET) as api:
            assert (await api.http.get("/v1/search")).status_code == 401

    async def test_what_operations_may_ask(self, settings: Settings, stack: Endpoints) -> None:
        async with apikit.running(settings, stack, GATEWAY_SECRET) as api:
            await api.get("u", q="x")
            metrics = await api.http.get("/metrics")
            assert metrics.status_code == 200
            assert 'office_search_http_seconds_count{method="GET",route="/v1/search"' in metrics.text
            described = (await api.http.get("/openapi.json")).json()
            assert {"get", "post"} == set(described["paths"]["/v1/search"])
            named = {parameter["name"] for parameter in described["paths"]["/v1/search"]["get"]["parameters"]}
            contract = {"q", "verticals", "from", "conversation", "type", "before", "after", "has"}
            assert named == contract | {"sort", "limit", "cursor", "timezone"}
            assert {"/healthz", "/readyz", "/metrics"} <= set(described["paths"])
            for call in described["paths"]["/v1/search"].values():
                assert {"200", "400", "401", "403", "422", "503"} <= set(call["responses"])

    async def test_the_openapi_schema_is_the_answer_s(
        self, settings: Settings, stack: Endpoints, broker: Broker, engine: AsyncOpenSearch
    ) -> None:
        await kit.publish(broker, a_user_who_may_search())
        async with indexing(settings, stack), apikit.running(settings, stack, GATEWAY_SECRET) as api:
            await api.ready()
            await kit.settled(broker, engine)
            answer = await api.search("u", "张三")
            schemas = (await api.http.get("/openapi.json")).json()["components"]["schemas"]
            assert set(answer) == set(schemas["AnswerBody"]["properties"])
            assert set(answer["hits"][0]) == set(schemas["HitBody"]["properties"])


class TestLooking:
    """One look after another, without waiting for the clock."""

    @pytest.fixture
    async def looking(self, engine: AsyncOpenSearch, broker: Broker) -> Readiness:
        await prepared(engine, broker)
        return looking_with(engine, broker)

    @staticmethod
    async def look(looking: Readiness) -> list[str]:
        looking._faults = await looking._look()
        return looking.reasons

    @staticmethod
    async def take(client: Client, engine: AsyncOpenSearch, stream: str) -> None:
        """One event of a stream is settled, as by an indexer."""
        generation = await Registry(engine, CATALOGUE).serving(directory.NAME)
        pull = await client.jetstream().pull_subscribe(
            stream, durable=generation.durable(stream), stream=stream_name(stream)
        )
        [message] = await pull.fetch(1, timeout=10)
        await message.ack_sync()
        await pull.unsubscribe()

    async def test_empty_streams_are_caught_up_with(self, looking: Readiness) -> None:
        assert looking.reasons[0] == "still starting"
        with pytest.raises(Unavailable):
            looking.require("acme")
        assert await self.look(looking) == []
        looking.require("acme")

    async def test_it_is_ready_once_it_reached_what_the_streams_held_at_the_first_look(
        self, looking: Readiness, broker: Broker, client: Client, engine: AsyncOpenSearch
    ) -> None:
        """Under steady change the lag may never be nought."""
        event, *_ = a_user_who_may_search()
        await kit.publish(broker, [event, event])
        assert await self.look(looking) == ["The directory has not caught up with changes.contacts yet."]
        await kit.publish(broker, [event])
        await self.take(client, engine, "changes.contacts")
        assert await self.look(looking) == ["The directory has not caught up with changes.contacts yet."]
        await self.take(client, engine, "changes.contacts")
        assert await self.look(looking) == []

    async def test_one_that_falls_behind_for_long_is_not_trusted(
        self, looking: Readiness, broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert await self.look(looking) == []
        monkeypatch.setattr(readiness, "STALE_S", 0.0)
        await kit.publish(broker, a_user_who_may_search())
        [reason] = await self.look(looking)
        assert reason.startswith("The directory has been behind changes.contacts for")
        with pytest.raises(Unavailable):
            looking.require("acme")

    async def test_a_consumer_that_was_deleted_is_said(
        self, looking: Readiness, broker: Broker, engine: AsyncOpenSearch
    ) -> None:
        generation = await Registry(engine, CATALOGUE).serving(directory.NAME)
        stream = "changes.access"
        await broker.delete_consumer(stream, generation.durable(stream))
        reasons = await self.look(looking)
        assert any("no consumer" in reason for reason in reasons)

    async def test_an_engine_that_does_not_answer_is_said(self, settings: Settings, broker: Broker) -> None:
        from search.core.engine import connect

        engine = connect(settings.engine, "http://127.0.0.1:9")
        try:
            reasons = await self.look(looking_with(engine, broker))
        finally:
            await engine.close()
        assert any("OpenSearch does not answer" in reason for reason in reasons)

    async def test_a_broker_that_is_gone_is_said(
        self, settings: Settings, stack: Endpoints, engine: AsyncOpenSearch
    ) -> None:
        client = await connect(settings.broker, stack.broker_url)
        await client.close()
        assert "The broker does not answer." in await self.look(looking_with(engine, giving(client)))

    async def test_how_far_a_collection_is_behind_for_whoever_asks_why_something_is_not_found(
        self, looking: Readiness, broker: Broker
    ) -> None:
        assert await self.look(looking) == []
        assert await looking.events_behind(directory.NAME) == 0
        await kit.publish(broker, a_user_who_may_search())
        assert await looking.events_behind(directory.NAME) == 2
        assert await looking.events_behind("docs") is None  # nobody consumes for it

    async def test_how_far_is_not_known_while_the_broker_is_away(self, engine: AsyncOpenSearch) -> None:
        async def connect() -> Client:
            raise Unavailable("not yet")

        assert await looking_with(engine, NatsBroker(NatsConnection(connect))).events_behind(directory.NAME) is None

    async def test_a_broker_that_is_not_there_yet_is_tried_again(
        self, engine: AsyncOpenSearch, broker: Broker, client: Client
    ) -> None:
        await prepared(engine, broker)
        tries = 0

        async def connect() -> Client:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise Unavailable("not yet")
            return client

        looking = looking_with(engine, NatsBroker(NatsConnection(connect)))
        assert "not yet" in await self.look(looking)
        assert await self.look(looking) == []


async def test_a_revocation_that_was_published_before_is_known_when_it_is_ready(
    settings: Settings, stack: Endpoints, engine: AsyncOpenSearch, broker: Broker
) -> None:
    """The point of it all: an API that starts after a revocation never answers by what was before."""
    await kit.publish(broker, a_user_who_may_search())
    async with indexing(settings, stack), apikit.running(settings, stack, GATEWAY_SECRET) as api:
        await api.ready()
        await kit.settled(broker, engine)
        assert (await api.get("u", q="x")).status_code == 200
    gone = kit.event("user", kit.user("u", "张三", status="disabled"), tenant="acme", version=2)
    await kit.publish(broker, [gone])
    async with apikit.running(settings, stack, GATEWAY_SECRET) as api:
        statuses = {(await api.get("u", q="x")).status_code}
        async with indexing(settings, stack):

            async def answered() -> bool:
                statuses.add((await api.get("u", q="x")).status_code)
                return 403 in statuses

            await kit.until(answered, "the disabled user to be refused")
    assert statuses == {503, 403}
