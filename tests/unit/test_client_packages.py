"""What both clients have from the OpenAPI document is current; and the Python one stands on its own."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "clients/python"


@pytest.mark.parametrize("part", ["document", "python"])
def test_what_is_committed_is_what_the_api_says(part: str) -> None:
    command = [sys.executable, ROOT / "scripts/clients.py", "--check", "--only", part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_python_client_needs_nothing_of_the_service() -> None:
    imported = set()
    for path in PYTHON.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"httpx", "pydantic", "office_search_client"}


def test_the_python_client_s_wheel_is_typed_and_brings_its_licence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=PYTHON, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"office_search_client/py.typed", "office_search_client/models.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
