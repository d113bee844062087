"""The cache: filled once, trusted while untouched, mended when not, and shared by processes."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from search.localstack import layout, relock
from search.localstack.artifacts import LOCK, Artifact, Lock, load_lock

TEXTS = {"lib/core.jar": b"core", "agent/agent.jar": b"agent", "modules/scripts/scripts.jar": b"scripts"}


def artifact(path: str, content: bytes) -> Artifact:
    name = Path(path).stem
    return Artifact(f"org.example:{name}:1", path, hashlib.sha256(content).hexdigest(), len(content))


SMALL = Lock("9.9.9", {"scripts": "org.example.Scripts"}, tuple(artifact(*each) for each in TEXTS.items()))


class Repository:
    """Stands in for the network: writes what is asked for, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, artifacts: Iterable[Artifact], folder: Path, _url: str, progress: Callable[[int], None]) -> None:
        for each in artifacts:
            self.asked.append(each.path)
            path = folder / each.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(TEXTS[each.path])
            progress(each.size)


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository()
    monkeypatch.setattr(layout, "fetch", made.fetch)
    monkeypatch.setenv("OFFICE_SEARCH_MAVEN_URL", "http://127.0.0.1:1")
    return made


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO())


def test_the_folder_has_what_the_node_looks_for(repository: Repository, tmp_path: Path, console: Console) -> None:
    folder = layout.program(SMALL, tmp_path, console)
    assert {path.name for path in folder.iterdir() if path.is_dir()} >= {"bin", "config", "data", "logs", "plugins"}
    descriptor = (folder / "modules/scripts/plugin-descriptor.properties").read_text(encoding="utf-8")
    assert "classname=org.example.Scripts\nversion=9.9.9\nopensearch.version=9.9.9\n" in descriptor


def test_another_user_can_read_it_under_any_umask(repository: Repository, tmp_path: Path, console: Console) -> None:
    folder = layout.program(SMALL, tmp_path, console)
    assert all(path.stat().st_mode & 0o004 for path in folder.rglob("*"))


def test_a_second_start_fetches_and_hashes_nothing(
    repository: Repository, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.program(SMALL, tmp_path, console)
    monkeypatch.setattr(layout, "is_intact", None)
    layout.program(SMALL, tmp_path, console)
    assert repository.asked == list(TEXTS)


@pytest.mark.parametrize("content", [b"corE", b"half", b"", None], ids=["same size", "other", "empty", "gone"])
def test_a_file_that_changed_is_fetched_again(
    repository: Repository, tmp_path: Path, console: Console, content: bytes | None
) -> None:
    jar = layout.program(SMALL, tmp_path, console) / "lib/core.jar"
    jar.unlink()
    if content is not None:
        jar.write_bytes(content)
    repository.asked.clear()
    layout.program(SMALL, tmp_path, console)
    assert repository.asked == ["lib/core.jar"]
    assert jar.read_bytes() == b"core"


@pytest.mark.parametrize("stamp", ["", "{", "[]", '"x"', '{"lib/core.jar": 7}'])
def test_a_half_written_stamp_only_costs_time(
    repository: Repository, tmp_path: Path, console: Console, stamp: str
) -> None:
    folder = layout.program(SMALL, tmp_path, console)
    (folder / layout.STAMP).write_text(stamp, encoding="utf-8")
    layout.program(SMALL, tmp_path, console)
    assert repository.asked == list(TEXTS)


def test_of_many_at_once_one_fetches(repository: Repository, tmp_path: Path, console: Console) -> None:
    together = threading.Barrier(4)

    def ask() -> Path:
        together.wait()
        return layout.program(SMALL, tmp_path, console)

    with ThreadPoolExecutor(4) as pool:
        folders = {task.result() for task in [pool.submit(ask) for _ in range(4)]}
    assert len(folders) == 1
    assert repository.asked == list(TEXTS)


def test_the_lock_file_names_every_part_of_the_node() -> None:
    lock = load_lock()
    folders = {str(Path(each.path).parent) for each in lock.artifacts}
    assert folders == {"lib", "agent", *(f"modules/{name}" for name in lock.modules)}
    assert len({each.path for each in lock.artifacts}) == len(lock.artifacts)
    names = {each.coordinates.split(":")[1] for each in lock.artifacts}
    assert names >= {"opensearch", "opensearch-plugin-classloader", "log4j-core", "opensearch-agent", "byte-buddy"}


def test_the_lock_file_is_of_the_version_that_relocking_would_take() -> None:
    lock = load_lock()
    assert (lock.opensearch, lock.modules) == (relock.OPENSEARCH, relock.MODULES)


def test_the_lock_file_names_no_host() -> None:
    assert "//" not in LOCK.read_text(encoding="utf-8")


def test_the_folder_is_another_for_other_contents() -> None:
    changed = Lock(SMALL.opensearch, SMALL.modules, (artifact("lib/core.jar", b"new"), *SMALL.artifacts[1:]))
    assert changed.name != SMALL.name
