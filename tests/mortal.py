"""A process that is killed at a chosen call: from then on nothing that it tries reaches the engine or the broker."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kit import CATALOGUE

from indexers.generations import Registry
from indexers.resources import Resources


class Killed(BaseException):
    """No error that anybody handles: the process is gone."""


@dataclass
class Fate:
    """When to die: at the `turn`th call that is meant, before or after it. `end`: what dying is."""

    meant: Callable[[str, Mapping[str, Any]], bool] = lambda name, given: False
    after: bool = True
    turn: int = 1
    end: Callable[[], None] = lambda: None
    is_dead: bool = field(default=False, init=False)

    def die(self) -> None:
        self.end()
        self.is_dead = True
        raise Killed

    async def call(self, name: str, act: Callable[..., Any], args: tuple[Any, ...], given: Mapping[str, Any]) -> Any:
        if self.is_dead:
            raise Killed
        if not self.meant(name, given):
            return await act(*args, **given)
        self.turn -= 1
        if self.turn == 0 and not self.after:
            self.die()
        answer = await act(*args, **given)
        if self.turn == 0:
            self.die()
        return answer


class Mortal:
    """A client whose calls are subject to a fate."""

    def __init__(self, client: Any, fate: Fate, path: str = "") -> None:
        self._client = client
        self._fate = fate
        self._path = path

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        path = f"{self._path}{name}"
        if name in ("indices", "cat", "cluster", "transport"):
            return Mortal(found, self._fate, f"{path}.")
        if not inspect.iscoroutinefunction(inspect.unwrap(found)):
            return found

        async def call(*args: Any, **given: Any) -> Any:
            return await self._fate.call(path, found, args, given)

        return call


def subject_to(fate: Fate, resources: Resources) -> Resources:
    """The same resources in a process that will die."""
    engine: Any = Mortal(resources.engine, fate)
    broker: Any = Mortal(resources.broker, fate)
    return replace(resources, engine=engine, broker=broker, registry=Registry(engine, CATALOGUE))


def at_call(name: str, **given: Any) -> Callable[[str, Mapping[str, Any]], bool]:
    """A call of this name whose arguments, or the fields of its body, are these."""

    def meant(called: str, arguments: Mapping[str, Any]) -> bool:
        body = arguments.get("body")
        known = {**(body if isinstance(body, dict) else {}), **(arguments.get("params") or {}), **arguments}
        return called == name and all(known.get(key) == value for key, value in given.items())

    return meant
