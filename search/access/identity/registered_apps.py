"""The registered third-party apps whose servers may act for users, with their secrets and scopes, from a file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, TypeAdapter, ValidationError

from search.access.identity.keys import secret_bytes
from search.core.errors import ConfigurationError

SETTING = "OFFICE_SEARCH_APPS_FILE"


@dataclass(frozen=True, slots=True)
class App:
    """One registered app.

    `secrets`: one, or two while one replaces the other. `scopes`: the most that it may do; without any, nothing.
    """

    secrets: tuple[bytes, ...] = field(repr=False)
    scopes: frozenset[str] = frozenset()


Registry = Mapping[str, App]

_PLACE = re.compile(r"line \d+,? column \d+|end of document|position \d+")

_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
_Scope = Annotated[str, StringConstraints(pattern=r"^(search|[a-z_]+\.[a-z_]+)$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    secrets: Annotated[list[SecretStr], Field(min_length=1, max_length=2)]
    scopes: list[_Scope] = []


_ENTRIES = TypeAdapter(Annotated[dict[_Id, _Entry], Field(min_length=1)])


def reader(path: Path) -> Callable[[bytes], Registry]:
    """Return the function that parses a file of that name, by its ending (.toml or .json).

    Raises ConfigurationError for any other ending. The function raises ConfigurationError for faulty content, without
    quoting it, as it may hold secrets.
    """
    forms: Mapping[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": _json}
    if path.suffix not in forms:
        raise ConfigurationError(f"{SETTING} names {path}; it must end in .toml or .json.")
    return lambda raw: parse(raw, forms[path.suffix])


def parse(raw: bytes, load: Callable[[str], Any]) -> Registry:
    """Return the apps in the content of a file that `load` parses. Raises ConfigurationError for faulty content."""
    try:
        content = load(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        # The parsers' messages may quote the file, which holds secrets: only the place is told.
        place = _PLACE.search(str(error))
        at = f" at {place[0]}" if place else ""
        raise ConfigurationError(f"The file that {SETTING} names cannot be parsed{at}.") from None
    try:
        entries = _ENTRIES.validate_python(content)
    except ValidationError as error:
        raise ConfigurationError(f"The file that {SETTING} names is faulty: {_told(error, content)}.") from None
    return {id: _app(number, entry) for number, (id, entry) in enumerate(entries.items(), 1)}


def _app(number: int, entry: _Entry) -> App:
    secrets = tuple(secret_bytes(f"{SETTING}, app {number}", secret) for secret in entry.secrets)
    return App(secrets, frozenset(entry.scopes))


def _told(error: ValidationError, content: object) -> str:
    """Return where a file is wrong and why, with apps by number: a secret may stand where a name should."""
    apps = list(content) if isinstance(content, dict) else []
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join((*_place(one["loc"], apps), one["msg"])) for one in found[:3])


def _place(location: Sequence[int | str], apps: Sequence[object]) -> Iterator[str]:
    if location:
        yield f"app {apps.index(location[0]) + 1}"
    yield from (part for part in location[1:] if part in _Entry.model_fields)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # As in TOML, which forbids it: it is unclear which of the two is meant.
    if len(found) < len(pairs):
        raise ConfigurationError(f"The file that {SETTING} names has a name in it twice.")
    return found
