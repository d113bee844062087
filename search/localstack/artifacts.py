"""The files that the managed OpenSearch node is made of, as `artifacts.lock` lists them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

LOCK = Path(__file__).with_name("artifacts.lock")


@dataclass(frozen=True)
class Artifact:
    """One file of a Maven repository. `path`: where it goes in the node's folder. `size`: bytes."""

    coordinates: str
    path: str
    sha256: str
    size: int

    @property
    def repository_path(self) -> str:
        """Its path below a repository's base URL, in Maven's default layout."""
        group, name, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{name}/{version}/{PurePosixPath(self.path).name}"


@dataclass(frozen=True)
class Lock:
    """All artifacts of one OpenSearch version. `modules`: module name → class that it starts with."""

    opensearch: str
    modules: dict[str, str]
    artifacts: tuple[Artifact, ...]

    @property
    def size(self) -> int:
        return sum(artifact.size for artifact in self.artifacts)

    @cached_property
    def name(self) -> str:
        """A folder name that differs whenever any file does, so that versions can lie side by side."""
        digest = hashlib.sha256("".join(artifact.sha256 for artifact in self.artifacts).encode())
        return f"opensearch-{self.opensearch}-{digest.hexdigest()[:12]}"


def load_lock(path: Path = LOCK) -> Lock:
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Lock(raw["opensearch"], raw["modules"], tuple(Artifact(**each) for each in raw["artifacts"]))
