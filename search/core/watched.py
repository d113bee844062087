"""Reads a small file, such as one of secrets, again when it changes while a process runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog
from prometheus_client import Gauge

from search.core.errors import ConfigurationError

REFUSED = Gauge(
    "office_search_file_refused", "1 while a file's new version is faulty and the old one counts", ["setting"]
)

# Seconds between looks at the file: a change takes effect within them.
LOOK_S = 1.0

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Watched(Generic[T]):
    """The parsed content of a file, read again after it changes; if a new version is faulty the last good one stays."""

    def __init__(self, setting: str, path: Path, parse: Callable[[bytes], T], clock: Callable[[], float]) -> None:
        """Read the file. Raises ConfigurationError when there is none, or what `parse` raises.

        `setting`: the name of the setting that names the file, for error texts. `parse` raises ConfigurationError for
        faulty content, without quoting it. `clock`: monotonic seconds.
        """
        self._setting = setting
        self._path = path
        self._parse = parse
        self._clock = clock
        self._stamp = self._look()
        self._value = self._read()
        self._next_look = clock() + LOOK_S

    def value(self) -> T:
        """Return the present value; look at the file at most once every LOOK_S seconds."""
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + LOOK_S
            self._renew()
        return self._value

    def _renew(self) -> None:
        # Look before reading: a change in between is then seen at the next look.
        if (stamp := self._look()) == self._stamp:
            return
        self._stamp = stamp
        try:
            self._value = self._read()
        except ConfigurationError as error:
            REFUSED.labels(self._setting).set(1)
            _log.error("file_refused", file=str(self._path), reason=str(error), kept="what it said before")
        else:
            REFUSED.labels(self._setting).set(0)
            _log.info("file_read_anew", file=str(self._path))

    def _look(self) -> tuple[int, int, int] | None:
        """Return a stamp that differs between versions of the file; None when there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> T:
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"{self._setting} names {self._path}, which cannot be read ({error.strerror}); put the file there."
            ) from None
        return self._parse(raw)
