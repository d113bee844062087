"""A whole company: what its people look for comes first, nothing leaks, and a part of a text finds that text."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import kit
import orjson
import pytest
from apikit import GATEWAY_SECRET, Api
from opensearchpy import AsyncOpenSearch

from analyzers import normalise
from indexers.load import load
from search.access.principal import Principal
from search.core.streams.port import Broker
from search.evaluate.api_client import ApiClient
from search.evaluate.figures import Figures, Played, by_kind, rank
from search.evaluate.play import play_known_items, play_negatives
from search.evaluate.questions import by_name, event_files, known_items, negatives
from search.query.question import Question
from search.query.search import Search

AT_ONCE = 4
ASKED, SHORTEST, LONGEST = 500, 2, 4
FIRST_PAGE = 20
LITERAL_FIRST = 0.998
LEFT_ALONE = 0.99
TENANT = "acme"

FIRST: Mapping[str, float] = dict.fromkeys(("person_exact", "group_name", "app_exact", "doc_title"), 0.98)
"""The least share of the questions of a kind whose item comes first."""
OFTEN = ("person_pinyin", "person_pinyin_heteronym", "person_initials", "person_english", "person_employee_no")
AMONG_FIVE: Mapping[str, float] = {
    **dict.fromkeys((*OFTEN, "app_partial", "app_pinyin", "mixed_identifier"), 0.95),
    **dict.fromkeys(("traditional", "simplified_for_traditional", "single_surname"), 0.95),
    **dict.fromkeys(("message_from", "message_in", "message_phrase", "doc_phrase", "homonym"), 0.97),
}
"""The same for being among the first five."""
SUGGESTED_FIRST = ("person_exact", "group_name", "app_exact", "doc_title")
SUGGESTED: Mapping[str, float] = {
    **dict.fromkeys(SUGGESTED_FIRST, 0.97),
    **dict.fromkeys(("person_pinyin", "person_pinyin_heteronym", "app_pinyin"), 0.97),
    **dict.fromkeys(("person_english", "person_employee_no", "homonym"), 0.97),
    **dict.fromkeys(("person_initials", "app_partial"), 0.93),
}
"""The least share of the questions of a kind that are suggested: exact names first, the others among five."""


@pytest.fixture(scope="module")
def company(shared_data: Path) -> Path:
    return shared_data / "company"


@pytest.fixture(scope="module")
async def filled(company: Path, api: Api, broker: Broker, engine: AsyncOpenSearch) -> Api:
    """The company as it is after its last event; what was used how often does not matter here."""
    files = [path for path in event_files(company) if path.name != "changes.usage.ndjson"]
    assert not (await load(broker, kit.CATALOGUE, files, lambda _: None)).skipped
    await kit.settled(broker, engine)
    await api.ready()
    return api


@pytest.fixture(scope="module")
async def asking(filled: Api) -> AsyncIterator[ApiClient]:
    async with ApiClient("http://api", GATEWAY_SECRET, transport=httpx.ASGITransport(filled.app)) as client:
        yield client


@pytest.fixture(scope="module")
async def answers(asking: ApiClient, company: Path) -> tuple[Sequence[Played], Sequence[str]]:
    """How each known item was found, and those questions that were taken for slips."""
    items = known_items(company)
    played: list[Played] = []
    corrected: list[str] = []
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            answer = await asking.search(item)
            played.append(Played(item.kind, rank(item, answer.body["hits"]), answer.ms))
            if answer.body["query"]["corrected"]:
                corrected.append(item.q)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return played, corrected


@pytest.fixture(scope="module")
def found(answers: tuple[Sequence[Played], Sequence[str]]) -> Mapping[str, Figures]:
    return by_kind(answers[0])


def test_every_kind_of_question_has_its_measure(found: Mapping[str, Figures]) -> None:
    assert set(found) == set(FIRST) | set(AMONG_FIVE)


@pytest.mark.parametrize("kind", FIRST)
def test_who_names_a_thing_in_full_finds_it_first(found: Mapping[str, Figures], kind: str) -> None:
    assert found[kind].hit1 >= FIRST[kind], found[kind]


@pytest.mark.parametrize("kind", AMONG_FIVE)
def test_who_knows_less_of_it_finds_it_among_the_first_five(found: Mapping[str, Figures], kind: str) -> None:
    assert found[kind].hit5 >= AMONG_FIVE[kind], found[kind]


def test_what_was_typed_well_is_not_corrected(answers: tuple[Sequence[Played], Sequence[str]]) -> None:
    played, corrected = answers
    assert len(corrected) <= (1 - LEFT_ALONE) * len(played), corrected


@pytest.fixture(scope="module")
async def suggested(asking: ApiClient, company: Path) -> Mapping[str, Figures]:
    return by_kind(await play_known_items(asking.suggest, by_name(known_items(company)), lambda: None))


def test_every_kind_of_name_has_its_measure(suggested: Mapping[str, Figures]) -> None:
    assert set(suggested) == set(SUGGESTED)


@pytest.mark.parametrize("kind", SUGGESTED)
def test_who_types_a_name_is_offered_it(suggested: Mapping[str, Figures], kind: str) -> None:
    figures = suggested[kind]
    assert (figures.hit1 if kind in SUGGESTED_FIRST else figures.hit5) >= SUGGESTED[kind], figures


async def test_nothing_leaks(asking: ApiClient, company: Path) -> None:
    asked = negatives(company)
    assert asked
    assert not await play_negatives(asking.search, asked, lambda: None)


async def test_no_suggestion_leaks(asking: ApiClient, company: Path) -> None:
    asked = [one.model_copy(update={"denied": ()}) for one in negatives(company)]
    assert not await play_negatives(asking.suggest, asked, lambda: None)


async def test_texts_that_hold_the_query_come_before_those_that_hold_its_parts(filled: Api, company: Path) -> None:
    """Of the first page, as many as there are such texts; asked by somebody who reads every conversation."""
    search: Search = filled.app.state.services.search
    reader = await reads_everything(search, company)
    texts = {place: normalise(text) for place, text in said(company) if reader.reads(place[0], 0)}
    failures: list[tuple[str, Sequence[str]]] = []
    waiting = iter(cut_from(list(texts.values())))

    async def work() -> None:
        for query in waiting:
            literal = {id for (_, id), text in texts.items() if query in text}
            question = Question(query, verticals=["messages"], limit=FIRST_PAGE)
            hits = (await search.answer(reader, question, datetime.now(UTC))).hits
            first = [hit.id for hit in hits[: len(literal)]]
            if len(first) < min(FIRST_PAGE, len(literal)) or not literal.issuperset(first):
                failures.append((query, first))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    assert len(failures) <= (1 - LITERAL_FIRST) * ASKED, failures


async def reads_everything(search: Search, company: Path) -> Principal:
    """Somebody of the company, but in each of its conversations from the beginning."""
    item = next(item for item in known_items(company) if item.tenant == TENANT)
    caller = await search.directory.principal(TENANT, item.user)
    rooms = {room for (room, _), _ in said(company) if caller.rules.get(room)}
    return replace(caller, joined=dict.fromkeys(rooms))


def said(company: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """((conversation, message), everything that is searched for in it) of the messages that are not deleted."""
    latest: dict[str, tuple[int, Mapping[str, Any] | None]] = {}
    for line in (company / "changes.messages.ndjson").read_bytes().splitlines():
        event = orjson.loads(line)
        if event["tenant"] != TENANT:
            continue
        version, id = int(event["sequence"]), event["subject"]
        if id not in latest or latest[id][0] < version:
            latest[id] = version, event["data"] if event["type"].endswith("upserted") else None
    for id, (_, message) in latest.items():
        if message:
            yield (message["conversation_id"], id), "\n".join(texts_of(message))


def texts_of(message: Mapping[str, Any]) -> Iterator[str]:
    yield message["text"]
    yield from (file["name"] for file in message.get("attachments") or ())
    yield from message.get("links") or ()
    card = message.get("card") or {}
    yield card.get("title") or ""
    for entry in card.get("fields") or ():
        yield f"{entry.get('name') or ''} {entry.get('value') or ''}" if isinstance(entry, dict) else entry


def cut_from(texts: Sequence[str]) -> Iterator[str]:
    """ASKED queries of Han characters, from anywhere in them."""
    dice = random.Random(2026)
    left = ASKED
    while left:
        text, length = dice.choice(texts), dice.randint(SHORTEST, LONGEST)
        begin = dice.randrange(max(1, len(text) - length + 1))
        query = text[begin : begin + length]
        if len(query) == length and all("\u4e00" <= each <= "\u9fff" for each in query):
            left -= 1
            yield query
