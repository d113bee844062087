"""What is to be done so that aliases, consumers, indices and states follow from the decision; pure.

With the decision that generation 2 of the apps serves, and nothing being built,

    apps-000001      serving     index apps-000001-acme, alias apps.acme      consumer apps-000001
    apps-000002      building    index apps-000002-acme                       consumer apps-000002

as a swap leaves it that was cut off just after it had been decided, `plan` gives

    Point       alias apps.acme at apps-000002-acme alone
    Mark        apps-000002 as serving
    Mark        apps-000001 as retired; from here on nobody follows it, or makes an index of it
    Consumers   apps-000001 to be deleted
    Delete      apps-000001-acme

They are done in this order. A step that fails ends the round, so the old indices go only once nobody is led to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from indexers.decisions import Decision
from indexers.generations import Generation, State, alias

# Far longer than a builder may be silent: what is given up here is begun anew, by a human, from nothing.
ABANDONED_S = 600.0


@dataclass(frozen=True)
class View:
    """A collection as it was found.

    `generations`: with the states that the registry records. `indices`: by name, with their aliases. `consumers`: by
    stream, the names of all that there are.
    """

    decision: Decision
    generations: Sequence[Generation]
    indices: Mapping[str, Set[str]]
    consumers: Mapping[str, Set[str]]


@dataclass(frozen=True)
class Release:
    """Give up a build that has long given no sign of life."""

    decision: Decision


@dataclass(frozen=True)
class Point:
    """Point aliases of a collection at these indices, and at no others."""

    decision: Decision
    targets: Mapping[str, str]


@dataclass(frozen=True)
class Mark:
    """Record a generation's state."""

    generation: Generation
    state: State


@dataclass(frozen=True)
class Consumers:
    """Delete consumers, each named with its stream."""

    names: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Delete:
    """Delete indices."""

    names: Sequence[str]


Action = Release | Point | Mark | Consumers | Delete


def plan(view: View) -> list[Action]:
    """Return what is to be done, in order; nothing when all follows from the decision."""
    actions: list[Action] = [*_release(view.decision), *_point(view)]
    for generation in view.generations:
        if generation.number == view.decision.number and generation.state != "serving":
            actions.append(Mark(generation, "serving"))
    for generation in view.generations:
        if generation.state == "retired" or is_over(generation, view.decision):
            actions += _removed(view, generation)
    return [*actions, *_left(view)]


def is_over(generation: Generation, decision: Decision) -> bool:
    """Return whether a generation will never serve: a newer one does, or its build was given up.

    A higher number than was ever given to a build is one by a process of an older version, which says nothing.
    """
    if generation.number < decision.number:
        return True
    building = decision.build.number if decision.build else None
    return generation.number not in (decision.number, building) and generation.number <= decision.last


def _left(view: View) -> Iterator[Action]:
    """Yield what clears away builds of one tenant's index that are over: no generation was ever recorded for them."""
    decision, recorded = view.decision, {generation.number for generation in view.generations}
    kept = {*recorded, decision.number, decision.build.number if decision.build else None}

    def is_left(number: int | None) -> bool:
        return number is not None and number not in kept and number <= decision.last

    collection = decision.collection
    names = [
        (stream, name)
        for stream, names in sorted(view.consumers.items())
        for name in sorted(names)
        if is_left(_number(collection, name))
    ]
    if names:
        yield Consumers(names)
    indices = [name for name, aliases in view.indices.items() if not aliases and is_left(parts(collection, name)[0])]
    if indices:
        yield Delete(sorted(indices))


def _release(decision: Decision) -> Iterator[Action]:
    if decision.build and decision.build.silent_s() > ABANDONED_S:
        yield Release(decision)


def _point(view: View) -> Iterator[Action]:
    """Yield at most one action: all tenants at once, or none."""
    collection = view.decision.collection
    led: dict[str, set[str]] = {}
    for index, aliases in view.indices.items():
        for name in aliases:
            led.setdefault(name, set()).add(index)
    targets = {}
    for index in view.indices:
        number, tenant = parts(collection, index)
        if number == view.decision.number and led.get(name := alias(collection, tenant)) != {index}:
            targets[name] = index
    if targets:
        yield Point(view.decision, targets)


def _removed(view: View, generation: Generation) -> Iterator[Action]:
    if generation.state != "retired":
        yield Mark(generation, "retired")
    names = [(stream, generation.durable(stream)) for stream in generation.streams]
    if left := [(stream, name) for stream, name in names if name in view.consumers.get(stream, ())]:
        yield Consumers(left)
    collection = view.decision.collection
    if indices := [index for index in view.indices if parts(collection, index)[0] == generation.number]:
        yield Delete(sorted(indices))


def _number(collection: str, consumer: str) -> int | None:
    """Return the number of the generation that a consumer is of; None for any other."""
    found = re.fullmatch(rf"{re.escape(collection)}-(\d{{6}})(-.+)?", consumer)
    return int(found[1]) if found else None


def parts(collection: str, index: str) -> tuple[int | None, str]:
    """Return the number of the generation and the tenant that an index is of; (None, "") for any other index."""
    found = re.fullmatch(rf"{re.escape(collection)}-(\d{{6}})-(.+)", index)
    return (int(found[1]), found[2]) if found else (None, "")
