"""What tests of the TypeScript code need: Node.js, and what the lock file names, installed once."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


@functools.cache
def missing() -> str:
    """Why TypeScript cannot be tested here, after trying to install what is needed; empty if it can."""
    command = [sys.executable, ROOT / "scripts/node_modules.py"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What became of a command; both its outputs are in `stdout`."""
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def bundled(source: Path, made: Path) -> Path:
    """A module made of a TypeScript file and all that it imports, for Node.js."""
    client = f"--alias:@office-search/client={ROOT / 'clients/typescript/src/index.ts'}"
    options = (client, "--bundle", "--format=esm", "--platform=node", "--target=es2022", f"--outfile={made}")
    done = run("npx", "esbuild", str(source), *options, folder=ROOT)
    assert done.returncode == 0, done.stdout
    return made
