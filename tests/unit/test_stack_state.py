"""The state file: whole or not at all, for its owner's eyes, and said plainly when damaged."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from search.core.errors import StackError
from search.localstack.files import exclusive, hold, write_private
from search.localstack.state import Running, State, load_state

RUNNING = Running(pid=42, command=("/java", "-Xmx1g", "Main"), port=9200, since=1.5)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    state = State(token="secret", services={"opensearch": RUNNING})
    state.save(tmp_path / "state.json")
    assert load_state(tmp_path / "state.json") == state


def test_nothing_started_is_no_state(tmp_path: Path) -> None:
    assert load_state(tmp_path / "state.json") is None


def test_the_token_differs_every_time() -> None:
    assert len({State().token for _ in range(10)}) == 10
    assert len(State().token) >= 32


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("readable by all", encoding="utf-8")
    path.chmod(0o644)
    State().save(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"token": "t"}', '{"token": "t", "services": {"nats": {"pid": 1}}}']
)
def test_a_damaged_state_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StackError, match=r"state\.json is damaged: .* delete it\.$"):
        load_state(path)


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_private(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "new, but then \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_is_waited_for_and_the_wait_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    told, got = threading.Event(), threading.Event()

    def second() -> None:
        with exclusive(path, told.set):
            got.set()

    thread = threading.Thread(target=second)
    with exclusive(path, lambda: pytest.fail("nobody else has it")):
        thread.start()
        assert told.wait(10)
        assert not got.is_set()
    thread.join(10)
    assert got.is_set()


def test_a_held_lock_is_not_given_twice(tmp_path: Path) -> None:
    with hold(tmp_path / "lock"), pytest.raises(BlockingIOError), hold(tmp_path / "lock"):
        pass
    with hold(tmp_path / "lock"):
        pass
