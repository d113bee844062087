"""A declaration that cannot be is refused when a process starts, with what to do about it."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from kit import VERTICALS
from verticals import tasks

from mappings import verticals as package
from mappings.catalogue import Catalogue
from mappings.collection import Storage
from mappings.entities import User
from mappings.faults import PARAMETERS, faults
from mappings.parts import Choice, Fact, Field, Filter, Filtered, Labels
from mappings.parts.filtering import Moment, OneOf
from mappings.properties import KEYWORD
from mappings.usage import USAGE
from mappings.vertical import Vertical
from search.api.schemas import SearchQuestion
from search.core.errors import ConfigurationError
from search.query.filters import FilterLanguage

TASKS = tasks.VERTICAL
STATUS = TASKS.filters[0]


def said(vertical: Vertical) -> list[str]:
    return list(faults([*VERTICALS.values(), vertical], [USAGE]))


def entity(stream: str, name: str) -> Callable[[Vertical], Vertical]:
    return lambda one: replace(one, storage=Storage(stream, {name: tasks.Task}))


def filtered(changed: Filter) -> Callable[[Vertical], Vertical]:
    return lambda one: replace(one, filters=(replace(STATUS, filter=changed), *one.filters[1:]))


def stored(name: str) -> Callable[[Vertical], Vertical]:
    return lambda one: replace(one, stored=(Field(name, lambda task: task.kind, KEYWORD),))


def test_what_is_installed_has_none_and_a_right_one_adds_none() -> None:
    assert said(TASKS) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (lambda one: replace(one, name="docs"), "Two collections are called 'docs'"),
        (lambda one: replace(one, name="directory"), "'directory' is the directory's name"),
        (lambda one: replace(one, name="Tasks A"), "'Tasks A' is no name for a vertical"),
        (entity("changes.docs", "task"), "Two collections take the stream 'changes.docs'"),
        (entity("changes.tasks", "doc"), "Two collections take the entity 'doc'"),
        (entity("changes.tasks", "role"), "which the directory has otherwise"),
        (lambda one: replace(one, storage=Storage("changes.access", {"task": User})), "the directory's stream"),
        (stored("original"), "has a field 'original'"),
        (stored("tombstone"), "has a field 'tombstone'"),
        (stored("kind"), "two parts own the field 'kind'"),
        (filtered(replace(STATUS.filter, name="type")), "Two filters are called 'type'"),
        (filtered(replace(STATUS.filter, names=("群聊",))), "Two filters are called '群聊'"),
        (filtered(replace(STATUS.filter, name="limit")), "takes the parameter 'limit' of the search"),
        (filtered(replace(STATUS.filter, parameter="conversation")), "Two filters have the parameter 'conversation'"),
        (filtered(replace(STATUS.filter, name="due_at")), "Nobody can type the filter 'due_at'"),
        (filtered(replace(STATUS.filter, names=("State",))), "Nobody can type the filter 'State'"),
        (
            filtered(replace(STATUS.filter, meaning=Moment("gte", opposite="earlier"))),
            "has the opposite 'earlier', which no vertical declares",
        ),
        (
            lambda one: replace(one, filters=(Filtered(STATUS.filter, Field("status")),)),
            "meets 'status', a field that no part owns",
        ),
        (
            lambda one: replace(
                one, display=replace(one.display, facts=(Fact("x", Labels("x", "x"), filter="ghost"),))
            ),
            "a fact names the filter 'ghost'",
        ),
    ],
)
def test_what_cannot_be_is_said(changed: Callable[[Vertical], Vertical], fault: str) -> None:
    assert any(fault in one for one in said(changed(TASKS)))


def test_the_parameters_that_filters_may_not_take_are_the_search_s() -> None:
    assert SearchQuestion.model_fields.keys() == PARAMETERS


def test_a_file_that_declares_nothing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    with pytest.raises(ConfigurationError, match=r"empty\.py declares no VERTICAL"):
        Catalogue.installed()


def test_a_process_does_not_start_with_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = types.ModuleType("mappings.verticals.wrong")
    module.VERTICAL = replace(TASKS, name="docs")  # type: ignore[attr-defined]
    (tmp_path / "wrong.py").write_text("")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(ConfigurationError, match="Two collections are called 'docs'; give one another name"):
        Catalogue.installed()


def test_values_are_found_however_they_are_spelt() -> None:
    mood = Filter("mood", (), Labels("心情", "Mood"), OneOf(strict=True), "A mood")
    choices = (Choice("Good", "很好 Very_Good", Labels("好", "Good")),)
    vertical = replace(TASKS, filters=(Filtered(mood, STATUS.field, choices),))
    language = FilterLanguage(Catalogue({"tasks": vertical}, {}))
    for typed in ("Good", "good", "ＧＯＯＤ", "Very Good"):
        assert language.accepted(mood, typed, lambda _: None) == typed
        assert language.meant(mood, typed) == {"Good"}
