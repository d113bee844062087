"""Finds the reason in the output of a process that has ended."""

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
    re.compile(r"((?:There is insufficient memory|Could not reserve|Invalid|Too small|Initial heap size).*)"),
    re.compile(r"^((?:nats-server|\S*Exception|\S*Error): .*)"),
    re.compile(r"^(.*(?:ERROR|[Ee]rror|exception|\[ERR\]).*)"),
    re.compile(r"^(.*\S.*)"),
)


def last_words(output: Path) -> str:
    """Return the line that best says why the process ended, without its stack trace; empty if there is no output."""
    lines = _tail(output)
    for telling in TELLING:
        found = [match[1].strip() for match in map(telling.search, lines) if match]
        if found:
            return found[-1]
    return ""


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, handle.seek(0, os.SEEK_END) - TAIL))
            return handle.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
