"""The folders of the stack on this machine, unless settings name others."""

from __future__ import annotations

import os
from pathlib import Path

from search.core.settings import LocalstackSettings

NAME = "office-search"


def default_home(settings: LocalstackSettings) -> Path:
    """Return the folder of the managed stack's data, logs and state."""
    return settings.home or _place("/var/lib", "XDG_DATA_HOME", ".local/share")


def default_cache(settings: LocalstackSettings | None = None) -> Path:
    """Return the folder of downloads, shared by every checkout of this user."""
    return (settings.cache if settings else None) or _place("/var/cache", "XDG_CACHE_HOME", ".cache")


def _place(of_root: str, variable: str, below_home: str) -> Path:
    # Root's own home is closed to the unprivileged user that the node runs as.
    if os.geteuid() == 0:
        return Path(of_root) / NAME
    return Path(os.environ.get(variable) or Path.home() / below_home) / NAME


def make_passable(folder: Path) -> None:
    """Create `folder` and those above it, so that another user can enter them whatever the umask is."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(exist_ok=True)
            each.chmod(0o755)
