"""Downloads against a real HTTP server on the loopback address, which misbehaves on request."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from search.core.errors import StackError
from search.localstack.artifacts import Artifact
from search.localstack.download import fetch
from search.localstack.sentences import one_sentence

CONTENT = bytes(range(256)) * 4096
ARTIFACT = Artifact("org.example:thing:1.0", "lib/thing-1.0.jar", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
URL_PATH = "/org/example/thing/1.0/thing-1.0.jar"


@dataclass
class Repository:
    """A Maven repository with one file; each request takes the next of `moods`, then all goes well."""

    url: str = ""
    content: bytes = CONTENT
    ranges: bool = True
    moods: list[str] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers["Range"]
        self.asked.append((handler.path, wanted))
        mood = self.moods.pop(0) if self.moods else "well"
        if mood.isdecimal():
            handler.send_error(int(mood))
            return
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.ranges else 0
        body = self.content[begin:]
        handler.send_response(206 if begin else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if mood == "cut off" else body)


@pytest.fixture
def repository() -> Iterator[Repository]:
    served = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


def get(repository: Repository, folder: Path) -> int:
    """Fetches the one artifact; returns the sum of what was reported as progress."""
    portions: list[int] = []
    fetch([ARTIFACT], folder, repository.url, portions.append)
    return sum(portions)


def part(folder: Path) -> Path:
    path = folder / f"{ARTIFACT.path}.part"
    path.parent.mkdir(exist_ok=True)
    return path


def test_a_file_arrives_whole_at_its_place(repository: Repository, tmp_path: Path) -> None:
    assert get(repository, tmp_path) == ARTIFACT.size
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT
    assert not part(tmp_path).exists()
    assert repository.asked == [(URL_PATH, None)]


def test_what_an_earlier_run_had_is_not_fetched_again(repository: Repository, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(CONTENT[:1000])
    assert get(repository, tmp_path) == ARTIFACT.size - 1000
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT
    assert repository.asked == [(URL_PATH, "bytes=1000-")]


def test_a_whole_part_is_only_verified(repository: Repository, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(CONTENT)
    assert get(repository, tmp_path) == 0
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT
    assert repository.asked == []


def test_a_connection_cut_off_in_the_middle_is_resumed(repository: Repository, tmp_path: Path) -> None:
    repository.moods = ["cut off", "503", "cut off"]
    assert get(repository, tmp_path) == ARTIFACT.size
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT
    half = ARTIFACT.size // 2
    assert [wanted for _, wanted in repository.asked] == [
        None,
        f"bytes={half}-",
        f"bytes={half}-",
        f"bytes={half + half // 2}-",
    ]


def test_a_server_without_ranges_starts_over(repository: Repository, tmp_path: Path) -> None:
    repository.ranges = False
    part(tmp_path).write_bytes(CONTENT[:1000])
    # The thousand bytes that the bar began with are taken back.
    assert get(repository, tmp_path) == ARTIFACT.size - 1000
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT


def test_a_wrong_half_is_thrown_away_and_fetched_anew(repository: Repository, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(b"half-written by a crash")
    get(repository, tmp_path)
    assert (tmp_path / ARTIFACT.path).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"\0" * len(CONTENT), b"<html>Please log in</html>", CONTENT + b"more"])
def test_a_file_that_is_not_the_locked_one_is_refused(
    repository: Repository, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.localstack.download.LONGEST_PAUSE", 0.01)
    repository.content = content
    with pytest.raises(StackError, match=r"org\.example:thing:1\.0.*OFFICE_SEARCH_MAVEN_URL"):
        get(repository, tmp_path)
    assert not (tmp_path / ARTIFACT.path).exists()


def test_a_missing_file_says_what_to_set(repository: Repository, tmp_path: Path) -> None:
    repository.moods = ["404"]
    with pytest.raises(StackError, match=r"404 Not Found for org\.example:thing:1\.0.*OFFICE_SEARCH_MAVEN_URL"):
        get(repository, tmp_path)
    assert len(repository.asked) == 1


def test_without_a_network_the_text_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.localstack.download.LONGEST_PAUSE", 0.01)
    nobody = Repository("http://127.0.0.1:1")
    with pytest.raises(StackError, match=r"Could not download .*Check the network"):
        get(nobody, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_sentence(repository: Repository, tmp_path: Path) -> None:
    part(tmp_path).symlink_to("/dev/full")
    with pytest.raises(StackError, match=r"^Could not fetch: the disk is full; free some space"), one_sentence("fetch"):
        get(repository, tmp_path)
