"""Install the locked dependencies and this project into .venv, showing how far it is. Run by `make setup`."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
import venv
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
BUILD, LOCK = "requirements-build.lock", "requirements.lock"

# What a user's own configuration of pip must not change here; the index it names is used as it is.
PIP_SETTINGS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_USER": "0",
}


class Progress:
    """One line that says what is being done, how far and how long; in a log, a line now and then."""

    def __init__(self, what: str, total: int = 0) -> None:
        self._what, self._total, self._count, self._detail = what, total, 0, ""
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()
        self._done = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        print(self._what, end="" if self._live else "\n", flush=True)
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._ticker.join()
        if self._live:
            print(f"\r\033[K{self._what} ({time.monotonic() - self._began:.0f} s)", flush=True)

    def take(self, line: str) -> None:
        """Read on from a line of pip's."""
        head, _, rest = line.partition(" ")
        if head in ("Collecting", "Ignoring") or line.startswith("Requirement already satisfied"):
            self._count += 1
            self._detail = rest.removeprefix("already satisfied: ").split(" ")[0].rstrip(":")
        elif line.startswith("Installing collected packages"):
            self._detail = "unpacking"

    def _tick(self) -> None:
        while not self._done.wait(0.2 if self._live else 10):
            of = f" {self._count}/{self._total}" if self._total else ""
            detail = f" {self._detail}" if self._detail else ""
            line = f"{self._what}{of}{detail} ({time.monotonic() - self._began:.0f} s)"
            print(f"\r\033[K{line}" if self._live else f"  {line}", end="" if self._live else "\n", flush=True)


def main() -> int:
    with Path(__file__).open() as own:
        fcntl.flock(own, fcntl.LOCK_EX)  # a second `make` in another terminal waits
        try:
            make_venv()
            LOG.write_text("")
            # No build is isolated, as an isolated one takes its tools unhashed: they come first, from their own lock.
            pip("Installing the build tools", "--require-hashes", "-r", BUILD, total=locked(BUILD))
            # Most of their modules never run here: Python compiles the others when they first do.
            pip("Installing the dependencies", "--require-hashes", "--no-compile", "-r", LOCK, total=locked(LOCK))
            pip("Installing Office Search", "--no-deps", "--editable", ".")
        except subprocess.CalledProcessError as error:
            print(f"\n{error.output}\n\n{error.cmd} failed; all that pip said is in {LOG}.", file=sys.stderr)
            print("Is the package index reachable? Then run `make setup` again.", file=sys.stderr)
            return 1
        except OSError as error:
            print(f"\n.venv cannot be made: {error}.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopped; `make setup` goes on from here.", file=sys.stderr)
            return 130
    return 0


def make_venv() -> None:
    """One that works is kept, so that only what changed is installed."""
    if not venv_works():
        with Progress(f"Making .venv with Python {sys.version.split()[0]}"):
            venv.create(VENV, clear=True, with_pip=True, symlinks=True)


def venv_works() -> bool:
    """Whether .venv runs, was made in this very place, and is of the Python that was asked for, if one was."""
    probe = "import sys, pip; print(sys.version_info >= (3, 11), sys.base_prefix, sys.version)"
    try:
        found = subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True, text=True, check=True).stdout
        in_place = str(VENV) in (VENV / "bin" / "pip").read_text()
    except (OSError, subprocess.CalledProcessError):
        return False
    asked = f"True {sys.base_prefix} {sys.version}" if os.environ.get("PYTHON") else "True "
    return in_place and found.startswith(asked)


def pip(what: str, *arguments: str, total: int = 0) -> None:
    """Raises CalledProcessError with pip's last lines as its output."""
    command = [str(PYTHON), "-I", "-u", "-m", "pip", "install", "--no-build-isolation", "--use-pep517", *arguments]
    last: deque[str] = deque(maxlen=15)
    with (
        Progress(what, total) as progress,
        LOG.open("a") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | PIP_SETTINGS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            last.append(line.rstrip())
            progress.take(line.rstrip())
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, what, "\n".join(last))


def locked(name: str) -> int:
    """How many packages a lock file names."""
    return sum("==" in line and line[0].isalnum() for line in (ROOT / name).read_text().splitlines() if line)


if __name__ == "__main__":
    sys.exit(main())
