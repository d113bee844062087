"""A judged set: documents, questions, and how well each document answers a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from search.core.errors import OfficeSearchError

GRADED_COLUMNS = 3


@dataclass(frozen=True)
class JudgedSet:
    """A judged set. `relevance`: question → document → grade; 0, or not listed, is a miss."""

    documents: Sequence[Mapping[str, Any]]
    questions: Mapping[str, str]
    relevance: Mapping[str, Mapping[str, int]]


def read(folder: Path) -> JudgedSet:
    """Return the judged set in a folder. Raises OfficeSearchError that names the faulty file and line."""
    documents = _json_lines(folder / "docs.jsonl", ("id", "title", "body"))
    questions = {line["id"]: line["text"] for line in _json_lines(folder / "queries.jsonl", ("id", "text"))}
    relevance: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(folder / "qrels.tsv"), 1):
        columns = line.split("\t")
        if len(columns) != GRADED_COLUMNS or not columns[2].isdecimal():
            raise OfficeSearchError(f"{folder / 'qrels.tsv'}:{number}: not `question<TAB>document<TAB>relevance`.")
        relevance.setdefault(columns[0], {})[columns[1]] = int(columns[2])
    judged = {id: text for id, text in questions.items() if any(relevance.get(id, {}).values())}
    if not judged or not documents:
        raise OfficeSearchError(f"{folder} holds no question with a relevant document.")
    return JudgedSet(documents, judged, relevance)


def _json_lines(path: Path, needed: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(_lines(path), 1):
        try:
            entry = orjson.loads(line)
            found.append({name: entry[name] for name in needed})
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise OfficeSearchError(f"{path}:{number}: not an object with {', '.join(needed)} ({error}).") from None
    return found


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines: a text may hold U+2028, which it takes for the end of a line.
        return [line for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise OfficeSearchError(f"{path} cannot be read: {error}.") from None
