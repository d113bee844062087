"""Assembles the node's program folder in the cache: downloaded, verified, and described to OpenSearch."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from search.localstack.artifacts import Artifact, Lock
from search.localstack.download import fetch, is_intact, repository_url
from search.localstack.files import exclusive
from search.localstack.progress import bytes_bar
from search.localstack.readable import open_up
from search.localstack.sentences import one_sentence

STAMP = ".verified"
# The node needs these folders even if they are empty or configured to be elsewhere.
FOLDERS = ("bin", "config", "data", "logs", "plugins")


def program(lock: Lock, cache: Path, console: Console) -> Path:
    """Return OpenSearch's program folder, complete and verified. Several processes may call this at once."""
    folder = cache / lock.name
    waiting = "Waiting for another process that is filling the download cache…"
    with (
        one_sentence(f"fill the download cache in {cache}"),
        exclusive(cache / f"{lock.name}.lock", lambda: console.print(waiting)),
    ):
        stamped = _stamped(folder)
        doubtful = [each for each in lock.artifacts if stamped.get(each.path) != _looks(folder / each.path)]
        if doubtful:
            _complete(lock, doubtful, folder, console)
    return folder


def _complete(lock: Lock, doubtful: list[Artifact], folder: Path, console: Console) -> None:
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    missing = [artifact for artifact in doubtful if not is_intact(artifact, folder / artifact.path)]
    if missing:
        have = sum(_looks(folder / f"{artifact.path}.part")[0] for artifact in missing)
        total = sum(artifact.size for artifact in missing)
        with bytes_bar(console, f"Downloading OpenSearch {lock.opensearch}", total, have) as advance:
            fetch(missing, folder, repository_url(), advance)
    for name, class_name in lock.modules.items():
        _describe(folder / "modules" / name, name, class_name, lock.opensearch)
    open_up(folder)
    looks = {artifact.path: _looks(folder / artifact.path) for artifact in lock.artifacts}
    (folder / STAMP).write_text(json.dumps(looks), encoding="utf-8")


def _describe(folder: Path, name: str, class_name: str, version: str) -> None:
    (folder / "plugin-descriptor.properties").write_text(
        f"name={name}\ndescription={name}\nclassname={class_name}\n"
        f"version={version}\nopensearch.version={version}\njava.version=21\n",
        encoding="utf-8",
    )


def _stamped(folder: Path) -> dict[str, list[int]]:
    """Return size and time of each file when it was verified, so that a start need not hash them all again."""
    try:
        stamped = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return stamped if isinstance(stamped, dict) else {}


def _looks(path: Path) -> list[int]:
    """Return size in bytes and time of change in nanoseconds; `[0, 0]` for a missing file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return [0, 0]
    return [found.st_size, found.st_mtime_ns]
