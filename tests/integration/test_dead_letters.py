"""Bad input: into the dead letters with its reason, while the rest of its batch is indexed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import kit
import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError
from opensearchpy import AsyncOpenSearch

from indexers.dead_letters import bury
from mappings.events import MAX_TEXT_BYTES
from search.core import broker as streams

TENANT = "acme"


@dataclass(frozen=True)
class Letter:
    """A dead letter: where the event came from, why it died, its bytes."""

    stream: str
    position: int
    reason: str
    generation: str
    body: bytes


Buried = Callable[[], Awaitable[list[Letter]]]


async def letters(client: Client) -> list[Letter]:
    """All dead letters, oldest first."""
    js = client.jetstream()
    found = []
    state = (await js.stream_info(streams.DEAD_LETTERS)).state
    for sequence in range(max(state.first_seq, 1), state.last_seq + 1):
        kept = await js.get_msg(streams.DEAD_LETTERS, sequence)
        headers = kept.headers or {}
        assert kept.subject == f"{streams.DEAD_LETTERS}.{headers['Office-Stream']}"
        found.append(
            Letter(
                headers["Office-Stream"],
                int(headers["Office-Position"]),
                headers["Office-Reason"],
                headers["Office-Generation"],
                kept.data or b"",
            )
        )
    return found


@pytest.fixture
async def buried(indexers: None, client: Client) -> Buried:
    """The dead letters that have come since the test began."""
    before = len(await letters(client))

    async def since() -> list[Letter]:
        return (await letters(client))[before:]

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
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    first = (await client.jetstream().stream_info(streams.stream_name("changes.messages"))).state.last_seq + 1
    batch = [one for number, (raw, _) in enumerate(BAD.values()) for one in (good(f"m-{number}-good"), raw)]
    await kit.publish(client, [*batch, good("m-last")], "changes.messages")
    await kit.settled(client, engine)
    assert set(await kit.contents(engine, "messages", TENANT)) == {
        *(f"m-{number}-good" for number in range(len(BAD))),
        "m-last",
    }
    # Batches are written two at a time, so their dead letters may come in either's turn.
    dead = sorted(await buried(), key=lambda letter: letter.position)
    assert [letter.body for letter in dead] == [raw for raw, _ in BAD.values()]
    assert [letter.position for letter in dead] == [first + 1 + 2 * number for number in range(len(BAD))]
    assert {(letter.stream, letter.generation) for letter in dead} == {("changes.messages", "messages-000001")}
    for letter, (_, reason) in zip(dead, BAD.values(), strict=True):
        assert letter.reason.startswith(reason)


async def test_what_only_the_engine_refuses_is_kept_with_the_engine_s_reason(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    """A keyword of more than 32,766 bytes."""
    docs = [kit.doc(f"f-{number}", "方案", owner_id="u-1") for number in range(3)]
    docs[1]["kind"] = "x" * 40_000
    await kit.publish(client, [kit.event("doc", doc, tenant=TENANT) for doc in docs])
    await kit.settled(client, engine)
    assert set(await kit.contents(engine, "docs", TENANT)) == {"f-0", "f-2"}
    (letter,) = await buried()
    assert letter.reason.startswith("the engine refused it: illegal_argument_exception: ")
    assert orjson.loads(letter.body)["subject"] == "f-1"


async def test_ids_that_the_engine_takes_for_no_field_names_are_no_reason_to_refuse(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    ids = [".", "..", ".x", "x.", "a..b", "_id", "_source", "-", "x" * 128]
    members = [kit.event("member", kit.member(f"group:{id}", f"user:{id}"), tenant="odd") for id in ids]
    departments = [kit.event("department", {"id": id, "name": id}, tenant="odd") for id in ids]
    conversations = [kit.event("conversation", kit.conversation(id), tenant="odd") for id in ids]
    messages = [
        kit.event("message", kit.message(id, "好", conversation_id=id, sender_id=id), tenant="odd") for id in ids
    ]
    await kit.publish(client, [*members, *departments, *conversations, *messages])
    await kit.settled(client, engine)
    assert await buried() == []
    directory = await kit.contents(engine, "directory", "odd")
    assert set(directory["departments"][1]) == set(ids)
    assert {f"user:{id}" for id in ids} <= set(directory)
    assert set(await kit.contents(engine, "messages", "odd")) == set(ids)
    assert len(await kit.contents(engine, "contacts", "odd")) == 2 * len(ids)


# Large ones


async def test_an_event_of_six_mebibytes_passes_the_broker_and_is_indexed(
    indexers: None, client: Client, engine: AsyncOpenSearch
) -> None:
    texts = ["正文" * 600_000, "abc " * 600_000]
    raw = kit.event("doc", kit.doc("f-large", "大", texts[0], owner_id="u-1", appendix=texts[1]), tenant="large")
    raw += b" " * (streams.MAX_EVENT_BYTES - len(raw))
    assert len(raw) == streams.MAX_EVENT_BYTES
    await kit.publish(client, [raw])
    await kit.settled(client, engine)
    (stored,) = (await kit.contents(engine, "docs", "large")).values()
    assert stored[1]["original"]["body"] == texts[0]
    assert stored[1]["original"]["appendix"] == texts[1]


async def test_an_event_of_more_is_refused_by_the_broker_itself(world: object, client: Client) -> None:
    with pytest.raises(APIError, match="message size exceeds maximum"):
        await client.jetstream().publish("changes.docs", b" " * (streams.MAX_EVENT_BYTES + 1))


async def test_a_text_of_more_than_five_million_bytes_is_a_dead_letter_whole(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    body = "a" * (MAX_TEXT_BYTES + 1)
    raw = kit.event("doc", kit.doc("f-too-large", "大", body, owner_id="u-1"), tenant=TENANT)
    await kit.publish(client, [raw])
    await kit.settled(client, engine)
    (letter,) = await buried()
    assert letter.reason == "a text of 5000001 bytes: at most 5000000 are indexed"
    assert letter.body == raw


# Once


async def test_a_dead_letter_that_is_delivered_again_is_kept_once(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    """As after a crash between the dead letter and the acknowledgement."""
    await kit.publish(client, [b"{"], "changes.apps")
    await kit.settled(client, engine)
    js = client.jetstream()
    config = ConsumerConfig(deliver_policy=DeliverPolicy.LAST, durable_name="again", filter_subject="changes.apps")
    pull = await js.pull_subscribe("changes.apps", "again", config=config)
    message: Msg
    (message,) = await pull.fetch(1)
    await bury(js, message, "not JSON", "apps-000001")
    await js.delete_consumer(streams.stream_name("changes.apps"), "again")
    assert len(await buried()) == 1


async def test_the_same_bad_bytes_twice_are_two_dead_letters(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    await kit.publish(client, [b"{", b"{"], "changes.usage")
    await kit.settled(client, engine)
    assert len(await buried()) == 2


async def test_a_stream_of_several_collections_tells_of_each_that_gave_the_event_up(
    client: Client, engine: AsyncOpenSearch, buried: Buried
) -> None:
    await kit.publish(client, [b"{"], "changes.contacts")
    await kit.settled(client, engine)
    dead = await buried()
    assert {letter.generation for letter in dead} == {"contacts-000001", "directory-000001"}
    assert len({letter.position for letter in dead}) == 1
