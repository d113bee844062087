"""What takes access away counts while nothing is analysed or written: here the contents' lane stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import apikit
import kit
import pytest
from apikit import ADMIN, EXPLAIN, Api, Company
from kit import CATALOGUE
from opensearchpy import AsyncOpenSearch

from indexers import sweeping
from indexers.noted import read_noted
from indexers.service import Lane
from indexers.short_way import consumer
from mappings import withdrawals
from mappings.events import decode
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker

SOON_S = 5.0


class Lanes:
    """The two lanes, in this process; the contents' can be stopped."""

    def __init__(self, settings: Settings, world: Endpoints) -> None:
        self._settings = settings
        self._world = world

    @asynccontextmanager
    async def running(self, lane: Lane) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(bootstrap.index(self._settings, self._world, CATALOGUE, stop, [lane]))
        try:
            yield
        finally:
            stop.set()
            await task


@pytest.fixture(scope="module")
async def lanes(world: Endpoints, settings: Settings, broker: Broker) -> AsyncIterator[Lanes]:
    """The access lane runs all the time."""
    both = Lanes(settings, world)
    async with both.running("access"):
        for stream in {vertical.stream for vertical in CATALOGUE.verticals.values()}:

            async def is_followed(stream: str = stream) -> bool:
                return await broker.progress(stream, consumer(stream)) is not None

            await kit.until(is_followed, f"{stream} to be followed")
        yield both


@pytest.fixture(scope="module")
async def api(
    lanes: Lanes, world: Endpoints, settings: Settings, broker: Broker, engine: AsyncOpenSearch
) -> AsyncIterator[Api]:
    async with apikit.running(settings, world, apikit.GATEWAY_SECRET) as running:
        async with lanes.running("contents"):
            await running.ready()
            company = Company(running, broker, engine)
            company.role(kit.ALL_MODULES, id="default")
            company.user("管理员", id=ADMIN)
            company.role(["admin.explain"], ADMIN)
            # One of everything, so that every index is there.
            user = company.user()
            company.message(company.conversation(user))
            company.doc(user)
            company.app()
            await company.arrive()

            async def is_answered() -> bool:
                return await company.status(user) == 200

            await kit.until(is_answered, "the company to be answered")
        yield running


@pytest.fixture
def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    return Company(api, broker, engine)


async def until_finds(acme: Company, user: str, wanted: set[str]) -> None:
    async def does() -> bool:
        return await acme.finds(user) == wanted

    await kit.until(does, f"{wanted or 'nothing'} to be found", SOON_S)


async def arrived(acme: Company, lanes: Lanes) -> None:
    async with lanes.running("contents"):
        await acme.arrive()


async def is_empty(engine: AsyncOpenSearch) -> bool:
    return not (await read_noted(engine, ["acme"])).get("acme")


def narrowed_doc(acme: Company, user: str) -> Callable[[], object]:
    id = acme.doc("someone", allow=[f"user:{user}"])
    return lambda: acme.doc("someone", id=id, allow=[])


def denied_doc(acme: Company, user: str) -> Callable[[], object]:
    id = acme.doc("someone", allow=["tenant:*"])
    return lambda: acme.doc("someone", id=id, allow=["tenant:*"], deny=[f"user:{user}"])


def moved_doc(acme: Company, user: str) -> Callable[[], object]:
    folder = acme.name("folder")
    acme.member(f"folder:{folder}", user)
    id = acme.doc("someone", allow=[], folder_id=folder)
    return lambda: acme.doc("someone", id=id, allow=[], folder_id=acme.name("other"))


def given_away_doc(acme: Company, user: str) -> Callable[[], object]:
    id = acme.doc(user, allow=[])
    return lambda: acme.doc("someone", id=id, allow=[])


def deleted_doc(acme: Company, user: str) -> Callable[[], object]:
    id = acme.doc("someone", allow=["tenant:*"])
    return lambda: acme.delete("doc", id)


def denied_app(acme: Company, user: str) -> Callable[[], object]:
    id = acme.app(allow=["tenant:*"])
    return lambda: acme.app(id=id, allow=["tenant:*"], deny=[f"user:{user}"])


def hidden_user(acme: Company, user: str) -> Callable[[], object]:
    id = acme.user(acme.topic, visible_to=[f"user:{user}"])
    return lambda: acme.user(acme.topic, id=id, visible_to=["user:nobody"])


def deleted_user(acme: Company, user: str) -> Callable[[], object]:
    id = acme.user(acme.topic)
    return lambda: acme.delete("user", id)


def recalled_message(acme: Company, user: str) -> Callable[[], object]:
    id = acme.message(acme.conversation(user))
    return lambda: acme.delete("message", id)


async def user_without_their_doc(acme: Company, lanes: Lanes) -> str:
    """Somebody from whom a doc has just been taken, which is noted only."""
    user = acme.user()
    taken = narrowed_doc(acme, user)
    await arrived(acme, lanes)
    taken()
    await acme.publish()
    await until_finds(acme, user, set())
    return user


LISTS = [narrowed_doc, denied_doc, moved_doc, given_away_doc, denied_app, hidden_user]
DELETIONS = [deleted_doc, deleted_user, recalled_message]


async def test_what_is_taken_away_is_gone_before_anything_is_analysed(
    api: Api, broker: Broker, engine: AsyncOpenSearch, lanes: Lanes
) -> None:
    told = []
    for taking in (*LISTS, *DELETIONS):
        acme = Company(api, broker, engine)
        user = acme.user()
        told.append((acme, user, taking(acme, user)))
        await acme.publish()
    await arrived(acme, lanes)
    for acme, user, take in told:
        assert len(await acme.finds(user)) == 1
        take()
        await acme.publish()
        await until_finds(acme, user, set())
    await arrived(acme, lanes)
    for acme, user, _ in told:
        assert await acme.finds(user) == set()


async def test_what_is_given_waits_for_the_document(acme: Company, lanes: Lanes, engine: AsyncOpenSearch) -> None:
    user = acme.user()
    given, taken = acme.doc("someone", allow=[]), acme.doc("someone", allow=[f"user:{user}"])
    await arrived(acme, lanes)
    assert await acme.finds(user) == {taken}
    acme.doc("someone", id=given, allow=[f"user:{user}"])
    acme.doc("someone", id=taken, allow=[])
    await acme.publish()
    # Both are noted together; the one that was given must not be shown as it was when it was for others.
    await until_finds(acme, user, set())
    await arrived(acme, lanes)
    assert await acme.finds(user) == {given}


async def test_taken_and_given_back_is_as_it_was(acme: Company, lanes: Lanes) -> None:
    user = acme.user()
    id, other = (acme.doc("someone", allow=[f"user:{user}"]) for _ in range(2))
    await arrived(acme, lanes)
    acme.doc("someone", id=id, allow=[])
    await acme.publish()
    await until_finds(acme, user, {other})
    acme.doc("someone", id=id, allow=[f"user:{user}"])
    await acme.publish()
    await until_finds(acme, user, {id, other})


async def test_given_and_taken_before_either_is_written(acme: Company, lanes: Lanes, engine: AsyncOpenSearch) -> None:
    user = acme.user()
    id = acme.doc("someone", allow=[])
    await arrived(acme, lanes)
    for allow in ([f"user:{user}"], []):
        acme.doc("someone", id=id, allow=allow)
        await acme.publish()

        async def is_noted(allow: list[str] = allow) -> bool:
            noted = (await read_noted(engine, ["acme"])).get("acme", {}).get(withdrawals.key("docs", id))
            return noted is not None and noted.lists["allow"] == allow

        await kit.until(is_noted, "the lists to be noted")
    # The first of the two is written, and the second still being analysed.
    noted = (await read_noted(engine, ["acme"]))["acme"][withdrawals.key("docs", id)]
    source = (await engine.get(index="docs.acme", id=id))["_source"] | {"allow": [f"user:{user}"]}
    params = {"version": noted.version - 1, "version_type": "external", "refresh": "true"}
    await engine.index(index="docs.acme", id=id, body=source, params=params)
    assert await acme.finds(user) == set()
    assert acme.topic in source["original"]["title"]


async def test_what_is_noted_ends_once_it_is_written(
    acme: Company, lanes: Lanes, engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "EVERY_S", 0.3)
    user = await user_without_their_doc(acme, lanes)
    assert not await is_empty(engine)
    await arrived(acme, lanes)
    await kit.until(lambda: is_empty(engine), "nothing to be noted any more")
    assert await acme.finds(user) == set()


async def test_what_is_lost_of_it_is_noted_again(
    acme: Company, lanes: Lanes, engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "EVERY_S", 0.3)
    user = await user_without_their_doc(acme, lanes)
    # As when a directory that was built anew begins to serve: it is made of streams, which know nothing of notes.
    for page in withdrawals.PAGE_IDS:
        await engine.delete(index="directory.acme", id=page, params={"ignore": "404"})
    await until_finds(acme, user, set())
    await arrived(acme, lanes)


async def test_a_full_page_takes_no_more_and_the_rest_goes_the_long_way(
    acme: Company, lanes: Lanes, monkeypatch: pytest.MonkeyPatch, engine: AsyncOpenSearch
) -> None:
    user = acme.user()
    ids = [acme.doc("someone", allow=[f"user:{user}"]) for _ in range(withdrawals.PAGES * 2)]
    await arrived(acme, lanes)
    await kit.until(lambda: is_empty(engine), "nothing to be noted")
    monkeypatch.setattr(withdrawals, "MOST_ON_A_PAGE", 1)
    for id in ids:
        acme.doc("someone", id=id, allow=[])
    await acme.publish()

    async def are_fewer() -> bool:
        return len(await acme.finds(user)) < len(ids)

    await kit.until(are_fewer, "some of them to be gone")
    assert len((await read_noted(engine, ["acme"]))["acme"]) <= withdrawals.PAGES
    await arrived(acme, lanes)
    assert await acme.finds(user) == set()


async def test_an_explanation_knows_what_is_noted(acme: Company, lanes: Lanes) -> None:
    user = acme.user()
    id = acme.doc("someone", allow=["tenant:*"])
    await arrived(acme, lanes)
    acme.doc("someone", id=id, allow=["tenant:*"], deny=[f"user:{user}"])
    await acme.publish()
    await until_finds(acme, user, set())
    asked = acme.api.http.build_request("GET", EXPLAIN, params={"vertical": "docs", "id": id, "user": user})
    response = await acme.api.send(asked, ADMIN, "acme")
    steps = {step["step"]: step for step in response.json()["steps"]}
    assert steps["access"]["state"] == "failed", response.text


async def test_a_long_text_that_is_not_there_yet_comes_with_no_more_than_its_newest_lists_allow(
    acme: Company, lanes: Lanes, engine: AsyncOpenSearch, broker: Broker
) -> None:
    """Its first state may be analysed for a minute, and its second, which takes access away, for another."""
    user = acme.user()
    await arrived(acme, lanes)
    long = "甲" * 50_000
    id = acme.doc("someone", allow=["tenant:*"], body=long)
    first = acme.last_said
    acme.doc("someone", id=id, allow=[], body=long)
    await acme.publish()
    key = withdrawals.key("docs", id)

    async def is_noted() -> bool:
        noted = (await read_noted(engine, ["acme"])).get("acme", {}).get(key)
        return noted is not None and noted.lists["allow"] == []

    await kit.until(is_noted, "the newer lists to be noted", SOON_S)
    change = decode(first, CATALOGUE.models)
    document = CATALOGUE.verticals["docs"].document("doc", change.state, change.data)
    params = {"version": change.version, "version_type": "external", "refresh": "true"}
    await engine.index(index="docs.acme", id=id, body=document, params=params)
    for _ in range(3):
        assert await acme.finds(user) == set()
    await arrived(acme, lanes)
    assert await acme.finds(user) == set()
    await kit.until(lambda: is_empty(engine), "the note to be swept")
