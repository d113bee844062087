"""Rules of CONTRIBUTING.md that the code itself can hold: sizes of modules and functions, and no circles of imports."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("analyzers", "indexers", "mappings", "search")
MOST_LINES, MOST_MEDIAN_LINES = 300, 110
MOST_FUNCTION_LINES = 60
MOST_TEST_LINES = 500

CLIENT = ROOT / "clients/python/src/office_search_client"
GENERATED = CLIENT / "models.py"

MODULES = sorted(
    path
    for folder in (*(ROOT / package for package in PACKAGES), CLIENT)
    for path in folder.rglob("*.py")
    if path != GENERATED
)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function of a module, methods and inner ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_long() -> None:
    found = {str(path.relative_to(ROOT)): lines(path) for path in MODULES}
    assert {name: count for name, count in found.items() if count > MOST_LINES} == {}
    assert statistics.median(count for count in found.values() if count) < MOST_MEDIAN_LINES


def test_no_function_is_long() -> None:
    long = [
        (str(path.relative_to(ROOT)), name, count)
        for path in MODULES
        for name, count in functions(path)
        if count > MOST_FUNCTION_LINES
    ]
    assert long == []


def test_no_file_of_tests_is_long() -> None:
    found = {str(path.relative_to(ROOT)): lines(path) for path in (ROOT / "tests").rglob("*.py")}
    assert {name: count for name, count in found.items() if count > MOST_TEST_LINES} == {}


def test_no_imports_go_in_circles() -> None:
    """The layers are the import contracts'; this holds inside of each, down to the single module."""
    graph = grimp.build_graph(*PACKAGES)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while leaves := {module for module, needs in imported.items() if not needs & imported.keys()}:
        imported = {module: needs for module, needs in imported.items() if module not in leaves}
    assert sorted(imported) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_why_it_exists_in_one_line(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / package).rglob("*.py")
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []
