"""The TypeScript client: its types are current and fit, its own tests pass, and it is small."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import nodekit
import pytest
import snippets
from clientkit import answering

ROOT = nodekit.ROOT
CLIENT = ROOT / "clients/typescript"
# Of the search box's 25 kB, gzipped.
MOST_BYTES = 4_000


@pytest.fixture(autouse=True)
def node() -> None:
    if missing := nodekit.missing():
        pytest.skip(missing)


def test_the_types_are_those_of_the_document() -> None:
    command = [sys.executable, ROOT / "scripts/clients.py", "--check", "--only", "typescript"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_types_fit() -> None:
    done = nodekit.run("npm", "run", "--silent", "check", folder=CLIENT)
    assert done.returncode == 0, done.stdout


def test_its_own_tests_pass() -> None:
    done = nodekit.run("npm", "test", "--silent", folder=CLIENT)
    assert done.returncode == 0, done.stdout
    counted = re.search(r"^\S* ?pass (\d+)$", done.stdout, re.MULTILINE)
    assert counted
    assert int(counted[1]) > 30


def test_the_examples_of_its_readme_fit_and_run(tmp_path: Path) -> None:
    modules, client = ROOT / "node_modules", CLIENT / "src/index.ts"
    options = {"paths": {"@office-search/client": [str(client)]}, "typeRoots": [str(modules / "@types")]}
    # Examples leave alone what they show.
    options |= {"noUnusedLocals": False, "noUnusedParameters": False}
    project = {"extends": str(CLIENT / "tsconfig.json"), "compilerOptions": options, "include": ["readme.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    with answering(snippets.answer) as service:
        text = snippets.program(CLIENT / "README.md", "ts").replace(snippets.SERVICE, service.url)
        (tmp_path / "readme.ts").write_text(text)
        fits = nodekit.run("npx", "tsc", "--project", str(tmp_path), folder=ROOT)
        assert fits.returncode == 0, fits.stdout
        done = nodekit.run("node", str(nodekit.bundled(tmp_path / "readme.ts", tmp_path / "readme.mjs")), folder=ROOT)
    assert done.returncode == 0, done.stdout
    assert "messages 搜索中台项目群" in done.stdout
    assert "404 Not Found There is none. null null" in done.stdout


def test_it_is_small_and_needs_nothing(tmp_path: Path) -> None:
    module = tmp_path / "client.js"
    source = str(CLIENT / "src/index.ts")
    options = ("--bundle", "--minify", "--format=esm", "--target=es2022", f"--outfile={module}")
    done = nodekit.run("npx", "esbuild", source, *options, folder=ROOT)
    assert done.returncode == 0, done.stdout
    made = module.read_bytes()
    assert len(gzip.compress(made)) <= MOST_BYTES
    assert not re.search(rb"\bimport\b|\beval\b|new Function|localStorage|sessionStorage|console\.", made)


def test_the_lock_file_names_no_registry_and_has_a_hash_for_each_package() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    others = {name: one for name, one in packages.items() if "node_modules/" in name and not one.get("link")}
    assert len(others) > 30
    assert [name for name, one in others.items() if "resolved" in one or "integrity" not in one] == []
