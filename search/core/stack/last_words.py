"""Finds in a dead process's output the line that says what it died of."""

from __future__ import annotations

import os
import re
from pathlib import Path

TAIL = 64 * 1024
# From the most telling to the least.
TELLING = (
    re.compile(r"Likely root cause: (.*)"),
    re.compile(r"Caused by: (.*)"),
    re.compile(r"\[FTL\] (.*)"),
    re.compile(r"^\S*(?:Exception|Error): .*"),
    re.compile(r".*(?:ERROR|Error|error|exception|\[ERR\]).*"),
    re.compile(r".*\S.*"),
)


def last_words(output: Path) -> str:
    """The most telling line, without its stack trace; empty where nothing was said."""
    lines = _tail(output)
    for telling in TELLING:
        found = [match for match in map(telling.search, lines) if match]
        if found:
            return (found[-1][1] if telling.groups else found[-1][0]).strip()
    return ""


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, handle.seek(0, os.SEEK_END) - TAIL))
            return handle.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
