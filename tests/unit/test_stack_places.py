"""Where the stack lives and listens, and what it says of itself while nothing runs."""

from __future__ import annotations

import io
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from search.commands.endpoints import resolve
from search.commands.stack import run_down, run_status, run_up
from search.core.errors import StackError
from search.core.settings import BrokerSettings, EngineSettings, LocalstackSettings, Settings
from search.localstack import Stack, default_home
from search.localstack.account import lesser_account
from search.localstack.download import repository_url
from search.localstack.ports import choose_port, is_free
from search.localstack.readable import readable
from search.localstack.state import Running, State


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
    return Settings(EngineSettings(url=engine), BrokerSettings(url=broker), LocalstackSettings(home=home))


def test_urls_that_are_set_need_no_stack(tmp_path: Path) -> None:
    found = resolve(settings(tmp_path, "http://engine:9200", "nats://broker:4222"))
    assert (found.opensearch_url, found.broker_url) == ("http://engine:9200", "nats://broker:4222")


@pytest.mark.parametrize("urls", [(None, None), ("http://engine:9200", None), (None, "nats://broker:4222")])
def test_what_is_not_set_must_run(tmp_path: Path, urls: tuple[str | None, str | None]) -> None:
    with pytest.raises(StackError, match=r"does not run: run `office-search up`, or set OPENSEARCH_URL and BROKER_URL"):
        resolve(settings(tmp_path, *urls))


def test_home_is_a_setting(tmp_path: Path) -> None:
    assert default_home(settings(tmp_path).localstack) == tmp_path


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


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that every user reaches, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_programs_in_closed_folders_are_copied_for_the_lesser_user(passable: Path) -> None:
    account = lesser_account(passable)
    assert account is not None
    closed, cache = passable / "closed", passable / "cache"
    (closed / "jre" / "bin").mkdir(parents=True)
    (closed / "jre" / "bin" / "java").write_text("#!/bin/sh", encoding="utf-8")
    (closed / "jre" / "bin" / "java").chmod(0o700)
    cache.mkdir()

    closed.chmod(0o700)
    assert readable(closed / "jre", "bin/java", cache, "jre-1", account) == cache / "jre-1"
    assert account.can("-x", cache / "jre-1" / "bin" / "java")
    assert readable(closed / "jre" / "bin" / "java", "", cache, "java-1", account) == cache / "java-1"
    assert account.can("-x", cache / "java-1")
    assert lesser_account(closed) is None


def test_programs_that_can_be_read_stay_where_they_are(tmp_path: Path) -> None:
    assert readable(tmp_path, "bin/java", tmp_path / "cache", "jre-1", None) == tmp_path


def test_a_stack_that_never_was_is_down(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "never", tmp_path / "cache")
    assert stack.down() is False
    stack.erase()
    assert not (tmp_path / "never").exists()


def test_erasing_takes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "opensearch" / "data").mkdir(parents=True)
    (home / "thesis.txt").touch()
    Stack(home, tmp_path / "cache").erase()
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
    (home / "thesis.txt").unlink()
    Stack(home, tmp_path / "cache").erase()
    assert not home.exists()


def test_with_both_urls_set_there_is_nothing_to_do(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    both = settings(tmp_path / "home", "http://user:secret@engine:9200", "nats://secret@broker:4222")
    assert run_up(both, console).broker_url == "nats://secret@broker:4222"
    assert run_status(both, console)
    assert not (tmp_path / "home").exists()
    assert said(console) == (
        "OPENSEARCH_URL and BROKER_URL are set: there is nothing to start.\n"
        "OPENSEARCH_URL and BROKER_URL are set: the managed stack is not used.\n"
    )


def test_a_stack_that_is_down_says_so(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert not run_status(settings(tmp_path), console)
    assert said(console).count("stopped") == 2
    run_down(settings(tmp_path), console)
    assert said(console).endswith("Nothing was running.\n")


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_home_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StackError, match=r"^Could not start the stack in .*file/home: Not a directory"):
        Stack(tmp_path / "file" / "home", tmp_path / "cache").up()
