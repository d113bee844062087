"""Docs of the demo companies: laid out by form and filled with facts of their topic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from search.demo.event_log import EventLog, stamp
from search.demo.people import Person, Tenant
from search.demo.slots import Slots, dice
from search.demo.texts import DocPlan, Topic, read

_TRIES = 12
_MOST_DAYS = 420


class Shelf:
    """Writes a tenant's docs to the log, each with a different title."""

    def __init__(
        self, log: EventLog, tenant: Tenant, shared: Mapping[str, Sequence[str]], origin: datetime, seed: int
    ) -> None:
        self._log = log
        self._tenant = tenant
        self._shared = shared
        self._origin = origin
        self._chance: Random = dice(seed, f"papers-{tenant.id}")
        self._forms = read("forms.toml")
        self._titles: set[str] = set()

    def fill(self, topics: list[Topic], total: int) -> None:
        """Write exactly `total` docs. Raises ValueError when the templates give too few different titles."""
        rounds = self._rounds(topics)
        for number in range(1, total + 1):
            self._write(number, *next(rounds))

    def _rounds(self, topics: list[Topic]) -> Iterator[tuple[DocPlan, Topic, Slots, str]]:
        """Yield every plan in turn, as long as it has unused titles."""
        plans = [(plan, topic) for topic in topics for plan in topic.docs]
        for lap in count():
            before = len(self._titles)
            for plan, topic in plans:
                if lap and "{" not in plan.title:
                    continue
                slots = self._titled(plan, topic)
                if slots is not None:
                    yield plan, topic, slots, slots.say(plan.title)
            if len(self._titles) == before:
                raise ValueError("The demo's templates give too few titles; add docs to a topic.")

    def _titled(self, plan: DocPlan, topic: Topic) -> Slots | None:
        for _ in range(_TRIES):
            slots = self._slots(topic, self._moment(), {})
            title = slots.say(plan.title)
            if title not in self._titles:
                self._titles.add(title)
                return slots
        return None

    def _moment(self) -> datetime:
        days = 2 + int(_MOST_DAYS * self._chance.random() ** 1.4)
        return self._origin - timedelta(days=days) + timedelta(seconds=self._chance.randint(9 * 3600, 18 * 3600))

    def _slots(self, topic: Topic, moment: datetime, known: Mapping[str, str]) -> Slots:
        words = {**self._shared, **topic.words}
        fixed = {"prefix": topic.key, "domain": str(self._tenant.facts["domain"])}
        return Slots(words, moment, self._chance, {**fixed, **known})

    def _write(self, number: int, plan: DocPlan, topic: Topic, slots: Slots, title: str) -> None:
        owner, reader = self._people(topic)
        known = {name: value for name, value in slots.items() if name in topic.words or name in self._shared}
        known |= {"title": title, "a": owner.name, "b": reader.name}
        created = slots.moment
        longest = max(1, (self._origin - created) // timedelta(hours=1) - 24)
        updated = created + timedelta(hours=int(longest * self._chance.random() ** 3))
        identity = f"doc-{self._tenant.facts['prefix']}{number:04}"
        data: dict[str, Any] = {
            "id": identity,
            "title": title,
            "body": self._body(plan, topic, created, known),
            "kind": plan.kind,
            "owner_id": owner.id,
            "department_ids": plan.departments or topic.departments[:1],
            "allow": plan.allow,
            "created_at": stamp(created),
            "updated_at": stamp(updated),
            "url": f"https://docs.{self._tenant.facts['domain']}/{identity}",
        }
        data |= {"folder_id": plan.folder} if plan.folder else {}
        data |= {"deny": plan.deny} if plan.deny else {}
        self._log.upsert(self._tenant.id, "doc", updated, data)

    def _people(self, topic: Topic) -> tuple[Person, Person]:
        able = [person for person in self._tenant.within(topic.departments[:1]) if not (person.intern or person.left)]
        owner, reader = self._chance.sample(able, 2)
        return owner, reader

    def _body(self, plan: DocPlan, topic: Topic, moment: datetime, known: Mapping[str, str]) -> str:
        """Return the body's paragraphs: each fact once, in random order, spread under the form's headings."""
        form = self._forms[plan.form]
        chance = self._chance
        told = plan.facts or topic.facts
        facts = chance.sample(told, len(told))
        slots = self._slots(topic, moment, known)
        parts = [slots.say(chance.choice(form["open"]))]
        for index, head in enumerate(form["heads"]):
            mine = facts[index :: len(form["heads"])]
            parts.append("\n".join([head, *(self._slots(topic, moment, known).say(fact) for fact in mine)]))
        if plan.form == "sheet":
            parts.append(self._table(topic, moment))
        return "\n\n".join([*parts, slots.say(chance.choice(form["close"]))])

    def _table(self, topic: Topic, moment: datetime) -> str:
        rows = ["项目\t本期\t上期\t变动"]
        names = next(iter(topic.words.values()))
        rows += [self._slots(topic, moment, {}).say(f"{name}\t{{amount}}\t{{amount2}}\t{{pct}}") for name in names]
        return "\n".join(rows)
