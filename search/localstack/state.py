"""The state that the next command must know: process ids, ports and the broker's token."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from search.core.errors import StackError
from search.localstack.files import write_private


@dataclass(frozen=True)
class Running:
    """A process that was started. `command`: tells it from a later process with the same id. `since`: Unix seconds."""

    pid: int
    command: tuple[str, ...]
    port: int
    since: float


@dataclass(frozen=True)
class State:
    """What `up` has started. A restart after a crash keeps token and ports, so that clients reconnect."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    services: dict[str, Running] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self), indent=1))


def load_state(path: Path) -> State | None:
    """Return the state at `path`; None where nothing was started. Raises StackError if the file is damaged."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        services = {
            name: Running(**{**each, "command": tuple(each["command"])}) for name, each in raw["services"].items()
        }
        return State(raw["token"], services)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackError(f"{path} is damaged: end the processes it belonged to by hand and delete it.") from error
