"""What tests of the read side say things with: a running API, a company told in sentences, questions to it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import kit
import orjson
from fastapi import APIRouter, FastAPI
from kit import CATALOGUE
from opensearchpy import AsyncOpenSearch

from indexers import aside
from indexers.generations import Registry
from indexers.lag import lags
from mappings.catalogue import Catalogue
from search.access.identity.gateway import sign
from search.api.app import create
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker

GATEWAY_SECRET = "test-gateway-secret-of-32-characters!"
MOST_HITS = 50
LONG_AGO = "2020-01-01T00:00:00Z"
LONG_HENCE = "2090-01-01T00:00:00Z"
EXPLAIN = "/v1/admin/explain"
ADMIN = "u-admin"

_CONSONANTS = "bcdfghjklm"
# More letters differ than a typo may have.
_APART = 3
_topics = itertools.count()


def topic() -> str:
    """A word that nobody else in this run says; no other begins it, or is so like it that it could be a typo for it."""
    number = f"{next(_topics):04d}"
    return "zq" + "".join(_CONSONANTS[int(digit)] * _APART for digit in number) + "x"


def hours(count: float) -> str:
    """A time so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


class Api:
    """The real application; requests are signed as the gateway signs them."""

    def __init__(self, http: httpx.AsyncClient, secret: str, app: FastAPI) -> None:
        self.http = http
        self.app = app
        self._secret = secret

    async def get(self, user: str, path: str = "/v1/search", *, tenant: str = "acme", **params: Any) -> httpx.Response:
        """`from_` stands for the parameter `from`, which is a word of Python's."""
        named = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        return await self.send(self.http.build_request("GET", path, params=named), user, tenant)

    async def post(self, user: str, body: object, path: str = "/v1/search", *, tenant: str = "acme") -> httpx.Response:
        """`body`: bytes go as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": "application/json"}
        return await self.send(self.http.build_request("POST", path, content=content, headers=headers), user, tenant)

    async def delete(self, user: str, path: str, *, tenant: str = "acme") -> httpx.Response:
        return await self.send(self.http.build_request("DELETE", path), user, tenant)

    async def send(self, request: httpx.Request, user: str, tenant: str) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        request.headers.update(
            sign(self._secret, request.method, target, user=user, tenant=tenant, body=request.content)
        )
        return await self.http.send(request)

    async def search(self, user: str, q: str = "", *, tenant: str = "acme", **params: Any) -> dict[str, Any]:
        """The answer of a search that succeeds."""
        response = await self.get(user, q=q, tenant=tenant, **params)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def ready(self) -> None:
        async def answers() -> bool:
            return (await self.http.get("/readyz")).status_code == 200

        await kit.until(answers, "the API to be ready")

    async def answers(self, user: str, *, tenant: str = "acme") -> None:
        """Wait until the company's callers are answered; on a busy machine its first events are set aside for a while,
        and the API looks only now and then whether they still are."""

        async def is_answered() -> bool:
            return (await self.get(user, tenant=tenant)).status_code != 503

        await kit.until(is_answered, "the company's directory to be up to date", 60)


@asynccontextmanager
async def running(
    settings: Settings,
    endpoints: Endpoints,
    secret: str,
    *,
    catalogue: Catalogue = kit.CATALOGUE,
    more: Sequence[APIRouter] = (),
) -> AsyncIterator[Api]:
    """The application, from its start to its end; not necessarily ready. `more`: further routers."""
    app = create(settings, endpoints, catalogue=catalogue, more=more)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://api") as http:
        yield Api(http, secret, app)


def to(app: FastAPI) -> httpx.AsyncClient:
    """A client of an application of a test's own, which need not have started."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search.example")


def ids(answer: Mapping[str, Any], *verticals: str) -> list[str]:
    """The ids of the hits, in order; of these verticals only, if any are named."""
    return [hit["id"] for hit in answer["hits"] if not verticals or hit["vertical"] in verticals]


def told(response: httpx.Response) -> bytes:
    """An answer's very bytes, but for how long it took, what it is called, and its sealed cursor."""
    if response.status_code != 200:
        return response.content
    body = response.json()
    # A cursor is sealed anew each time.
    cursor = {"cursor": bool(body["cursor"])} if "cursor" in body else {}
    return orjson.dumps(body | {"took_ms": 0, "query_id": ""} | cursor)


class Company:
    """Events of one tenant, said as sentences, and questions to what became of them.

    Every sentence makes a new thing and returns its id; `arrive` publishes what was said and waits until it counts.
    `topic` is a word of this company's own: what holds it is what this test speaks of.
    """

    def __init__(self, api: Api, broker: Broker, engine: AsyncOpenSearch, tenant: str = "acme") -> None:
        self.api = api
        self.tenant = tenant
        self.topic = topic()
        self._broker = broker
        self._engine = engine
        self._said: list[bytes] = []
        self._numbers = itertools.count(1)

    def tell(self, entity: str, data: Mapping[str, Any]) -> None:
        """One more event; a later one about the same thing has the higher version."""
        self._said.append(kit.event(entity, data, tenant=self.tenant, version=next(_versions)))

    @property
    def last_said(self) -> bytes:
        """The latest event, which has not been published yet."""
        return self._said[-1]

    def delete(self, entity: str, id: str) -> None:
        self._said.append(kit.deleted(entity, id, tenant=self.tenant, version=next(_versions)))

    def name(self, kind: str) -> str:
        return f"{self.topic}-{kind}{next(self._numbers)}"

    def user(self, name: str = "某人", *, id: str | None = None, **more: Any) -> str:
        id = id or self.name("u")
        self.tell("user", kit.user(id, name, **more))
        return id

    def department(self, parent: str | None = None, *, name: str = "某部", id: str | None = None) -> str:
        id = id or self.name("d")
        self.tell("department", {"id": id, "name": name, "parent_id": parent})
        return id

    def conversation(self, *members: str, name: str | None = "某群", id: str | None = None, **more: Any) -> str:
        """`members`: users by id, or other principals."""
        id = id or self.name("c")
        self.tell("conversation", kit.conversation(id, name, **more))
        for member in members:
            self.member(f"conversation:{id}", member)
        return id

    def member(self, scope: str, principal: str, **more: Any) -> None:
        """A membership; `principal` without a kind is a user."""
        self.tell("member", kit.member(scope, principal if ":" in principal else f"user:{principal}", **more))

    def leave(self, scope: str, principal: str) -> None:
        member = kit.member(scope, principal if ":" in principal else f"user:{principal}")
        version = next(_versions)
        self._said.append(kit.event("member", member, tenant=self.tenant, version=version, verb="deleted"))

    def message(self, conversation: str, text: str | None = None, *, id: str | None = None, **more: Any) -> str:
        id = id or self.name("m")
        base = {"conversation_id": conversation, "sender_id": "nobody", **more}
        self.tell("message", kit.message(id, self.topic if text is None else text, **base))
        return id

    def doc(self, owner: str, title: str | None = None, *, id: str | None = None, **more: Any) -> str:
        id = id or self.name("f")
        self.tell("doc", kit.doc(id, self.topic if title is None else title, owner_id=owner, **more))
        return id

    def app(self, name: str | None = None, *, id: str | None = None, **more: Any) -> str:
        id = id or self.name("a")
        self.tell("app", kit.app(id, self.topic if name is None else name, **more))
        return id

    def role(self, modules: Iterable[str] = (), *members: str, id: str | None = None, **more: Any) -> str:
        id = id or self.name("r")
        self.tell("role", kit.role(id, modules, **more))
        for member in members:
            self.member(f"role:{id}", member)
        return id

    async def publish(self) -> None:
        said, self._said = self._said, []
        await kit.send(self._broker, said)

    async def arrive(self) -> None:
        """Everything said is published, indexed and searchable; what was set aside for a moment, too."""
        await self.publish()
        await kit.settled(self._broker, self._engine)

        async def is_written() -> bool:
            generations = await Registry(self._engine, CATALOGUE).all()
            held = await aside.held(self._engine, [generation.name for generation in generations])
            return not any(self.tenant in tenants for tenants in held.values())

        if not await is_written():
            await kit.until(is_written, "what was set aside to be written", 60)
            await self._engine.indices.refresh(index="_all")

    async def arrive_for(self, user: str) -> None:
        """The same of a tenant that is new: and the API answers `user`, as it knows that nothing is set aside."""
        await self.arrive()

        async def is_answered() -> bool:
            return (await self.api.get(user, "/v1/verticals", tenant=self.tenant)).status_code == 200

        await kit.until(is_answered, f"{user} of {self.tenant} to be answered", 60)

    async def arrive_unrefreshed(self) -> None:
        """Everything said is published and written; what searches see is refreshed by nobody here."""
        await self.publish()
        await written(self._broker, self._engine)

    async def search(self, user: str, q: str | None = None, **params: Any) -> dict[str, Any]:
        return await self.api.search(user, self.topic if q is None else q, tenant=self.tenant, **params)

    async def finds(self, user: str, q: str | None = None, **params: Any) -> set[str]:
        """The ids of everything that `user` finds, by `topic` unless asked otherwise; totals must agree."""
        answer = await self.search(user, q, limit=MOST_HITS, **params)
        found = ids(answer)
        counted = sum(section["total"] for section in answer["sections"].values())
        assert len(found) == len(set(found)) == counted, f"{found} are hits, but the totals say {counted}"
        assert answer["cursor"] is None
        return set(found)

    async def status(self, user: str, **params: Any) -> int:
        response = await self.api.get(user, tenant=self.tenant, **{"q": self.topic, **params})
        return response.status_code

    async def answers_alike(self, user: str, *questions: Mapping[str, Any]) -> bytes:
        """What `user` is told, which must be the same, byte for byte, for each of these questions.

        A question may name what it asks about as `echo`, which is struck out of its answer.
        """
        answers = set()
        for question in questions:
            params = dict(question)
            echo = params.pop("echo", "")
            answer = told(await self.api.get(user, tenant=self.tenant, **params))
            answers.add(answer.replace(echo.encode(), b"?") if echo else answer)
        assert len(answers) == 1, answers
        return answers.pop()


_versions = itertools.count(1000)


async def written(broker: Broker, engine: AsyncOpenSearch) -> None:
    """Wait until every consumer has settled all that its stream holds."""

    async def done() -> bool:
        return all(lag == 0 for lag in (await lags(Registry(engine, CATALOGUE), broker)).values())

    await kit.until(done, "the consumers to settle everything", 120)


@asynccontextmanager
async def unrefreshed(engine: AsyncOpenSearch, index: str, restore: str = "200ms") -> AsyncIterator[None]:
    """While this lasts, searches of `index` see nothing new: only what is read in real time counts."""
    await engine.indices.refresh(index=index)
    await engine.indices.put_settings(index=index, body={"index": {"refresh_interval": "-1"}})
    try:
        yield
    finally:
        await engine.indices.put_settings(index=index, body={"index": {"refresh_interval": restore}})


CompanyOf = Callable[..., Company]
