"""The access rules with one clause removed at a time, in this process alone: no file is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

from prometheus_client import REGISTRY


class SourceMoved(Exception):
    """A mutation that cannot be made any more: what it replaces is not there, or not once."""


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the source of `module`, and is `new` while the mutant lives.

    `by`: what is to kill it - decisions on paper, the scene, or a unit test as `file::test`.
    """

    module: str
    old: str
    new: str
    by: str

    def __str__(self) -> str:
        return f"{self.module}: {' '.join(self.old.split())} → {' '.join(self.new.split()) or 'nothing'}"


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Functions stay the same objects, and run other code, whoever holds them. Raises SourceMoved."""
    module = import_module(mutant.module)
    changed = _changed(module, mutant)
    functions, others = _functions(module, module.__name__), _functions(changed, module.__name__)
    differing = {name for name in functions if functions[name].__code__ != others[name].__code__}
    constants = {name: value for name, value in vars(changed).items() if _is_other_text(vars(module).get(name), value)}
    if not differing and not constants:
        raise SourceMoved(f"{mutant}: it makes no difference")
    before = {name: functions[name].__code__ for name in differing}
    texts = {name: getattr(module, name) for name in constants}
    try:
        for name in differing:
            functions[name].__code__ = others[name].__code__
        vars(module).update(constants)
        yield
    finally:
        for name, code in before.items():
            functions[name].__code__ = code
        vars(module).update(texts)


def _changed(module: ModuleType, mutant: Mutant) -> ModuleType:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    if (times := source.count(mutant.old)) != 1:
        raise SourceMoved(f"{mutant}: it is there {times} times")
    changed = ModuleType(module.__name__)
    code = compile(source.replace(mutant.old, mutant.new), str(module.__file__), "exec")
    # Its metrics are registered once, by the module itself.
    with patch.object(REGISTRY, "register"):
        exec(code, changed.__dict__)  # noqa: S102
    return changed


def _functions(holder: object, module: str) -> dict[str, FunctionType]:
    """Those of a module, and of its classes, by name."""
    found: dict[str, FunctionType] = {}
    for name, value in vars(holder).items():
        inner = _function(value)
        if inner and inner.__module__ == module:
            found[name] = inner
        elif isinstance(value, type) and value.__module__ == module:
            found |= {f"{name}.{inside}": function for inside, function in _functions(value, module).items()}
    return found


def _function(value: Any) -> FunctionType | None:
    inner = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    inner = inner.func if isinstance(inner, cached_property) else inner
    return inner if isinstance(inner, FunctionType) else None


def _is_other_text(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one != other


def mutants() -> Iterator[Mutant]:
    """Those of `mutants.txt`, in its order."""
    module, by = "", "paper"
    for block in (Path(__file__).parent / "mutants.txt").read_text(encoding="utf-8").split("\n\n"):
        old, new = [], []
        for line in block.splitlines():
            match line[:2]:
                case "@ ":
                    module, by = (*line[2:].split(), "paper")[:2]
                case "- ":
                    old.append(line[2:])
                case "+ ":
                    new.append(line[2:])
        if old:
            yield Mutant(module, "\n".join(old), "\n".join(new), by)
