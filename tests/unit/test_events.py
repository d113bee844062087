"""What a producer may send, rule by rule of the contract, and the reason given for everything else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import kit
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import COLLECTIONS

from mappings import directory
from mappings.entities import Entity, Message, Usage, micros
from mappings.events import MAX_SEQUENCE, MAX_TEXT_BYTES, Change, decode
from search.core.errors import RejectedEvent

MESSAGES = COLLECTIONS["messages"].entities
CONTACTS = COLLECTIONS["contacts"].entities
USAGE = COLLECTIONS["usage"].entities
ACCESS = directory.ENTITIES["changes.access"]
EVERY: dict[str, type[Entity]] = {
    **{name: model for collection in COLLECTIONS.values() for name, model in collection.entities.items()},
    **ACCESS,
}

MESSAGE = kit.message("m-1", "明天上午评审", conversation_id="c-7", sender_id="u-12")
GONE = object()


def message(**attributes: Any) -> bytes:
    """A good event with some attributes changed, or taken away (`GONE`)."""
    event = orjson.loads(kit.event("message", MESSAGE, tenant="acme")) | attributes
    return orjson.dumps({name: value for name, value in event.items() if value is not GONE})


def message_with(**fields: Any) -> bytes:
    """A good event with some fields of its entity changed, or taken away."""
    return message(data={name: value for name, value in (MESSAGE | fields).items() if value is not GONE})


def rejection(raw: bytes, entities: dict[str, type[Entity]] | Any = MESSAGES) -> str:
    with pytest.raises(RejectedEvent) as error:
        decode(raw, entities)
    return str(error.value)


# What is taken


def test_an_upsert_says_the_entity_s_full_new_state() -> None:
    change = decode(message(sequence="1772442904120"), MESSAGES)
    assert (change.tenant, change.entity, change.id, change.version) == ("acme", "message", "m-1", 1772442904120)
    assert isinstance(change.state, Message)
    assert change.state.text == "明天上午评审"
    assert change.data == MESSAGE


def test_a_delete_has_no_state() -> None:
    raw = kit.deleted("message", "m-1", tenant="acme", version=9)
    assert decode(raw, MESSAGES) == Change("acme", "message", "m-1", 9, None, None)


def test_a_membership_is_deleted_by_its_subject_alone() -> None:
    scope, principal = "conversation:c-7", "user:u-12"
    raw = kit.event("member", {}, tenant="acme", verb="deleted", subject=f"{scope}|{principal}")
    assert decode(raw, ACCESS).id == f"{scope}|{principal}"


def test_usage_is_recorded_and_has_no_id_but_its_subject() -> None:
    data = {"user_id": "u-1", "app_id": "a-1", "action": "rate", "value": 4, "at": "2026-03-02T09:15:04Z"}
    change = decode(kit.event("usage", data, tenant="acme", verb="recorded", subject="us-1"), USAGE)
    assert change.id == "us-1"
    assert isinstance(change.state, Usage)


def test_unknown_fields_are_no_error_and_stay_in_the_original() -> None:
    change = decode(message_with(reactions=[{"emoji": "👍", "by": ["u-1"]}]), MESSAGES)
    assert change.data is not None
    assert change.data["reactions"] == [{"emoji": "👍", "by": ["u-1"]}]


def test_unknown_attributes_are_no_error() -> None:
    assert decode(message(traceparent="00-ab", partitionkey=None), MESSAGES).id == "m-1"


@pytest.mark.parametrize(
    "media_type", [GONE, None, "application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
)
def test_json_is_what_data_are_unless_said_otherwise(media_type: Any) -> None:
    assert decode(message(datacontenttype=media_type), MESSAGES).id == "m-1"


@pytest.mark.parametrize("sequence", ["0", "1", "00012", str(MAX_SEQUENCE)])
def test_a_sequence_is_a_decimal_integer_in_a_text(sequence: str) -> None:
    assert decode(message(sequence=sequence), MESSAGES).version == int(sequence)


@pytest.mark.parametrize("tenant", ["a", "acme", "a-1", "-", "0" * 40])
def test_a_tenant_is_up_to_40_small_letters_digits_and_hyphens(tenant: str) -> None:
    assert decode(message(tenant=tenant), MESSAGES).tenant == tenant


@pytest.mark.parametrize("id", ["m", "a.b", "..", "_id", "-", "A_b-C.9", "x" * 128])
def test_an_id_is_up_to_128_letters_digits_dots_underscores_and_hyphens(id: str) -> None:
    assert decode(message(subject=id, data=MESSAGE | {"id": id}), MESSAGES).id == id


def test_a_text_may_have_five_million_bytes() -> None:
    longest = "中" * (MAX_TEXT_BYTES // 3) + "ab"
    assert len(longest.encode()) == MAX_TEXT_BYTES
    assert decode(message_with(text=longest), MESSAGES).id == "m-1"


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert decode(message_with(text="C:\\u0000"), MESSAGES).id == "m-1"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00.000001+08:00", 1),
        ("1970-01-01t00:00:01z", 1_000_000),
        ("1969-12-31T23:59:59.5-00:00", -500_000),
    ],
)
def test_a_time_is_rfc_3339_whatever_its_offset(text: str, moment: int) -> None:
    assert micros(text) == moment


# What is refused, and why


@pytest.mark.parametrize("raw", [b"", b"{", b"hello", b"{'id': 1}", b"\xff\xfe", b'{"id": NaN}', b"[" * 5000])
def test_what_is_not_json(raw: bytes) -> None:
    assert rejection(raw).startswith("not JSON: ")


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"event"', b"[{}]"])
def test_json_that_is_no_object(raw: bytes) -> None:
    assert rejection(raw) == "not a JSON object"


@pytest.mark.parametrize("version", [GONE, None, "0.3", "1.1", 1.0, 1])
def test_another_version_of_cloudevents(version: Any) -> None:
    assert rejection(message(specversion=version)) == "specversion: must be 1.0"


@pytest.mark.parametrize("name", ["id", "source"])
@pytest.mark.parametrize("value", [GONE, None, "", 7])
def test_a_delivery_that_cannot_be_told_from_another(name: str, value: Any) -> None:
    assert rejection(message(**{name: value})) == f"{name}: must be a text that is not empty"


@pytest.mark.parametrize("media_type", ["text/plain", "application/jsonl", "application/cloudevents+json", 7, ""])
def test_data_that_say_not_to_be_json(media_type: Any) -> None:
    assert rejection(message(datacontenttype=media_type)).startswith("datacontenttype: must be application/json, not ")


@pytest.mark.parametrize(
    "kind",
    [
        GONE,
        None,
        7,
        "",
        "message",
        "office.message",
        "office.message.created",
        "office.messages.upserted",
        "OFFICE.message.upserted",
        "office.message.upserted ",
        "office.message.upserted\n",
        "com.example.message.upserted",
    ],
)
def test_a_type_that_the_contract_does_not_have(kind: Any) -> None:
    assert rejection(message(type=kind)).startswith("type ")


def test_a_type_of_another_stream_is_told_what_this_one_carries() -> None:
    reason = rejection(message(), CONTACTS)
    assert reason == "type 'office.message.upserted': this stream carries conversation, department, user"


@pytest.mark.parametrize(
    ("kind", "entities"),
    [
        ("office.message.recorded", MESSAGES),
        ("office.usage.upserted", USAGE),
        ("office.usage.deleted", USAGE),
    ],
)
def test_usage_is_recorded_and_nothing_else_is(kind: str, entities: Any) -> None:
    assert "no such change of a" in rejection(message(type=kind), entities)


@pytest.mark.parametrize(
    "sequence",
    [
        *(GONE, None, 7, 7.0, True, [1]),
        *("", "-1", "+1", "1.0", "1e3", "0x10", "1_000", "٣", "３", " 1", "1 ", "1\n", "one"),
        *(str(MAX_SEQUENCE + 1), "9" * 19, "1" * 20, "0" * 20, "9" * 5000),
    ],
)
def test_a_sequence_that_is_no_integer_of_63_bits_in_a_text(sequence: Any) -> None:
    reason = rejection(message(sequence=sequence))
    assert reason.startswith("sequence: ")
    assert reason.endswith("is no decimal integer from 0 to 2^63-1 in a text")
    assert len(reason) < 120


@pytest.mark.parametrize("tenant", [GONE, None, 7, "", "Acme", "a_b", "a.b", "公司", "a b", "acme\n", "*", "x" * 41])
def test_a_tenant_outside_its_pattern(tenant: Any) -> None:
    assert rejection(message(tenant=tenant)).startswith("tenant: ")


@pytest.mark.parametrize("subject", [GONE, None, 7, "", "a b", "m/1", "消息", "m-1\n", "*", "a|b", "x" * 129])
def test_a_subject_outside_its_pattern(subject: Any) -> None:
    assert rejection(message(subject=subject)).startswith("subject: ")


@pytest.mark.parametrize(
    "subject",
    [
        "m-1",
        "conversation:c-7",
        "conversation:c-7|",
        "conversation:c-7|u-1",
        "user:u-1|user:u-2",
        "department:d-1|user:u-1",
        "conversation:c-7|role:r-1",
        "conversation:c-7|tenant:*",
        "conversation:c-7|user:u-1|user:u-2",
        f"group:{'x' * 129}|user:u-1",
    ],
)
def test_a_membership_s_subject_is_scope_and_principal(subject: str) -> None:
    raw = kit.event("member", kit.member("conversation:c-7", "user:u-1"), tenant="acme", subject=subject)
    assert rejection(raw, ACCESS).startswith("subject: ")


@pytest.mark.parametrize("data", [GONE, None, [], "text", 7])
def test_data_that_are_no_object(data: Any) -> None:
    assert rejection(message(data=data)) == "data: not a JSON object"


def test_data_in_base64() -> None:
    assert rejection(message(data=GONE, data_base64="e30=")) == "data: not a JSON object"


def test_a_subject_that_names_another_entity_than_the_data() -> None:
    assert rejection(message(subject="m-2")) == "subject 'm-2' and the entity's own id differ"


def test_a_delete_whose_subject_and_data_name_different_entities() -> None:
    raw = kit.event("message", {"id": "m-1"}, tenant="acme", verb="deleted", subject="m-2")
    assert rejection(raw) == "subject 'm-2' and data.id differ"


def test_a_membership_whose_subject_names_another_one() -> None:
    raw = kit.event("member", kit.member("group:g-1", "user:u-1"), tenant="acme", subject="group:g-1|user:u-2")
    assert "differ" in rejection(raw, ACCESS)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"text": GONE}, "data.text: "),
        ({"text": None}, "data.text: "),
        ({"text": 7}, "data.text: "),
        ({"kind": "voice"}, "data.kind: "),
        ({"conversation_id": "c 7"}, "data.conversation_id: "),
        ({"sender_id": "user:u-12"}, "data.sender_id: "),
        ({"mentions": ["u-1", 7]}, "data.mentions.1: "),
        ({"attachments": [{"mime": "image/png"}]}, "data.attachments.0.name: "),
        ({"sent_at": "2026-03-02"}, "data.sent_at: "),
        ({"sent_at": "2026-03-02T09:15:04"}, "data.sent_at: "),
        ({"sent_at": "2026-03-02T09:15:04.120"}, "data.sent_at: "),
        ({"sent_at": "2026-03-02T09:15:04,120Z"}, "data.sent_at: "),
        ({"sent_at": "2026-W10-1T09:15:04Z"}, "data.sent_at: "),
        ({"sent_at": "2026-02-30T09:15:04Z"}, "data.sent_at: "),
        ({"sent_at": "２０２６-03-02T09:15:04Z"}, "data.sent_at: "),
        ({"sent_at": 1772442904120}, "data.sent_at: "),
    ],
)
def test_the_first_field_that_breaks_the_contract_is_named(fields: dict[str, Any], where: str) -> None:
    assert rejection(message_with(**fields)).startswith(where)


@pytest.mark.parametrize(
    ("entity", "data", "where"),
    [
        ("user", kit.user("u-1", "张三", status="gone"), "data.status: "),
        ("user", kit.user("u-1", "张三", visible_to=["everyone"]), "data.visible_to.0: "),
        ("user", kit.user("u-1", "张三", department_ids=None), "data.department_ids: "),
        ("conversation", kit.conversation("c-1", public="yes"), "data.public: "),
        ("conversation", kit.conversation("c-1", public=1), "data.public: "),
        ("conversation", kit.conversation("c-1", history="some"), "data.history: "),
        ("doc", kit.doc("f-1", "方案", owner_id="u-1", allow=["user:*"]), "data.allow.0: "),
        ("doc", kit.doc("f-1", "方案", owner_id="u-1", allow=["tenant:acme"]), "data.allow.0: "),
        ("app", kit.app("a-1", "请假", deny="user:u-1"), "data.deny: "),
        ("role", kit.role("r-1", modules=[1]), "data.modules.0: "),  # type: ignore[list-item]
        ("member", kit.member("conversation:c-1", "user:u-1", until="tomorrow"), "data.until: "),
    ],
)
def test_whatever_decides_about_access_is_strict(entity: str, data: dict[str, Any], where: str) -> None:
    assert rejection(kit.event(entity, data, tenant="acme"), EVERY).startswith(where)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "a" * (MAX_TEXT_BYTES + 1)},
        {"text": "中" * (MAX_TEXT_BYTES // 3 + 1)},
        {"unknown": [{"deep": "a" * (MAX_TEXT_BYTES + 1)}]},
        {"a" * (MAX_TEXT_BYTES + 1): 1},
    ],
    ids=["ascii", "chinese", "in an unknown field", "as a key"],
)
def test_a_text_of_more_than_five_million_bytes(fields: dict[str, Any]) -> None:
    assert rejection(message_with(**fields)).endswith("bytes: at most 5000000 are indexed")


@pytest.mark.parametrize("escape", [rb"\ud83d", rb"\udc00", rb"\udc00\ud83d", rb"x\ud800x"])
def test_a_lone_surrogate(escape: bytes) -> None:
    assert rejection(message().replace("明天".encode(), escape)).startswith("not JSON: ")


def test_a_surrogate_in_raw_bytes() -> None:
    assert rejection(message().replace("明天".encode(), b"\xed\xa0\x80")).startswith("not JSON: ")


@pytest.mark.parametrize(
    "raw",
    [
        message_with(text="a\0b"),
        message_with(unknown={"deep": ["\0"]}),
        message_with(**{"key\0": 1}),
        message(source="\0"),
    ],
    ids=["text", "unknown field", "key", "attribute"],
)
def test_a_nul_anywhere(raw: bytes) -> None:
    assert rejection(raw) == "a text holds a NUL character"


@pytest.mark.parametrize("depth", [200, 900, 1000, 1015])
def test_a_nul_at_the_bottom_of_a_deep_event(depth: int) -> None:
    deep = b"[" * depth + rb'"\u0000"' + b"]" * depth
    raw = message_with(deep=7).replace(b'"deep":7', b'"deep":' + deep)
    assert rejection(raw) == "a text holds a NUL character"


def test_a_reason_stays_short_however_long_what_it_quotes() -> None:
    for name in ("type", "tenant", "subject", "sequence", "datacontenttype"):
        assert len(rejection(message(**{name: "x" * 100_000}))) < 300


# Whatever the bytes are


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
VALUES = JSON | st.sampled_from(["m-1", "acme", "1.0", "0", "active", "user:u-1", "2026-03-02T09:15:04Z", ["user:u-1"]])


def taken_or_rejected(raw: bytes) -> None:
    with suppress(RejectedEvent):
        assert isinstance(decode(raw, EVERY), Change)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(raw: bytes) -> None:
    taken_or_rejected(raw)


@given(JSON)
def test_arbitrary_json_raises_nothing_else(value: Any) -> None:
    taken_or_rejected(orjson.dumps(value))


@given(st.data())
def test_an_event_with_anything_in_any_of_its_places_raises_nothing_else(data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(sorted(EVERY)))
    fields = data.draw(st.dictionaries(st.sampled_from(sorted(EVERY[entity].model_fields)), VALUES))
    event = orjson.loads(kit.event(entity, fields, tenant="acme", subject="m-1"))
    event |= data.draw(st.dictionaries(st.sampled_from(sorted(event)), VALUES, max_size=2))
    taken_or_rejected(orjson.dumps(event))


@given(st.data())
def test_a_good_event_with_damaged_bytes_raises_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(message())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    taken_or_rejected(bytes(raw))


# Others' events


def test_the_examples_of_cloudevents_are_told_why_they_are_not_ours(shared_data: Path) -> None:
    lines = (shared_data / "cloudevents" / "json_format_examples.jsonl").read_bytes().splitlines()
    examples = [example["value"] for example in map(orjson.loads, lines) if example["parsed"]]
    assert examples
    for example in examples:
        events = example if isinstance(example, list) else [example]
        for event in events:
            taken_or_rejected(orjson.dumps(event))
            assert rejection(orjson.dumps(event), EVERY)


def test_the_examples_of_cloudevents_become_ours_by_our_attributes(shared_data: Path) -> None:
    """Envelope attributes that the specification allows, null ones among them, are no reason to refuse an event."""
    ours = {"type": "office.message.upserted", "subject": "m-1", "sequence": "1", "tenant": "acme", "data": MESSAGE}
    lines = (shared_data / "cloudevents" / "json_format_examples.jsonl").read_bytes().splitlines()
    for example in map(orjson.loads, lines):
        event = example["value"]
        if isinstance(event, dict) and event.get("datacontenttype", "application/json") == "application/json":
            event.pop("data_base64", None)
            complete = {"specversion": "1.0", "id": "e-1", "source": "/x"} | event | ours
            assert decode(orjson.dumps(complete), MESSAGES).id == "m-1"
