"""The two files of questions in a company's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from search.core.errors import OfficeSearchError

NAMES = ("person_", "homonym", "group_name", "app_", "doc_title")
"""Beginnings of the kinds that ask for something by what it is called, which suggestions find too."""
APPS = "app_"
"""The beginning of the kinds that ask for apps, which the store finds too."""
KNOWN_ITEMS, NEGATIVES = "queries.jsonl", "negative.jsonl"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)


class Target(_Line):
    """An entity, named as hits name it."""

    vertical: str
    id: str


class PlayedQuestion(_Line):
    """The query `q`, asked by a user of a tenant."""

    id: str
    tenant: str
    user: str
    q: str


class KnownItem(PlayedQuestion):
    """A question that is answered by any one of `want`."""

    want: tuple[Target, ...]
    kind: str


class Negative(PlayedQuestion):
    """A question whose answer must not hold any of `must_not`.

    `expect`: 403 if the whole call must be refused. `denied`: verticals that the answer must name as denied.
    """

    must_not: tuple[Target, ...]
    rule: str
    expect: Literal[403] | None = None
    denied: tuple[str, ...] = ()


Kind = TypeVar("Kind", bound=PlayedQuestion)


def known_items(data: Path) -> list[KnownItem]:
    """Return the known items. Raises OfficeSearchError for a missing file or a faulty line."""
    return _read(data / KNOWN_ITEMS, KnownItem)


def by_name(items: Sequence[KnownItem]) -> list[KnownItem]:
    """Return the items that are asked for by what they are called."""
    return [item for item in items if item.kind.startswith(NAMES)]


def of_apps(items: Sequence[KnownItem]) -> list[KnownItem]:
    """Return the items that are apps."""
    return [item for item in items if item.kind.startswith(APPS)]


def negatives(data: Path) -> list[Negative]:
    """Return the negative questions. Raises OfficeSearchError for a missing file or a faulty line."""
    return _read(data / NEGATIVES, Negative)


def event_files(data: Path) -> Sequence[Path]:
    """Return the event files of a company. Raises OfficeSearchError when there are none."""
    files = sorted(data.glob("changes.*.ndjson"))
    if not files:
        raise OfficeSearchError(f"{data} holds no event files (changes.*.ndjson); name a company's folder with --data.")
    return files


def _read(path: Path, model: type[Kind]) -> list[Kind]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise OfficeSearchError(f"{path}: {error.strerror}; name a company's folder with --data.") from None
    return [_line(path, number, line, model) for number, line in enumerate(lines, 1) if line.strip()]


def _line(path: Path, number: int, line: bytes, model: type[Kind]) -> Kind:
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "line"
        raise OfficeSearchError(f"{path}:{number}: {where}: {first['msg']}.") from None
