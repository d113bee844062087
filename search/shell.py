"""What every command of the command line begins with: its settings, its log, a console, an event loop."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any

from rich.console import Console

from search.core.errors import ConfigurationError
from search.core.settings import Settings, faults

console = Console()
errors = Console(stderr=True)


def fail(sentence: str, status: int) -> None:
    errors.print(sentence, style="red", markup=False, highlight=False)
    sys.exit(status)


def settings() -> Settings:
    """Return the settings from the environment. Raises ConfigurationError with one sentence per wrong setting."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError:
        raise ConfigurationError(f"A setting is wrong: {'; '.join(faults())}.") from None


def log(chosen: Settings) -> None:
    """Send log lines and the audit log to where the settings say."""
    from search.core.log import configure

    configure(chosen.log.level, audit_file=chosen.audit.file)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    import uvloop

    return uvloop.run(work)
