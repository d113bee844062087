"""Log lines: one JSON object each, from every library alike, without secrets or local variables."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from search.core import log
from search.core.errors import ConfigurationError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    log.configure(stream=io.StringIO())  # closes the audit log's file
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.fixture
def stream() -> io.StringIO:
    written = io.StringIO()
    log.configure("info", stream=written)
    return written


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ours_and_a_librarys_lines_look_alike(stream: io.StringIO) -> None:
    structlog.get_logger("ours").info("indexed", vertical="docs", title="搜索")
    logging.getLogger("uvicorn.error").info("listening on %s", 8080)
    ours, theirs = lines(stream)
    assert ours.keys() - {"vertical", "title"} == theirs.keys() == {"event", "level", "logger", "timestamp"}
    assert ours["title"] == "搜索"
    assert theirs["event"] == "listening on 8080"


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    structlog.get_logger("ours").debug("detail")
    logging.getLogger("theirs").debug("detail")
    assert lines(stream) == []


@pytest.mark.parametrize("name", ["httpx", "opensearch", "uvicorn.access"])
def test_libraries_that_log_addresses_with_queries_are_quiet(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("GET /v1/search?q=hunter2")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "key", ["authorization", "Authorization", "access_token", "X-Gateway-Signature", "jwt_secret", "password", "Cookie"]
)
def test_values_of_secret_keys_are_struck_out_however_deep(stream: io.StringIO, key: str) -> None:
    logged: dict[str, Any] = {"headers": [{key: "hunter2", "host": "kept"}], key: {"inner": "hunter2"}}
    structlog.get_logger("ours").info("seen", **{key: "hunter2"}, nested=logged)
    assert "hunter2" not in stream.getvalue()
    assert "kept" in stream.getvalue()
    assert logged["headers"][0][key] == "hunter2"


def test_what_is_bound_to_the_context_is_in_every_line(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("ours").info("one")
        logging.getLogger("theirs").warning("two")
    assert [line["request_id"] for line in lines(stream)] == ["r-1", "r-1"]


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_traceback_shows_no_local_variables(kind: type[io.StringIO]) -> None:
    stream = kind()
    log.configure(stream=stream)
    password = "".join(("hun", "ter2"))
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
    assert stream.getvalue().count("Traceback") == 2
    assert "hunter2" not in stream.getvalue()


def test_a_terminal_gets_colours_instead_of_json() -> None:
    stream = Terminal()
    log.configure(stream=stream)
    structlog.get_logger("ours").info("indexed", vertical="docs")
    assert "\x1b[" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


class TestAudit:
    """The lines of the audit log among all others."""

    @staticmethod
    def say(**more: Any) -> None:
        structlog.get_logger(log.AUDIT).info("audit", **more)

    @pytest.mark.parametrize("level", ["INFO", "WARNING", "CRITICAL"])
    def test_they_are_written_at_every_level_and_told_by_their_logger(self, level: str) -> None:
        stream = io.StringIO()
        log.configure(level, stream=stream)
        self.say(outcome="denied")
        [line] = lines(stream)
        assert (line["logger"], line["outcome"]) == ("search.audit", "denied")
        assert line["timestamp"].endswith("Z")

    def test_they_are_json_even_for_eyes_where_a_text_could_pass_for_a_field(self) -> None:
        stream = Terminal()
        log.configure(stream=stream)
        self.say(query="x outcome=allowed")
        assert json.loads(stream.getvalue())["query"] == "x outcome=allowed"

    def test_they_go_to_a_file_of_their_own_which_is_only_ours_and_only_grows(self, tmp_path: Path) -> None:
        file, stream = tmp_path / "audit.log", io.StringIO()
        for number in range(2):
            log.configure(stream=stream, audit_file=file)
            self.say(number=number)
        assert [json.loads(line)["number"] for line in file.read_text().splitlines()] == [0, 1]
        assert file.stat().st_mode & 0o777 == 0o600
        assert stream.getvalue() == ""

    def test_the_file_may_be_moved_away(self, tmp_path: Path) -> None:
        file = tmp_path / "audit.log"
        log.configure(audit_file=file)
        self.say(number=0)
        file.rename(tmp_path / "audit.log.1")
        self.say(number=1)
        assert json.loads(file.read_text())["number"] == 1

    def test_without_a_place_to_write_to_nothing_starts(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_AUDIT_FILE"):
            log.configure(audit_file=tmp_path / "absent" / "audit.log")
