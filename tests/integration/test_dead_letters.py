"""Bad input: into the dead letters with its reason, while the rest of its batch is indexed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import kit
import orjson
import pytest
from nats.aio.client import Client
from natskit import dead_letters
from opensearchpy import AsyncOpenSearch
from streamkit import DeadLetter

from mappings.events import MAX_TEXT_BYTES
from search.core.errors import Unavailable
from search.core.streams.port import MAX_EVENT_BYTES, Broker, Delivery

TENANT = "acme"


Dead = Callable[[], Awaitable[list[DeadLetter]]]


@pytest.fixture
async def dead(indexers: None, client: Client) -> Dead:
    """The dead letters that have come since the test began."""
    before = len(await dead_letters(client))

    async def since() -> list[DeadLetter]:
        return (await dead_letters(client))[before:]

    return since


def good(id: str, text: str = "明天评审") -> bytes:
    return kit.event("message", kit.message(id, text, conversation_id="c-1", sender_id="u-1"), tenant=TENANT)


def changed(raw: bytes, **attributes: object) -> bytes:
    return orjson.dumps(orjson.loads(raw) | attributes)


BAD = {
    "not JSON": (b"{", "not JSON: "),
    "not text": (b"\xff\xfe\x00", "not JSON: "),
    "empty": (b"", "not JSON: "),
    "breaks the contract": (changed(good("m-0"), data={"id": "m-0"}), "data.conversation_id: Field required"),
    "a sequence that is a number": (changed(good("m-0"), sequence=7), "sequence: 7 is no decimal integer"),
    "an unknown type": (changed(good("m-0"), type="office.poll.upserted"), "type 'office.poll.upserted': this stream"),
    "another stream's type": (changed(good("m-0"), type="office.doc.upserted"), "type 'office.doc.upserted': this"),
    "a lone surrogate": (good("m-0").replace("明天".encode(), rb"\ud800"), "not JSON: "),
    "a NUL": (good("m-0", "a\0b"), "a text holds a NUL character"),
    "a deep NUL": (
        good("m-0").replace(b'"data":{', b'"data":{"x":' + b"[" * 950 + b'"\\u0000"' + b"]" * 950 + b","),
        "a text",
    ),
    "too deep": (
        good("m-0").replace(b'"data":{', b'"data":{"x":' + b"[" * 500 + b"]" * 500 + b","),
        "cannot be stored: Recursion limit reached",
    ),
    "a tenant with a line break": (changed(good("m-0"), tenant="a\r\nb: c"), r"tenant: 'a\r\nb: c' is not "),
    "a reason that is no ASCII": (changed(good("m-0"), tenant="公司"), r"tenant: '\u516c\u53f8' is not "),
}


async def test_each_bad_event_is_kept_with_its_reason_and_the_rest_of_its_batch_is_indexed(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    first = await broker.end("changes.messages") + 1
    batch = [one for number, (raw, _) in enumerate(BAD.values()) for one in (good(f"m-{number}-good"), raw)]
    await kit.publish(broker, [*batch, good("m-last")], "changes.messages")
    await kit.settled(broker, engine)
    assert set(await kit.contents(engine, "messages", TENANT)) == {
        *(f"m-{number}-good" for number in range(len(BAD))),
        "m-last",
    }
    # Batches are written two at a time, so their dead letters may come in either's turn.
    letters = sorted(await dead(), key=lambda letter: letter.position)
    assert [letter.data for letter in letters] == [raw for raw, _ in BAD.values()]
    assert [letter.position for letter in letters] == [first + 1 + 2 * number for number in range(len(BAD))]
    assert {(letter.stream, letter.generation) for letter in letters} == {("changes.messages", "messages-000001")}
    for letter, (_, reason) in zip(letters, BAD.values(), strict=True):
        assert letter.reason.startswith(reason)


async def test_what_only_the_engine_refuses_is_kept_with_the_engine_s_reason(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    """A keyword of more than 32,766 bytes."""
    docs = [kit.doc(f"f-{number}", "方案", owner_id="u-1") for number in range(3)]
    docs[1]["kind"] = "x" * 40_000
    await kit.publish(broker, [kit.event("doc", doc, tenant=TENANT) for doc in docs])
    await kit.settled(broker, engine)
    assert set(await kit.contents(engine, "docs", TENANT)) == {"f-0", "f-2"}
    (letter,) = await dead()
    assert letter.reason.startswith("the engine refused it: illegal_argument_exception: ")
    assert orjson.loads(letter.data)["subject"] == "f-1"


async def test_ids_that_the_engine_takes_for_no_field_names_are_no_reason_to_refuse(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    ids = [".", "..", ".x", "x.", "a..b", "_id", "_source", "-", "x" * 128]
    members = [kit.event("member", kit.member(f"group:{id}", f"user:{id}"), tenant="odd") for id in ids]
    departments = [kit.event("department", {"id": id, "name": id}, tenant="odd") for id in ids]
    conversations = [kit.event("conversation", kit.conversation(id), tenant="odd") for id in ids]
    messages = [
        kit.event("message", kit.message(id, "好", conversation_id=id, sender_id=id), tenant="odd") for id in ids
    ]
    await kit.publish(broker, [*members, *departments, *conversations, *messages])
    await kit.settled(broker, engine)
    assert await dead() == []
    directory = await kit.contents(engine, "directory", "odd")
    assert set(directory["departments"][1]) == set(ids)
    assert {f"user:{id}" for id in ids} <= set(directory)
    assert set(await kit.contents(engine, "messages", "odd")) == set(ids)
    assert len(await kit.contents(engine, "contacts", "odd")) == 2 * len(ids)


# Large ones


async def test_an_event_of_six_mebibytes_passes_the_broker_and_is_indexed(
    indexers: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    texts = ["正文" * 600_000, "abc " * 600_000]
    raw = kit.event("doc", kit.doc("f-large", "大", texts[0], owner_id="u-1", appendix=texts[1]), tenant="large")
    raw += b" " * (MAX_EVENT_BYTES - len(raw))
    assert len(raw) == MAX_EVENT_BYTES
    await kit.publish(broker, [raw])
    await kit.settled(broker, engine)
    (stored,) = (await kit.contents(engine, "docs", "large")).values()
    assert stored[1]["original"]["body"] == texts[0]
    assert stored[1]["original"]["appendix"] == texts[1]


async def test_an_event_of_more_is_refused_by_the_broker_itself(world: object, broker: Broker) -> None:
    with pytest.raises(Unavailable, match="message size exceeds maximum"):
        await broker.publish("changes.docs", b" " * (MAX_EVENT_BYTES + 1))


async def test_a_text_of_more_than_five_million_bytes_is_a_dead_letter_whole(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    body = "a" * (MAX_TEXT_BYTES + 1)
    raw = kit.event("doc", kit.doc("f-too-large", "大", body, owner_id="u-1"), tenant=TENANT)
    await kit.publish(broker, [raw])
    await kit.settled(broker, engine)
    (letter,) = await dead()
    assert letter.reason == "a text of 5000001 bytes: at most 5000000 are indexed"
    assert letter.data == raw


# Once


async def test_a_dead_letter_that_is_delivered_again_is_kept_once(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    """As after a crash between the dead letter and the acknowledgement."""
    await kit.publish(broker, [b"{"], "changes.apps")
    await kit.settled(broker, engine)
    taken: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()

    async def take(deliveries: Sequence[Delivery]) -> None:
        taken.set_result(deliveries[0])

    end = await broker.end("changes.apps")
    await broker.ensure_consumer("changes.apps", "again", end, 60)
    subscription = await broker.follow("changes.apps", "again", 1, take)
    await broker.send_to_dead_letters(await taken, "not JSON", "apps-000001")
    await subscription.stop()
    await broker.delete_consumer("changes.apps", "again")
    assert len(await dead()) == 1


async def test_the_same_bad_bytes_twice_are_two_dead_letters(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    await kit.publish(broker, [b"{", b"{"], "changes.usage")
    await kit.settled(broker, engine)
    assert len(await dead()) == 2


async def test_a_stream_of_several_collections_tells_of_each_that_gave_the_event_up(
    broker: Broker, engine: AsyncOpenSearch, dead: Dead
) -> None:
    await kit.publish(broker, [b"{"], "changes.contacts")
    await kit.settled(broker, engine)
    letters = await dead()
    assert {letter.generation for letter in letters} == {"contacts-000001", "directory-000001"}
    assert len({letter.position for letter in letters}) == 1
