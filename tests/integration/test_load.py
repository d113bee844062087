"""Event files onto the streams: what goes where, what is reported, and what is said when it cannot be done."""

from __future__ import annotations

import io
from pathlib import Path

import kit
import pytest
from kit import CATALOGUE
from nats.aio.client import Client
from nats.js import JetStreamContext
from outside import OwnBroker
from rich.console import Console

from indexers import load as loading
from indexers.load import Loaded, load, size
from search import bootstrap
from search.commands.load import load_files
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError, Unavailable
from search.core.settings import Settings
from search.core.streams.nats import connection
from search.core.streams.nats.names import stream_name
from search.core.streams.port import MAX_EVENT_BYTES, Broker

TENANT = "acme"


def docs(*numbers: int) -> list[bytes]:
    return [kit.event("doc", kit.doc(f"f-{number}", "方案", owner_id="u-1"), tenant=TENANT) for number in numbers]


def users(*numbers: int) -> list[bytes]:
    return [kit.event("user", kit.user(f"u-{number}", "张三"), tenant=TENANT) for number in numbers]


def file(folder: Path, name: str, *lines: bytes) -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(lines))
    return path


async def load_quietly(broker: Broker, *paths: Path) -> Loaded:
    return await load(broker, CATALOGUE, paths, lambda _: None)


class Stored:
    """What a stream got since the test began."""

    def __init__(self, broker: Broker, js: JetStreamContext) -> None:
        self._broker = broker
        self._js = js
        self._begin: dict[str, int] = {}

    async def note(self) -> None:
        for stream in CATALOGUE.streams:
            self._begin[stream] = await self._broker.end(stream)

    async def __call__(self, stream: str) -> list[bytes]:
        positions = range(self._begin[stream] + 1, await self._broker.end(stream) + 1)
        return [(await self._js.get_msg(stream_name(stream), position)).data or b"" for position in positions]


@pytest.fixture
async def stored(world: Endpoints, broker: Broker, client: Client) -> Stored:
    found = Stored(broker, client.jetstream())
    await found.note()
    return found


async def test_every_event_goes_to_its_stream_and_is_counted_by_its_type(
    broker: Broker, stored: Stored, tmp_path: Path
) -> None:
    one = file(tmp_path, "changes.docs.ndjson", *docs(1, 2), kit.deleted("doc", "f-1", tenant=TENANT))
    other = file(tmp_path, "changes.contacts.ndjson", *users(1, 2, 3), b"")
    loaded = await load_quietly(broker, one, other)
    assert loaded.sent == {"office.doc.upserted": 2, "office.doc.deleted": 1, "office.user.upserted": 3}
    assert loaded.skipped == []
    assert len(await stored("changes.docs")) == 3
    assert len(await stored("changes.contacts")) == 3


async def test_an_event_s_type_says_where_it_belongs_whatever_its_file_is_called(
    broker: Broker, stored: Stored, tmp_path: Path
) -> None:
    mixed = [*docs(1), *users(1), kit.event("role", kit.role(), tenant=TENANT)]
    await load_quietly(broker, file(tmp_path, "everything.jsonl", *mixed))
    assert [await stored(stream) for stream in ("changes.docs", "changes.contacts", "changes.access")] == [
        [event] for event in mixed
    ]


async def test_the_lines_of_a_file_keep_their_order_beyond_one_window(
    broker: Broker, stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "WINDOW", 10)
    events = docs(*range(95))
    await load_quietly(broker, file(tmp_path, "changes.docs.ndjson", *events))
    assert await stored("changes.docs") == events


async def test_blank_lines_line_ends_and_a_last_line_without_one_are_nothing_special(
    broker: Broker, stored: Stored, tmp_path: Path
) -> None:
    first, second, third = docs(1, 2, 3)
    path = file(tmp_path, "changes.docs.ndjson", b"", first + b"\r", b"   ", b"\t" + second + b" ", third)
    loaded = await load_quietly(broker, path)
    assert loaded.sent.total() == 3
    assert await stored("changes.docs") == [first, second, third]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"hello",
        b"[]",
        b"7",
        b"{}",
        b'{"type":7}',
        b'{"type":"office"}',
        b'{"type":"office.poll.upserted"}',
        b"\xff",
    ],
)
async def test_what_is_no_event_goes_to_the_stream_of_its_file_whose_indexer_gives_the_reason(
    broker: Broker, stored: Stored, tmp_path: Path, line: bytes
) -> None:
    loaded = await load_quietly(broker, file(tmp_path, "changes.docs.2026.ndjson", line, *docs(1)))
    assert loaded.sent == {"no event of the contract": 1, "office.doc.upserted": 1}
    assert (await stored("changes.docs"))[0] == line


async def test_what_is_no_event_in_a_file_of_another_name_is_reported_by_its_line(
    broker: Broker, stored: Stored, tmp_path: Path
) -> None:
    loaded = await load_quietly(broker, file(tmp_path, "export.ndjson", *docs(1), b"{", *docs(2)))
    assert loaded.skipped == ["export.ndjson:2: no event of the contract"]
    assert loaded.sent.total() == 2


async def test_an_event_that_the_broker_would_not_take_is_reported_and_holds_up_nothing(
    broker: Broker, stored: Stored, tmp_path: Path
) -> None:
    event = docs(1)[0]
    largest = event[:-1] + b" " * (MAX_EVENT_BYTES - len(event)) + b"}"
    larger = event[:-1] + b" " * (MAX_EVENT_BYTES - len(event) + 1) + b"}"
    loaded = await load_quietly(broker, file(tmp_path, "changes.docs.ndjson", larger, largest, *docs(2)))
    assert loaded.skipped == [f"changes.docs.ndjson:1: {len(larger)} bytes, more than the broker takes"]
    assert [len(event) for event in await stored("changes.docs")] == [MAX_EVENT_BYTES, len(docs(2)[0])]


async def test_the_progress_adds_up_to_the_files(broker: Broker, stored: Stored, tmp_path: Path) -> None:
    paths = [file(tmp_path, "changes.docs.ndjson", *docs(*range(50))), file(tmp_path, "more.ndjson", b"", *users(1))]
    told: list[int] = []
    await load(broker, CATALOGUE, paths, told.append)
    assert sum(told) == size(paths) == sum(path.stat().st_size for path in paths)


# What cannot be done


@pytest.mark.parametrize("kind", ["missing", "folder"])
async def test_a_file_that_cannot_be_read_is_named(broker: Broker, world: Endpoints, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "changes.docs.ndjson"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(OfficeSearchError, match=rf"{path}: (No such file|Is a directory)"):
        await load_quietly(broker, path)


async def test_a_file_that_is_missing_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(OfficeSearchError, match="No such file or directory"):
        size([file(tmp_path, "there.ndjson"), tmp_path / "missing.ndjson"])


async def test_a_broker_that_is_away_is_said_to_be(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FIRST_CONNECTION_S", 1)
    with OwnBroker(tmp_path) as server:
        url = server.url
    with pytest.raises(Unavailable, match=r"The broker does not answer \(.*Connect"):
        await load_files(settings, Endpoints("", url), [], Console(file=io.StringIO()))


async def test_a_broker_that_goes_away_in_the_middle_is_said_to_have(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "STORED_S", 0.5)
    monkeypatch.setattr(loading, "WINDOW", 10)
    path = file(tmp_path, "changes.docs.ndjson", *docs(*range(100)))
    with OwnBroker(tmp_path) as server:
        lines = 0

        def stop_in_the_middle(_: int) -> None:
            nonlocal lines
            lines += 1
            if lines == 50:
                server.stop()

        async with bootstrap.connected_broker(settings.broker, server.url) as broker:
            with pytest.raises(Unavailable, match="loading the same files again does no harm"):
                await load(broker, CATALOGUE, [path], stop_in_the_middle)


async def test_a_broker_that_was_set_up_for_smaller_events_is_said_to_refuse(
    settings: Settings, tmp_path: Path
) -> None:
    event = kit.event("doc", kit.doc("f-1", "大", "a" * 2_000_000, owner_id="u-1"), tenant=TENANT)
    with OwnBroker(tmp_path) as server:
        async with bootstrap.connected_broker(settings.broker, server.url) as broker:
            with pytest.raises(Unavailable, match="MaxPayloadError"):
                await load_quietly(broker, file(tmp_path, "changes.docs.ndjson", event))


# On the command line


async def test_the_admin_is_told_how_many_of_what_went_out(
    settings: Settings, world: Endpoints, tmp_path: Path
) -> None:
    shown = Console(file=io.StringIO(), width=100)
    await load_files(settings, world, [file(tmp_path, "all.ndjson", *docs(1, 2), *users(1))], shown)
    text = shown.file.getvalue()  # type: ignore[attr-defined]
    rows = [line.replace("│", " ").split() for line in text.splitlines()]
    assert ["office.doc.upserted", "2"] in rows
    assert ["office.user.upserted", "1"] in rows
    assert ["all", "3"] in rows


async def test_the_admin_is_told_what_was_not_sent_and_the_command_fails(
    settings: Settings, world: Endpoints, tmp_path: Path
) -> None:
    shown = Console(file=io.StringIO(), width=100)
    with pytest.raises(OfficeSearchError, match="1 lines were not sent; all others were"):
        await load_files(settings, world, [file(tmp_path, "all.ndjson", *docs(1), b"{")], shown)
    assert "all.ndjson:2: no event of the contract" in shown.file.getvalue()  # type: ignore[attr-defined]
