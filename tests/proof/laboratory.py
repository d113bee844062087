"""The product as the proof meets it: real indexing, real engine, real application, and a clock to set."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx
import orjson
import uvloop
from apikit import Api
from kit import CATALOGUE, VERTICALS
from opensearchpy import AsyncOpenSearch
from proof.judge import Body, Refusal
from pydantic import SecretStr
from streamkit import GivenDelivery

from analyzers import Lexicons
from indexers.generations import Registry
from indexers.indices import Indices
from indexers.pipeline import Pipeline
from indexers.preparing import OnTheLoop
from indexers.projections import DirectoryEntries, Documents, Projection
from mappings import directory
from mappings.events import decode
from search import bootstrap
from search.access.callers import Callers
from search.access.directory import UNKNOWN_CALLER
from search.access.known import nothing_known
from search.access.sealing import Sealing
from search.api.app import create
from search.bootstrap import Services
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import (
    GatewaySettings,
    IdentitySettings,
    IndicesSettings,
    RatesSettings,
    SearchSettings,
    Settings,
)
from search.core.streams.port import Delivery
from search.demo import places
from search.feedback import Feedback
from search.query.closeness import ClosenessKept
from search.query.context import Contexts
from search.recommend.kept import FiguresKept
from search.recommend.past import Past
from search.recommend.recommend import Recommend
from search.store.store import Store
from search.suggest.suggest import Suggest

T = TypeVar("T")

SECRET = "the-proof-s-gateway-secret-of-32-characters"
DEADLINE_MS = 20_000
SETTINGS = Settings(
    indices=IndicesSettings(refresh_interval="-1"),
    identity=IdentitySettings(gateway=GatewaySettings(secrets=(SecretStr(SECRET),))),
    search=SearchSettings(deadline_ms=DEADLINE_MS),
    rates=RatesSettings(caller="off", app="off"),
)


class NoDeadLetters:
    """Here every event is good."""

    async def send_to_dead_letters(self, delivery: Delivery, reason: str, generation: str) -> None:
        raise AssertionError(f"{generation} gave an event up: {reason}")


class Laboratory:
    """Events in, answers out. Nothing is searchable before `refresh`, and it is `now` until somebody says otherwise."""

    def __init__(self, endpoints: Endpoints) -> None:
        """`endpoints`: of an engine that nobody else writes to."""
        self._endpoints = endpoints
        self._loop = uvloop.new_event_loop()
        self.now = 0
        """Microseconds since 1970."""

    def __enter__(self) -> Laboratory:
        self.run(self._open())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.run(self._close())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def _open(self) -> None:
        self._engine: AsyncOpenSearch = engines.connect(SETTINGS.engine, self._endpoints.opensearch_url, timeout_s=60)
        registry, lexicons = Registry(self._engine, CATALOGUE), Lexicons()
        await registry.prepare()
        generations = {generation.collection: generation for generation in await registry.all()}

        def pipeline(collection: str, projection: Projection) -> Pipeline:
            indices = Indices(self._engine, registry, generations[collection], SETTINGS.indices, lexicons)
            return Pipeline(OnTheLoop(decode, projection), indices, self._engine, NoDeadLetters(), ack_wait_s=60)

        self._pipelines = [(v.stream, pipeline(v.name, Documents(v, lexicons))) for v in VERTICALS.values()]
        self._pipelines += [(s, pipeline(directory.NAME, DirectoryEntries(s))) for s in directory.ENTITIES]
        self._api = self._application(lexicons)

    def _application(self, lexicons: Lexicons) -> Api:
        """The application without its own lifespan, in which the clock is the world's."""
        app = create(SETTINGS, self._endpoints, more=[places.router])
        search = bootstrap.search_over(self._engine, DEADLINE_MS, CATALOGUE, lexicons, lambda: self.now)
        callers = Callers(search.directory, lambda tenant: None)
        sealing = Sealing()
        # Nobody writes its queue: what is noted is no part of any answer here.
        feedback = Feedback(self._engine, SETTINGS.feedback, sealing, search.directory.deleted_among)
        contexts = Contexts(search.reader, search.directory, CATALOGUE)
        suggest = Suggest(search.reader, CATALOGUE, ClosenessKept(search.directory), feedback)
        past, figures = Past(self._engine, nothing_known, DEADLINE_MS / 1000), FiguresKept(self._engine)
        store = Store(search, figures, past)
        recommend = Recommend(search.reader, CATALOGUE, figures, past, feedback, lambda: self.now / 1e6)
        app.state.services = Services(
            CATALOGUE,
            search,
            suggest,
            contexts,
            store,
            recommend,
            None,
            None,
            None,
            None,
            callers,
            None,
            sealing,
            feedback,
        )  # type: ignore
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return Api(httpx.AsyncClient(transport=transport, base_url="http://api"), SECRET, app)

    async def _close(self) -> None:
        await self._api.http.aclose()
        await self._engine.close()

    async def deliver(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write what the indexers make of these events; each stream's in this order. Raises when one is refused."""
        by_stream: dict[str, list[bytes]] = {}
        for event in events:
            by_stream.setdefault(CATALOGUE.stream_of[event["type"].split(".")[1]], []).append(orjson.dumps(event))
        # Each collection has a consumer, and so deliveries, of its own.
        there = [
            (pipeline, [GivenDelivery(event, stream) for event in by_stream.get(stream, ())])
            for stream, pipeline in self._pipelines
        ]
        await asyncio.gather(*(pipeline.handle(batch) for pipeline, batch in there if batch))
        await asyncio.gather(*(pipeline.drain() for pipeline, _ in there))
        assert all(one.settled for _, batch in there for one in batch), "an event was refused or not written"
        # Only to be quick: what is read in real time before a refresh is read from the translog each time.
        await self._engine.indices.refresh(index=f"{directory.NAME}.*")

    async def refresh(self, tenants: Sequence[str]) -> None:
        """What was delivered so far can be searched; the directory is read in real time anyway."""
        names = [f"{vertical}.{tenant}" for vertical in VERTICALS for tenant in tenants]
        await self._engine.indices.refresh(index=",".join(names), params={"ignore_unavailable": "true"})

    async def ask(self, tenant: str, user: str, params: Mapping[str, Any]) -> Body | Refusal | None:
        """What `GET /v1/search` answers; None where there is no such caller."""
        named = {f"{name}_" if name == "from" else name: value for name, value in params.items()}
        return _told(await self._api.get(user, tenant=tenant, **named))

    async def suggest(self, tenant: str, user: str, params: Mapping[str, Any]) -> Body | Refusal | None:
        """What `GET /v1/suggest` answers; None where there is no such caller."""
        return _told(await self._api.get(user, "/v1/suggest", tenant=tenant, **params))

    async def store(self, tenant: str, user: str, path: str, params: Mapping[str, Any]) -> Body | Refusal | None:
        """What a call of the app store answers; None where there is no such caller."""
        return _told(await self._api.get(user, path, tenant=tenant, **params))

    async def around(self, tenant: str, user: str, id: str, params: Mapping[str, Any]) -> Body | Refusal | None:
        """What `GET /v1/messages/{id}/context` answers; None where there is no such caller."""
        return _told(await self._api.get(user, f"/v1/messages/{id}/context", tenant=tenant, **params))

    async def opened(self, tenant: str, user: str, path: str) -> Body | Refusal | None:
        """What the demo's place for an entity answers; None where there is no such caller."""
        return _told(await self._api.get(user, path, tenant=tenant))


def _told(response: httpx.Response) -> Body | Refusal | None:
    answer: Body = response.json()
    if response.status_code in (403, 404):
        return None if answer["detail"] == UNKNOWN_CALLER else Refusal(answer["detail"])
    assert response.status_code == 200, response.text
    return answer
