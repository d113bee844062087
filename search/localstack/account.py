"""The account of the stack's processes: OpenSearch refuses to run as root, so root runs it as another user."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

CANDIDATES = ("nobody", "daemon")
SHELL_TEST = ("/bin/sh", "-c", 'test "$1" "$2"', "sh")


class Options(TypedDict):
    """The keyword arguments of `subprocess.Popen` that change the user."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int

    def options(self) -> Options:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Return whether this user passes `test` (`-r`, `-x`, …) on `path`, including the folders above it."""
        try:
            tried = subprocess.run([*SHELL_TEST, test, path], check=False, cwd="/", **self.options())
        except OSError:
            # Some containers map no other user.
            return False
        return tried.returncode == 0

    def own(self, path: Path) -> None:
        """Give `path`, with everything in it, to this user."""
        for each in (*path.rglob("*"), path):
            if each.lstat().st_uid != self.uid:
                os.chown(each, self.uid, self.gid, follow_symlinks=False)


def lesser_account(*needs: Path) -> Account | None:
    """Return, if we are root, an unprivileged user that can enter all folders `needs`; else None."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name, entry.pw_uid, entry.pw_gid)
        if all(account.can("-x", folder) for folder in needs):
            return account
    return None
