"""What the documents name is there: files and folders, links, make's targets, commands, settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from search import cli
from search.core.settings import GROUPS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")]
DOCUMENTS += sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "clients").glob("*/README.md")])

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)")
FOLDERS = ("analyzers", "benchmarks", "clients", "deploy", "docs", "indexers", "mappings", "scripts", "search", "tests")
# A path begins with one of our folders, so that an address or another's file is none.
PATH = re.compile(rf"(?<![\w./<-])(?:{'|'.join(FOLDERS)})/[\w./*-]*")
PYTHON = re.compile(r"(?<![\w./*-])\w+\.py\b")
TARGET = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)")
COMMAND = re.compile(r"\boffice-search ((?:eval )?[a-z][a-z-]*)")
VARIABLE = re.compile(r"\bOFFICE_SEARCH_[A-Z_]+[A-Z]\b(?!…)")
# Read by the tests, which have no settings.
OTHER_VARIABLES = {"OFFICE_SEARCH_SHARED_DATA"}

document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def code(document: Path) -> str:
    """What stands as code in a document, in line or fenced, a piece a line."""
    text = document.read_text(encoding="utf-8")
    return "\n".join([*FENCED.findall(text), *INLINE.findall(FENCED.sub("", text))])


def is_there(name: str) -> bool:
    """Whether a path, or a pattern with a star, is in the repository; a dot at its end is the sentence's."""
    return any(ROOT.glob(name.rstrip("./")))


@document
def test_every_path_is_there(document: Path) -> None:
    assert [name for name in PATH.findall(code(document)) if not is_there(name)] == []


@document
def test_every_module_that_is_named_without_its_folder_is_there(document: Path) -> None:
    ours = {path.name for top in FOLDERS for path in (ROOT / top).rglob("*.py")}
    assert [name for name in PYTHON.findall(code(document)) if name not in ours] == []


@document
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@document
def test_make_knows_every_target(document: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(TARGET.findall(code(document))) - known == set()


@document
def test_the_command_line_knows_every_command(document: Path) -> None:
    app = get_command(cli.app)
    known = {name for name in app.commands if name != "eval"}  # type: ignore[attr-defined]
    known |= {f"eval {name}" for name in app.commands["eval"].commands}  # type: ignore[attr-defined]
    assert set(COMMAND.findall(code(document))) - known == set()


@document
def test_every_setting_that_is_named_is_read(document: Path) -> None:
    known = {group.variable(name) for group in GROUPS for name in group.model_fields} | OTHER_VARIABLES
    assert set(VARIABLE.findall(code(document))) - known == set()


def test_the_examples_of_this_test_are_found() -> None:
    """A pattern that finds nothing would hold nothing."""
    found = "\n".join(code(document) for document in DOCUMENTS)
    assert min(len(pattern.findall(found)) for pattern in (PATH, PYTHON, TARGET, COMMAND, VARIABLE)) > 5
