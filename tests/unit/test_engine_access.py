"""Who may talk to the engine: a short list with a reason each, so that nothing reads past the access filter."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from search.access.reader import Reader
from search.access.shared import SharedReader

ROOT = Path(__file__).parents[2]
PACKAGES = ("search", "indexers", "analyzers", "mappings")

MAY: Mapping[str, str] = {
    "search.core.engine": "makes the client, and says what its failures mean",
    "search.access.reader": "the door: reads for a caller, under the access filter",
    "search.access.asking": "asks for the reader alone, which puts the access filter in",
    "search.access.shared": "the same for a caller and whoever asks about them",
    "search.access.directory": "reads who is inside what, of which callers are made",
    "search.access.read_document": "says what the answers to the directory's reads mean",
    "search.access.bypass": "reads without a caller, for explanations alone",
    "search.explain.explainer": "hands the client to the bypass and the shared reader",
    "indexers": "the write side",
    "search.store.asking": "puts together what is kept of answers and clicks, and keeps what it comes to",
    "search.feedback": "keeps clicks and recent searches, in indices of its own",
    "search.recommend.collecting": "has the engine put use together, for figures under the rule of groups alone",
    "search.recommend.store": "reads apps and users for the same figures, and hands nothing of them to a request",
    "search.recommend.people": "reads from the directory who belongs to which department, for the same figures",
    "search.recommend.run": "a run of the figures: hands the client to these",
    "search.recommend.runs": "keeps who runs and how it ended, in an index of its own",
    "search.recommend.generations": "writes and reads the figures, in indices of their own",
    "search.recommend.kept": "hands the client to the reader of the figures",
    "search.recommend.past": "reads what a caller uses, for that caller",
    "search.evaluate.recommend_ground": "compares with what everybody may see, on a stack of its own",
    "search.bootstrap": "opens the client and hands it on",
    "search.health.readiness": "pings, and reads the register of generations",
    "search.commands.accept_gap": "an operator's command: forgets a note of the indexers'",
    "search.commands.status": "an operator's command: sizes of indices",
    "search.cli": "turns what is left of the engine's errors into a sentence",
    "search.demo.run": "waits until the made-up company is indexed",
    "search.evaluate.service": "waits until an evaluated company is indexed",
    "search.evaluate.relevance": "compares with the engine's own analyzer, on indices of its own",
}

# What a client can be asked for documents with; its other calls tell nothing of what is stored.
READS = {"get", "get_source", "mget", "search", "msearch", "scroll", "count", "termvectors", "mtermvectors", "explain"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, ast.parse(path.read_text(encoding="utf-8"))


MODULES = dict(modules())


def imported(tree: ast.AST) -> set[str]:
    """The modules that a module imports, wherever in it; of `from a import b` both `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def touches(tree: ast.AST) -> bool:
    return any(name.partition(".")[0] == "opensearchpy" or name == "search.core.engine" for name in imported(tree))


def named(name: str) -> str | None:
    """The entry that allows a module, if there is one."""
    return next((one for one in MAY if name == one or name.startswith(f"{one}.")), None)


def test_only_those_on_the_list_import_the_engine_s_client() -> None:
    found = {name for name, tree in MODULES.items() if touches(tree)}
    strangers = sorted(name for name in found if named(name) is None)
    assert strangers == []


def test_the_list_names_nobody_in_vain() -> None:
    found = {named(name) for name, tree in MODULES.items() if touches(tree)}
    assert sorted(MAY.keys() - found) == []


def attributes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(what an attribute is of, its name), as far as the former has a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            yield (owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")), node.attr


def test_nobody_reaches_for_the_client_in_another_s_pocket() -> None:
    reaching = sorted(
        name
        for name, tree in MODULES.items()
        if any(attribute == "_engine" and owner not in ("self", "cls") for owner, attribute in attributes(tree))
    )
    assert reaching == []


def test_documents_are_read_through_the_door_the_directory_and_the_bypass_alone() -> None:
    """And where an evaluation compares, on a stack of its own; the feedback reads no documents but its own."""
    reading = {
        name
        for name, tree in MODULES.items()
        if name.startswith("search.")
        and any(owner in ("engine", "_engine") and attribute in READS for owner, attribute in attributes(tree))
    }
    # Nobody but the reader may import `asking` (pyproject.toml).
    doors = {"search.access.asking", "search.access.directory", "search.access.bypass"}
    own = {"search.evaluate.relevance", "search.feedback.store", "search.feedback.upkeep", "search.store.asking"}
    figures = {f"search.recommend.{name}" for name in ("collecting", "generations", "past", "people", "runs", "store")}
    assert reading == doors | own | figures


def test_what_reads_for_the_figures_answers_no_request() -> None:
    """It reads all apps, people and use of a tenant, whoever asks: only a run may have it, and an evaluation."""
    everything = {f"search.recommend.{name}" for name in ("collecting", "run", "training")}
    importing = {name for name, tree in MODULES.items() if everything & imported(tree)} - everything
    assert importing == {"search.bootstrap", "search.commands.recommend", "search.evaluate.recommend_ground"}


@pytest.mark.parametrize("module", ["search.query", "search.api", "search.explain"])
def test_what_answers_a_request_never_asks_as_the_operator(module: str) -> None:
    """The operator is told everything: that is for a machine's command line, not for a caller."""
    asking = [
        name
        for name, tree in MODULES.items()
        if name.startswith(module) and any(attribute == "for_operator" for _, attribute in attributes(tree))
    ]
    assert asking == []


def test_the_linter_keeps_the_bypass_for_explanations() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    kept = {
        tuple(one["protected_modules"]): one["allowed_importers"] for one in contracts if one["type"] == "protected"
    }
    assert kept["search.access.bypass",] == ["search.explain"]
    importing = {name for name, tree in MODULES.items() if "search.access.bypass" in imported(tree)}
    assert importing == {"search.explain.explainer", "search.explain.subject"}


def test_the_shared_reader_narrows_every_way_to_read() -> None:
    """One that it inherits as it is would tell an admin of what they may not see."""
    ways = {name for name, of in vars(Reader).items() if not name.startswith("_") and inspect.iscoroutinefunction(of)}
    assert ways >= {"candidates", "search", "count", "current"}
    # The rest reads nothing.
    assert {name for name, of in vars(Reader).items() if not name.startswith("_") and callable(of)} - ways == {
        "for_one_answer",
        "left_s",
    }
    assert ways <= vars(SharedReader).keys()
