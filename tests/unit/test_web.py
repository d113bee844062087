"""The search box and the pages: what is committed is what is built, its types fit, it is small and safe by its text."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import nodekit
import pytest

WEB = nodekit.ROOT / "web"
BUILT = WEB / "dist"
ELEMENT, PAGE = ("office-search-box.js",), ("index.html", "page.css", "page.js")
STORE = ("store.html", "store.css", "store.js")
MOST_BYTES = {ELEMENT: 25_000, PAGE: 60_000, STORE: 60_000}
# What a policy with trusted types refuses, and what would keep a token.
UNSAFE = r"\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|\.cookie\b"


def test_what_is_committed_is_what_is_built(tmp_path: Path) -> None:
    if missing := nodekit.missing():
        pytest.skip(missing)
    done = nodekit.run("node", "build.mjs", str(tmp_path / "dist"), folder=WEB)
    assert done.returncode == 0, done.stdout
    built = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    committed = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert built == committed, "run `make web`, and commit web/dist"


def test_the_types_fit() -> None:
    """Those of the published declarations too: web/test/published.ts compares them."""
    if missing := nodekit.missing():
        pytest.skip(missing)
    done = nodekit.run("npm", "run", "--silent", "check", folder=WEB)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("names", MOST_BYTES, ids=["element", "page", "store"])
def test_it_is_small(names: tuple[str, ...]) -> None:
    assert sum(len(gzip.compress((BUILT / name).read_bytes())) for name in names) <= MOST_BYTES[names]


def test_nothing_of_it_makes_markup_of_texts() -> None:
    for path in (*WEB.glob("src/**/*.ts"), *BUILT.glob("*.js")):
        assert not re.search(UNSAFE, path.read_text("utf-8")), path


def test_the_element_keeps_nothing() -> None:
    assert not re.search(r"localStorage|sessionStorage|indexedDB", (BUILT / ELEMENT[0]).read_text("utf-8"))


@pytest.mark.parametrize("name", ["index.html", "store.html"])
def test_a_page_has_nothing_inline(name: str) -> None:
    page = (BUILT / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://", page)


def test_the_readme_names_what_hosts_may_use() -> None:
    told = (WEB / "README.md").read_text("utf-8")
    source = (WEB / "src/box/element.ts").read_text("utf-8")
    observed = re.findall(r'"(\w+)"', source[source.index("const NARROWING") : source.index("hrefOf")])
    events = re.findall(r'"(office-\w+)"', "".join(path.read_text("utf-8") for path in WEB.glob("src/box/*.ts")))
    parts = re.findall(r'part: "(\w+)"', "".join(path.read_text("utf-8") for path in WEB.glob("src/box/*.ts")))
    style = (WEB / "src/box/box.css").read_text("utf-8")
    variables = {name.removeprefix("--office-search") for name in re.findall(r"--office-search-[\w-]+", style)}
    for name in {*observed, *events, *parts, *variables} - {"office-search-box"}:
        assert f"`{name}" in told or f"{name}`" in told, name


def test_nothing_of_node_lies_in_the_wheel() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "web/dist"], cwd=nodekit.ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("no git here")
    assert sorted(tracked.stdout.split()) == sorted(f"web/dist/{name}" for name in (*ELEMENT, *PAGE, *STORE))
