"""Tasks: a vertical that is not installed; the tests put this one file beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal

from mappings.collection import Storage
from mappings.entities import Id, Named, Principals, Time
from mappings.filters import AFTER, BEFORE, TYPE
from mappings.parts import (
    AS_IT_IS,
    AllowList,
    Choice,
    Display,
    Fact,
    Field,
    Filter,
    Filtered,
    Labels,
    Matching,
    Ranking,
    Shown,
    Text,
)
from mappings.parts.filtering import OneOf
from mappings.properties import LONG
from mappings.vertical import Vertical


class Task(Named):
    title: str
    kind: Literal["chore", "approval"] = "chore"
    notes: str = ""
    status: Literal["open", "done"]
    owner_id: Id
    allow: Principals
    due_at: Time


STATUS = Filter(
    name="status",
    names=("状态",),
    labels=Labels("状态", "Status"),
    meaning=OneOf(strict=True),
    description="How far a task is",
)


def allow(task: Task) -> Sequence[str]:
    return task.allow


def show(_: str, original: Mapping[str, Any]) -> Shown:
    fields = {name: original[name] for name in ("kind", "status", "owner_id", "due_at") if original.get(name)}
    return Shown(original["title"], [original.get("notes", "")], fields)


VERTICAL = Vertical(
    name="tasks",
    module="search.tasks",
    storage=Storage("changes.tasks", {"task": Task}),
    access=AllowList(allow=allow, owner=attrgetter("owner_id")),
    matching=Matching(
        texts=(
            Text("title", lambda task: [task.title], boost=2.0, words=0.4, bigrams=0.6, chars=1.0),
            Text("notes", lambda task: [task.notes], boost=1.0, words=1.0, bigrams=0.6, chars=0.2),
        ),
        exact=attrgetter("title"),
    ),
    ranking=Ranking(recency=Field("due_at", attrgetter("due_at"), LONG), order=9),
    filters=(
        Filtered(
            STATUS,
            Field("status", attrgetter("status")),
            choices=(
                Choice("open", "未完成 todo", Labels("未完成", "Open")),
                Choice("done", "已完成", Labels("已完成", "Done")),
            ),
        ),
        Filtered(
            TYPE,
            Field("kind", attrgetter("kind")),
            choices=(
                Choice("chore", "杂务", Labels("杂务", "Chore")),
                Choice("approval", "审批", Labels("审批", "Approval")),
            ),
        ),
        Filtered(AFTER, Field("due_at")),
        Filtered(BEFORE, Field("due_at")),
    ),
    display=Display(
        labels=Labels("任务", "Tasks"),
        icon="task",
        show=show,
        kind=Fact("kind", TYPE.labels, filter=TYPE.name),
        facts=(
            Fact("status", STATUS.labels, line=AS_IT_IS, filter=STATUS.name),
            Fact("due_at", Labels("截止", "Due"), "time", line=Labels("{} 截止", "due {}")),
        ),
    ),
)
