"""`make screenshots` without what it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_without_a_browser_it_is_one_sentence(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CHROMIUM"} | {"PATH": str(tmp_path)}
    command = [sys.executable, str(ROOT / "scripts" / "screenshots.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no browser; install chromium, or set CHROMIUM to its path.\n"


def test_the_pictures_of_the_documents_are_there_and_load_soon() -> None:
    readme = set(re.findall(r"\(docs/(images/[^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    texts = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("search-page.md", "store-page.md")]
    pages = set(re.findall(r"\((images/[^)]+)\)", "".join(texts)))
    assert readme | pages == {f"images/{path.name}" for path in (ROOT / "docs/images").iterdir()}
    assert all((ROOT / "docs" / name).stat().st_size < 400_000 for name in readme)
    assert all((ROOT / "docs" / name).stat().st_size < 500_000 for name in pages)
