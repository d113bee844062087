"""A mixed load: what happens in a company, what its people ask, and now and then a reindex."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson

from mappings.catalogue import Catalogue
from mappings.events import encode
from search.access.identity.gateway import sign
from search.core.errors import OfficeSearchError
from search.core.streams.port import Broker
from search.evaluate.service import Service
from search.evaluate.steadiness import Point
from search.localstack.children import environment

Event = tuple[str, dict[str, Any]]
"""(stream, event)"""

KEPT = 20_000
NEW = 2_000
"""New messages that there are at a time, so that the load adds nothing for ever: the next one replaces the oldest."""
AT_ONCE = 10
PATIENCE_S = 30.0
REINDEX_S = 600.0
SETTLED_S = 120.0
STREAM_OF = Catalogue.installed().stream_of
AGAIN = {"message", "doc", "app", "user"}
TEXTS = ("text", "title", "name")


@dataclass
class Told:
    """A company as its event files tell it: what is said again, who asks, and what they ask for."""

    again: list[Event] = field(default_factory=list)
    memberships: list[Event] = field(default_factory=list)
    users: list[tuple[str, str]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, files: Sequence[Path], dice: random.Random) -> Told:
        lines = [(file.stem, line) for file in files if "usage" not in file.stem for line in file.open("rb")]
        told = cls()
        for stream, line in dice.sample(lines, min(KEPT, len(lines))):
            told._add(stream, orjson.loads(line))
        return told

    def _add(self, stream: str, event: dict[str, Any]) -> None:
        entity, verb = event["type"].split(".")[1:]
        data, tenant = event.get("data", {}), event["tenant"]
        if verb != "upserted":
            return
        if entity == "member" and data["scope"].startswith(("conversation:", "group:")):
            self.memberships.append((stream, event))
        if entity not in AGAIN or data.get("status", "active") == "disabled":
            return
        self.again.append((stream, event))
        if entity == "user":
            self.users.append((tenant, event["subject"]))
        if entity == "message":
            self.messages.append((stream, event))
        for name in TEXTS:
            if len(text := str(data.get(name) or "")) >= 2:
                self.texts.setdefault(tenant, []).append(text)


def events(told: Told, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield what happens, without an end: new messages, recalls, members who come and go, and everything anew.

    Each event is newer than what it replaces, so that it is written.
    """
    made: deque[Event] = deque()
    left: set[int] = set()
    # Newer than any sequence of the messages that the new ones are made of, and so is each of one id than the last.
    number, base = 0, time.time_ns() // 1000
    while True:
        number += 1
        chance = dice.random()
        if chance < 0.35:
            stream, event = dice.choice(told.messages)
            id = f"soak-{number % NEW}"
            said = {**event, "subject": id, "sequence": str(base), "data": {**event["data"], "id": id}}
            made.append((stream, said))
            yield stream, newer(said, number)
        elif chance < 0.45 and made:
            stream, event = made.popleft()
            yield stream, newer(event, number, verb="deleted")
        elif chance < 0.6 and told.memberships:
            place = dice.randrange(len(told.memberships))
            left ^= {place}
            stream, event = told.memberships[place]
            yield stream, newer(event, number, verb="deleted" if place in left else "upserted")
        else:
            stream, event = dice.choice(told.again)
            yield stream, newer(event, number)
        if len(made) > NEW:
            made.popleft()


def newer(event: Mapping[str, Any], number: int, verb: str = "upserted") -> bytes:
    kind = ".".join((*event["type"].split(".")[:2], verb))
    data = event["data"] if verb == "upserted" else {}
    said = {**event, "id": f"soak-{number}", "type": kind, "data": data}
    return orjson.dumps({**said, "sequence": str(int(event["sequence"]) + number)})


async def publish(broker: Broker, told: Told, per_s: float, dice: random.Random, stop: asyncio.Event) -> int:
    """Publish at a steady rate until it is told to stop; return how many events."""
    began, sent = time.perf_counter(), 0
    publisher, happening = broker.publisher(), events(told, dice)
    while not stop.is_set():
        for _ in range(AT_ONCE):
            stream, raw = next(happening)
            await publisher.publish(stream, raw)
            sent += 1
        await asyncio.sleep(max(0.0, began + sent / per_s - time.perf_counter()))
    await publisher.flush()
    return sent


@dataclass
class Asking:
    """Requests by many users; what came of them, how long searches took, and what those said that failed."""

    service: Service
    told: Told
    began: float
    answers: list[Point] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    async def run(self, pause_s: float, dice: random.Random, stop: asyncio.Event) -> None:
        """Ask one thing after the other, with a pause between them."""
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
            while not stop.is_set():
                tenant, user = dice.choice(self.told.users)
                chance = dice.random()
                if chance < 0.9:
                    await self._search(http, tenant, user, dice)
                elif chance < 0.96:
                    about = {"vertical": "messages", "id": dice.choice(self.told.messages)[1]["subject"], "user": user}
                    await self._send(http, "/v1/admin/explain", about, tenant, admin(tenant), "explain")
                else:
                    await self._send(http, "/v1/verticals", {}, tenant, user, "verticals")
                await asyncio.sleep(pause_s * dice.uniform(0.5, 1.5))

    async def _search(self, http: httpx.AsyncClient, tenant: str, user: str, dice: random.Random) -> None:
        text = dice.choice(self.told.texts[tenant])
        start = dice.randrange(len(text) - 1)
        began = time.perf_counter()
        asked = {"q": text[start : start + dice.randint(2, 4)], "limit": "20"}
        if await self._send(http, "/v1/search", asked, tenant, user, "search"):
            ended = time.perf_counter()
            self.answers.append((ended - self.began, (ended - began) * 1000))

    async def _send(
        self, http: httpx.AsyncClient, path: str, asked: Mapping[str, str], tenant: str, user: str, kind: str
    ) -> bool:
        """Send a request and count its outcome; return whether it was answered."""
        target = f"{path}?{urlencode(asked, quote_via=quote, safe='')}" if asked else path
        headers = sign(self.service.secret, "GET", target, user=user, tenant=tenant)
        try:
            response = await http.get(self.service.url + target, headers=headers)
        except httpx.TransportError as error:
            self.outcomes[f"{kind}: {type(error).__name__}"] += 1
            return False
        is_partial = response.status_code == 200 and response.json().get("partial") is True
        self.outcomes[f"{kind}: partial" if is_partial else f"{kind}: {response.status_code}"] += 1
        if response.status_code >= 500:
            self.reasons[str(response.json().get("detail", response.status_code))] += 1
        return response.status_code == 200


async def all_answered(service: Service) -> None:
    """Wait until no tenant is behind: while thousands of events are loaded, some are set aside for a moment."""
    behind: Any = "not told"
    ends = time.perf_counter() + SETTLED_S
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        while time.perf_counter() < ends:
            response = await http.get(f"{service.url}/readyz")
            if response.status_code == 200 and not (behind := response.json()["behind"]):
                return
            service.check()
            await asyncio.sleep(0.5)
    raise OfficeSearchError(f"Not everybody is answered {SETTLED_S:.0f} s after all was loaded; behind: {behind}.")


def admin(tenant: str) -> str:
    return f"soak-admin-{tenant}"


async def appoint(broker: Broker, told: Told) -> None:
    """Give every tenant an admin who may ask for explanations."""
    now = time.time_ns() // 1000
    for tenant in sorted({tenant for tenant, _ in told.users}):
        id = admin(tenant)
        states: list[tuple[str, str, dict[str, Any]]] = [
            ("user", id, {"id": id, "name": "管理员", "department_ids": [], "status": "active"}),
            ("role", "soak-admin", {"id": "soak-admin", "name": "管理员", "modules": ["admin.explain"]}),
            ("member", f"role:soak-admin|user:{id}", {"scope": "role:soak-admin", "principal": f"user:{id}"}),
        ]
        for entity, subject, data in states:
            raw = encode(tenant, entity, subject, now, data, source="/soak", time="2026-03-02T09:15:04Z")
            await broker.publish(STREAM_OF[entity], raw)


async def reindex(service: Service, verticals: Sequence[str], every_s: float, stop: asyncio.Event) -> list[str]:
    """Reindex one vertical after the other, with pauses; return what each came to."""
    ended: list[str] = []
    while not stop.is_set():
        try:
            async with asyncio.timeout(every_s):
                await stop.wait()
        except TimeoutError:
            vertical = verticals[len(ended) % len(verticals)]
            ended.append(f"{vertical}: {await _reindex(service, vertical)}")
    return ended


async def _reindex(service: Service, vertical: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "search.cli", "reindex", vertical,
        env=environment(service.endpoints), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(REINDEX_S):
            _, said = await process.communicate()
    except TimeoutError:
        return f"not done within {REINDEX_S:.0f} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return "done" if process.returncode == 0 else said.decode(errors="replace").strip()[-200:]
