"""Where the stack lives and listens, and what it says of itself while nothing runs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from search.core.errors import StackError
from search.core.settings import Settings
from search.core.stack import Stack, default_home, resolve
from search.core.stack.download import repository_url
from search.core.stack.ports import choose_port, is_free
from search.core.stack.state import Running, State


def test_a_taken_port_is_not_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert choose_port(port) != port
    assert choose_port(port) == port


def test_a_port_taken_on_all_addresses_is_not_chosen() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104
        assert not is_free(taken.getsockname()[1])


def test_a_mirror_may_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_MAVEN_URL", "http://mirror.internal/maven/")
    assert repository_url() == "http://mirror.internal/maven"
    monkeypatch.delenv("OFFICE_SEARCH_MAVEN_URL")
    assert repository_url().startswith("https://")


def settings(home: Path, engine: str | None = None, broker: str | None = None) -> Settings:
    return Settings(home=home, opensearch_url=engine, broker_url=broker)


def test_urls_that_are_set_need_no_stack(tmp_path: Path) -> None:
    found = resolve(settings(tmp_path, "http://engine:9200", "nats://broker:4222"))
    assert (found.opensearch_url, found.broker_url) == ("http://engine:9200", "nats://broker:4222")


@pytest.mark.parametrize("urls", [(None, None), ("http://engine:9200", None), (None, "nats://broker:4222")])
def test_what_is_not_set_must_run(tmp_path: Path, urls: tuple[str | None, str | None]) -> None:
    with pytest.raises(StackError, match=r"does not run: run `office-search up`, or set OPENSEARCH_URL and BROKER_URL"):
        resolve(settings(tmp_path, *urls))


def test_home_is_a_setting(tmp_path: Path) -> None:
    assert default_home(settings(tmp_path)) == tmp_path


def test_processes_that_are_gone_or_are_others_are_told_apart(tmp_path: Path) -> None:
    stack = Stack(tmp_path, tmp_path / "cache")
    assert [each.state for each in stack.status()] == ["stopped", "stopped"]
    gone = Running(2**22 - 1, ("java",), 1, 0)
    not_ours = Running(os.getpid(), ("nats-server", "-c", "nats.conf"), 2, 0)
    State(services={"opensearch": gone, "nats": not_ours}).save(tmp_path / "state.json")
    assert [each.state for each in stack.status()] == ["crashed", "stale"]
    assert stack.endpoints() is None
    assert stack.down() is False
    assert [each.state for each in stack.status()] == ["stopped", "stopped"]


def test_a_stack_that_never_was_is_down(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "never", tmp_path / "cache")
    assert stack.down() is False
    stack.erase()
    assert not (tmp_path / "never").exists()


def test_erasing_takes_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "opensearch" / "data").mkdir(parents=True)
    Stack(home, tmp_path / "cache").erase()
    assert not home.exists()


def test_a_home_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StackError, match=r"^Could not start the stack in .*file/home: Not a directory"):
        Stack(tmp_path / "file" / "home", tmp_path / "cache").up()
