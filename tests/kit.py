"""What tests say things with: events, publishing, waiting for what was published to be indexed."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mappings.catalogue import Catalogue
from mappings.withdrawals import PAGE_IDS

# Many tests only say events: what the others need of product and clients is imported where it is used.
if TYPE_CHECKING:
    from nats.aio.client import Client
    from opensearchpy import AsyncOpenSearch

    from search.core.streams.port import Broker

CATALOGUE = Catalogue.installed()
VERTICALS, COLLECTIONS = CATALOGUE.verticals, CATALOGUE.collections
IDLE_LOOKS = 100
MOST_AT_ONCE = 30

_numbers = itertools.count(1)


def changed(settings: Any, **changes: Any) -> Any:
    """Return the settings with others in the places that are named: `changed(settings, **{"rates.caller": "off"})`.

    What is given is checked like a value from the environment.
    """
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if rest:
            settings = replace(settings, **{name: changed(getattr(settings, name), **{rest: value})})
        else:
            settings = type(settings)(**settings.model_dump(exclude_unset=True) | {name: value})
    return settings


def shared_data() -> Path | None:
    """The folder of evaluation data, where it is present; tests that need it skip otherwise."""
    named = os.environ.get("OFFICE_SEARCH_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


def event(
    entity: str,
    data: Mapping[str, Any],
    *,
    tenant: str,
    version: int = 1,
    verb: str = "upserted",
    subject: str | None = None,
) -> bytes:
    """One change event of the contract."""
    number = next(_numbers)
    scope = f"{data.get('scope')}|{data.get('principal')}" if entity == "member" else None
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/test",
            "type": f"office.{entity}.{verb}",
            "subject": subject or scope or data["id"],
            "time": "2026-03-02T09:15:04.120Z",
            "datacontenttype": "application/json",
            "sequence": str(version),
            "tenant": tenant,
            "data": dict(data),
        }
    )


def deleted(entity: str, id: str, *, tenant: str, version: int = 2) -> bytes:
    """The event that deletes an entity."""
    return event(entity, {"id": id}, tenant=tenant, version=version, verb="deleted", subject=id)


def user(id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": name, "department_ids": [], "status": "active", **more}


def conversation(id: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": id, "kind": "group", "name": name, "history": "all", "public": False, "archived": False, **more}


def message(id: str, text: str, *, conversation_id: str, sender_id: str, **more: Any) -> dict[str, Any]:
    base = {"id": id, "conversation_id": conversation_id, "sender_id": sender_id, "kind": "text", "text": text}
    return {**base, "sent_at": "2026-03-02T09:15:04.120Z", **more}


def doc(
    id: str, title: str, body: str = "", *, owner_id: str, allow: Iterable[str] = (), **more: Any
) -> dict[str, Any]:
    moment = "2026-03-02T09:15:04.120Z"
    base = {"id": id, "title": title, "body": body, "kind": "doc", "owner_id": owner_id, "allow": list(allow)}
    return {**base, "created_at": moment, "updated_at": moment, **more}


def app(
    id: str, name: str, description: str = "", *, allow: Iterable[str] = ("tenant:*",), **more: Any
) -> dict[str, Any]:
    base = {"id": id, "name": name, "description": description, "kind": "web", "category": "办公", "allow": list(allow)}
    return {**base, "published_at": "2026-03-02T09:15:04.120Z", **more}


def member(scope: str, principal: str, **more: Any) -> dict[str, Any]:
    return {"scope": scope, "principal": principal, **more}


ALL_MODULES = ["search.messages", "search.contacts", "search.docs", "search.apps", "discover.apps"]


def role(id: str = "default", modules: Iterable[str] = ALL_MODULES, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": id, "modules": list(modules), **more}


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 30) -> None:
    """Wait for a condition; fails, naming what it waited for, when the time is over."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.02)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """The same where there is no event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s"
        time.sleep(0.01)


def stream_of(event: bytes) -> str:
    return CATALOGUE.stream_of[orjson.loads(event)["type"].split(".")[1]]


async def publish(broker: Broker, events: Iterable[bytes], stream: str | None = None) -> None:
    """Publish events to the streams that carry them (or all to `stream`), each after the last one is stored."""
    for one in events:
        await broker.publish(stream or stream_of(one), one)


async def send(broker: Broker, events: Iterable[bytes], stream: str | None = None) -> None:
    """The same without waiting for each to be stored; returns once all are."""
    publisher = broker.publisher()
    for one in events:
        await publisher.publish(stream or stream_of(one), one)
    await publisher.flush()


async def settled(broker: Broker, engine: AsyncOpenSearch) -> None:
    """Wait until every consumer of every living generation has settled all that its stream holds now, and refresh."""
    from indexers.generations import Registry

    ends = {stream: await broker.end(stream) for stream in CATALOGUE.streams}
    idle = 0

    async def done() -> bool:
        nonlocal idle
        found = [
            (await broker.progress(stream, generation.durable(stream)), ends[stream])
            for generation in await Registry(engine, CATALOGUE).all()
            if generation.state != "retired"
            for stream in generation.streams
        ]
        idle = idle + 1 if all(progress and progress.lag == 0 for progress, _ in found) else 0
        # A consumer that has just been made reports no lag for a moment; its position, or time, tells it apart.
        return idle > 0 and (idle > IDLE_LOOKS or all(progress and progress.settled >= end for progress, end in found))

    await until(done, "the consumers to settle everything", 120)
    await engine.indices.refresh(index="_all")


async def contents(engine: AsyncOpenSearch, collection: str, tenant: str) -> dict[str, tuple[int, Any]]:
    """Every document that serves, by id: its version and its stored source."""
    await engine.indices.refresh(index=f"{collection}.{tenant}")
    found: dict[str, tuple[int, Any]] = {}
    body: dict[str, Any] = {"size": 5000, "version": True, "sort": ["_doc"]}
    answer = await engine.search(index=f"{collection}.{tenant}", body=body, params={"scroll": "1m"})
    while hits := answer["hits"]["hits"]:
        # What is noted ahead of documents comes and goes by itself.
        found |= {hit["_id"]: (hit["_version"], hit["_source"]) for hit in hits if hit["_id"] not in PAGE_IDS}
        answer = await engine.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": "1m"})
    await engine.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]})
    return found


async def wipe(client: Client, engine: AsyncOpenSearch) -> None:
    """An engine and a broker as if new."""
    from nats.errors import Error
    from nats.js.errors import NotFoundError

    async def answers() -> bool:
        """Not at once after a test that let no other task run for minutes: the broker has hung up in between."""
        try:
            await client.jetstream(timeout=1).account_info()
        except Error:
            return False
        return True

    await until(answers, "the broker to answer")
    js = client.jetstream()
    for info in await js.streams_info():
        try:
            await js.delete_stream(info.config.name)
        except NotFoundError:
            continue
    names = [row["index"] for row in await engine.cat.indices(params={"format": "json"})]
    # Many at once, as each deletion is a new state of the cluster; not all, as a request's first line has its bound.
    for start in range(0, len(names), MOST_AT_ONCE):
        await engine.indices.delete(index=",".join(names[start : start + MOST_AT_ONCE]))
