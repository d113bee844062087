"""What people want done brings them to the apps that do it: in the store, in the global box, while they type.

Four tables of forty questions each, with the right apps of the demo company (`intent/`). The first was written before
any word of the thesaurus, the second when there was one, and the thesaurus was mended by both since; the third was
written last, and nothing has been changed for it. The fourth is by somebody who saw the apps' names alone, neither the
thesaurus nor the other tables; nothing has been changed for it either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import kit
import pytest
from apikit import GATEWAY_SECRET, Api
from intentkit import TENANT, Wish, is_above_messages, place, share, wishes
from opensearchpy import AsyncOpenSearch

from indexers.load import load
from search.core.streams.port import Broker
from search.demo.company import Company, generate, write
from search.evaluate.api_client import ApiClient
from search.evaluate.questions import PlayedQuestion

AT_ONCE = 4
IN_STORE: Mapping[str, float] = {"first": 0.95, "second": 0.85, "third": 0.85, "fourth": 0.8}
"""The least share of a table's questions that have a right app among the first three of the store."""
ABOVE: Mapping[str, float] = {"first": 0.95, "second": 0.8, "third": 0.8, "fourth": 0.6}
"""The same that have one above every message of the global list."""
SUGGESTED: Mapping[str, float] = {"first": 0.9, "second": 0.5, "third": 0.4, "fourth": 0.4}
"""The same that have one among the first three suggestions; sentences are no names, and have none."""


@dataclass(frozen=True)
class Played:
    """Where the first right app stands."""

    store: int | None
    suggested: int | None
    above: bool


@pytest.fixture(scope="module")
async def filled(
    api: Api, broker: Broker, engine: AsyncOpenSearch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Company, ApiClient]]:
    company = generate(now=date(2026, 3, 2))
    files: Sequence[Path] = write(company, tmp_path_factory.mktemp("demo"))
    assert not (await load(broker, kit.CATALOGUE, files, lambda _: None)).skipped
    await kit.settled(broker, engine)
    [first, *_] = wishes("first", company)

    async def is_answered() -> bool:
        return (await api.get(first.user, "/v1/verticals", tenant=TENANT)).status_code == 200

    await kit.until(is_answered, "the company to be answered", 120)
    async with ApiClient("http://api", GATEWAY_SECRET, transport=httpx.ASGITransport(api.app)) as client:
        yield company, client


@pytest.fixture(scope="module")
async def played(filled: tuple[Company, ApiClient]) -> Mapping[str, Sequence[Played]]:
    company, client = filled
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(wish: Wish) -> Played:
        asked = PlayedQuestion(id=wish.q, tenant=TENANT, user=wish.user, q=wish.q)
        async with slots:
            store, everything, typed = [
                (await ask(asked)).body["hits"] for ask in (client.store, client.search, client.suggest)
            ]
        return Played(place(wish, store), place(wish, typed), is_above_messages(wish, everything))

    return {name: await asyncio.gather(*map(one, wishes(name, company))) for name in IN_STORE}


@pytest.mark.parametrize("table", IN_STORE)
def test_the_store_has_a_right_app_among_the_first_three(played: Mapping[str, Sequence[Played]], table: str) -> None:
    assert share(one.store is not None and one.store <= 3 for one in played[table]) >= IN_STORE[table]


@pytest.mark.parametrize("table", ABOVE)
def test_the_global_box_has_one_above_all_messages(played: Mapping[str, Sequence[Played]], table: str) -> None:
    assert share(one.above for one in played[table]) >= ABOVE[table]


@pytest.mark.parametrize("table", SUGGESTED)
def test_one_is_suggested(played: Mapping[str, Sequence[Played]], table: str) -> None:
    held = (one.suggested is not None and one.suggested <= 3 for one in played[table])
    assert share(held) >= SUGGESTED[table]
