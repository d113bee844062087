"""Copies files from closed folders, such as a virtual environment in `/root`, to where the node's user can read."""

from __future__ import annotations

import shutil
from pathlib import Path

from search.localstack.account import Account
from search.localstack.files import exclusive


def readable(source: Path, probe: str, cache: Path, name: str, account: Account | None) -> Path:
    """Return `source`, or a copy of it at `cache/name` if `account` cannot execute it.

    `probe`: the file within `source` to test; `""` tests `source` itself.
    """
    if account is None or account.can("-x", source / probe):
        return source
    target = cache / name
    with exclusive(cache / f"{name}.lock", lambda: None):
        if not target.exists():
            _copy(source, target)
    return target


def _copy(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")
    if source.is_dir():
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(source, fresh, symlinks=True)
    else:
        shutil.copy2(source, fresh)
    open_up(fresh)
    fresh.rename(target)


def open_up(folder: Path) -> None:
    """Let everybody read `folder`, and execute what its owner may execute, whatever the umask was."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o777
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
