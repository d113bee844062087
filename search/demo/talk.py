"""Messages of the demo companies: conversations made of scenes, each about one subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from search.demo.event_log import EventLog, stamp
from search.demo.people import Person, Tenant
from search.demo.rooms import Room
from search.demo.slots import CHINA, Slots, dice

_ACK = 0.16
_SCREENSHOT = 0.025
_TRIES = 8
_CALL = re.compile(r"^@\{[ab]\} ")
_MIME = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "csv": "text/csv",
    "log": "text/plain",
    "html": "text/html",
    "png": "image/png",
    "jpg": "image/jpeg",
}


@dataclass(frozen=True)
class _Line:
    """A message before it is sent. `text`: `template` with its slots filled."""

    text: str
    template: str
    slots: Slots
    ack: bool = False


class Talk:
    """Fills a tenant's conversations with a given number of messages."""

    def __init__(
        self, log: EventLog, tenant: Tenant, shared: Mapping[str, Sequence[str]], acks: list[str], seed: int
    ) -> None:
        self._log = log
        self._tenant = tenant
        self._shared = shared
        self._acks = acks
        self._chance: Random = dice(seed, f"talk-{tenant.id}")
        self._said: set[str] = set()
        self._sent = 0

    def fill(self, rooms: list[Room], count: int) -> None:
        """Send exactly `count` messages, spread by the conversations' weights."""
        for room, share in zip(rooms, shares([room.plan.weight for room in rooms], count), strict=True):
            self._room(room, share)

    def _room(self, room: Room, count: int) -> None:
        left = count
        while left > 0:
            moment = self._moment(room)
            for line, sender in self._thread(room, moment, left):
                self._send(room, sender, moment, line)
                moment += timedelta(seconds=self._chance.randint(20, 700))
                left -= 1

    def _moment(self, room: Room) -> datetime:
        """Return a working hour while the conversation was open; recent ones are more likely."""
        span = (room.closed - room.opened).days - 2
        day = room.closed.astimezone(CHINA) - timedelta(days=1 + int(span * self._chance.random() ** 1.7))
        while day.weekday() > 4 and self._chance.random() < 0.9:
            day -= timedelta(days=1)
        return day.replace(hour=9, minute=0) + timedelta(seconds=self._chance.randint(0, 9 * 3600))

    def _thread(self, room: Room, moment: datetime, most: int) -> Iterator[tuple[_Line, Person]]:
        """Yield at most `most` lines with their senders."""
        present = [member.person for member in room.members if member.present(moment)]
        if not present:
            return
        voices = self._chance.sample(present, min(len(present), self._chance.randint(2, 5)))
        last: Person | None = None
        for line in self._lines(room, moment, voices)[:most]:
            named = [person for person in voices if f"@{person.name}" in line.text]
            able = [person for person in voices if person is not last and person not in named]
            last = self._chance.choice(able or voices)
            yield line, last

    def _lines(self, room: Room, moment: datetime, voices: list[Person]) -> list[_Line]:
        """Return a scene's lines, without those whose text has been said before."""
        scene, chance = self._chance.choice(room.topic.scenes), self._chance
        lines = [self._opening(scene.open, room, moment, voices)]
        slots = lines[0].slots
        for index in sorted(chance.sample(range(len(scene.talk)), chance.randint(1, len(scene.talk)))):
            lines.append(_line(scene.talk[index], slots, room))
            if chance.random() < _ACK:
                lines.append(replace(_line(chance.choice(self._acks), slots, room), ack=True))
        if chance.random() < 0.6:
            lines.append(_line(chance.choice(scene.close), slots, room))
        unsaid = [line for line in lines if line.ack or line.text not in self._said]
        self._said |= {line.text for line in lines}
        return unsaid

    def _opening(self, openings: list[str], room: Room, moment: datetime, voices: list[Person]) -> _Line:
        """Return an opening line, if possible one whose text has not been said before."""
        for _ in range(_TRIES):
            line = _line(self._chance.choice(openings), self._slots(room, moment, voices), room)
            if line.text not in self._said:
                break
        return line

    def _slots(self, room: Room, moment: datetime, voices: list[Person]) -> Slots:
        facts = self._tenant.facts
        if room.plan.kind == "direct":
            voices = self._chance.sample(self._tenant.within(room.topic.departments), 2)
        names = [person.name for person in voices] * 2
        known = {"a": names[0], "b": names[1], "prefix": room.topic.key, "domain": str(facts["domain"])}
        return Slots({**self._shared, **room.topic.words}, moment, self._chance, known)

    def _send(self, room: Room, sender: Person, moment: datetime, line: _Line) -> None:
        self._sent += 1
        data: dict[str, Any] = {
            "id": f"m-{self._tenant.facts['prefix']}{self._sent:05}",
            "conversation_id": room.id,
            "sender_id": sender.id,
            "kind": "text",
            "text": line.text,
            "sent_at": stamp(moment),
        }
        self._dress(data, line)
        mentioned = [member.person.id for member in room.members if f"@{member.person.name}" in data["text"]]
        if mentioned:
            data["mentions"] = mentioned
        changed = moment
        if data["kind"] == "text" and self._chance.random() < 0.02:
            changed = moment + timedelta(seconds=self._chance.randint(30, 600))
            data["edited_at"] = stamp(changed)
        self._log.upsert(self._tenant.id, "message", changed, data)

    def _dress(self, data: dict[str, Any], line: _Line) -> None:
        """Add what goes with the text: a card, a file, a link or a screenshot."""
        if line.template.startswith("card|"):
            data |= _card(line.text)
        elif "{file}" in line.template:
            data |= {"kind": "file", "attachments": [self._attachment(line.slots["file"])]}
        elif line.ack and self._chance.random() < _SCREENSHOT / _ACK:
            name = f"截图_{self._chance.randint(1000, 9999)}.png"
            data |= {"kind": "image", "text": "[图片]", "attachments": [self._attachment(name)]}
        elif "{link}" in line.template:
            data["links"] = [line.slots["link"]]

    def _attachment(self, name: str) -> dict[str, Any]:
        mime = _MIME.get(name.rpartition(".")[2], "application/octet-stream")
        return {"name": name, "mime": mime, "size": self._chance.randint(8_000, 9_000_000)}


def _line(template: str, slots: Slots, room: Room) -> _Line:
    if room.plan.kind == "direct":
        # Two people alone do not address each other by name; a name in their messages is a third person's.
        template = _CALL.sub("", template).replace("@{", "{")
    return _Line(slots.say(template), template, slots)


def _card(text: str) -> dict[str, Any]:
    """Return the card of `card|title|name=value|…`, with a text for clients that cannot show cards."""
    _, title, *entries = text.split("|")
    fields = [dict(zip(("name", "value"), entry.split("=", 1), strict=True)) for entry in entries]
    return {"kind": "card", "text": title, "card": {"title": title, "fields": fields}}


def shares(weights: Sequence[float], total: int) -> list[int]:
    """Return whole numbers in proportion to the weights that add up to `total`."""
    bounds = [round(total * sum(weights[:index]) / sum(weights)) for index in range(len(weights) + 1)]
    return [upper - lower for lower, upper in pairwise(bounds)]
