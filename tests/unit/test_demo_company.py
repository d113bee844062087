"""The demo: its company keeps the contract and shows two callers different things, and its page is served safely."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI

from search.demo.company import Company, DemoCaller, generate, write
from search.demo.routes import router

NOW = date(2026, 3, 2)
Entities = dict[tuple[str, str], dict[str, dict[str, Any]]]

STREAMS = {
    "changes.messages": {"message"},
    "changes.contacts": {"user", "department", "conversation"},
    "changes.docs": {"doc"},
    "changes.apps": {"app"},
    "changes.access": {"member", "role"},
    "changes.usage": {"usage"},
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Per entity: fields that must be there, and fields that may be; the type of each.
FIELDS: dict[str, tuple[dict[str, type], dict[str, type]]] = {
    "user": (
        {"id": str, "name": str, "department_ids": list, "status": str},
        dict.fromkeys(("english_name", "employee_no", "email", "phone", "title", "manager_id"), str)
        | {"aliases": list, "visible_to": list},
    ),
    "department": ({"id": str, "name": str}, {"parent_id": str}),
    "conversation": (
        {"id": str, "kind": str, "history": str, "public": bool, "archived": bool},
        {"name": str, "owner_id": str},
    ),
    "message": (
        {"id": str, "conversation_id": str, "sender_id": str, "kind": str, "text": str, "sent_at": str},
        {"edited_at": str, "mentions": list, "attachments": list, "links": list, "card": dict},
    ),
    "doc": (
        dict.fromkeys(("id", "title", "body", "kind", "owner_id", "created_at", "updated_at"), str) | {"allow": list},
        {"folder_id": str, "department_ids": list, "deny": list, "url": str},
    ),
    "app": (
        dict.fromkeys(("id", "name", "description", "kind", "category", "published_at"), str) | {"allow": list},
        {"tags": list, "developer": str, "department_ids": list, "deny": list, "url": str}
        | {"discoverable": list, "request_url": str},
    ),
    "member": ({"scope": str, "principal": str}, {"since": str, "until": str}),
    "role": ({"id": str, "name": str, "modules": list}, {"department_ids": list}),
    "usage": ({"user_id": str, "app_id": str, "action": str, "at": str}, {"value": int}),
}
CHOICES = {
    ("conversation", "kind"): {"direct", "group", "channel"},
    ("conversation", "history"): {"all", "since_join"},
    ("message", "kind"): {"text", "file", "card", "image", "system"},
    ("app", "kind"): {"mini_program", "web", "bot", "service_account"},
    ("user", "status"): {"active", "disabled"},
    ("usage", "action"): {"open", "install", "uninstall", "rate"},
}


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(now=NOW)


@pytest.fixture(scope="module")
def entities(company: Company) -> Entities:
    return state_of(company)


def state_of(company: Company) -> Entities:
    """(tenant, entity) → subject → data."""
    found: Entities = {}
    for event in events(company):
        place = found.setdefault((event["tenant"], entity_of(event)), {})
        assert event["subject"] not in place, "each entity is said once"
        place[event["subject"]] = event["data"]
    return found


def events(company: Company) -> Iterator[dict[str, Any]]:
    for stream in company.events.values():
        yield from map(json.loads, stream)


def entity_of(event: dict[str, Any]) -> str:
    return str(event["type"]).split(".")[1]


def of_kind(entities: Entities, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(tenant, data) for (tenant, entity), found in entities.items() if entity == kind for data in found.values()]


def test_events_keep_the_contract(company: Company) -> None:
    assert set(company.events) == set(STREAMS)
    for stream, kinds in STREAMS.items():
        versions = []
        for event in map(json.loads, company.events[stream]):
            kind = entity_of(event)
            assert kind in kinds
            assert event["type"] == f"office.{kind}.{'recorded' if kind == 'usage' else 'upserted'}"
            assert event["specversion"] == "1.0"
            assert event["datacontenttype"] == "application/json"
            assert re.fullmatch(r"[a-z0-9-]{1,40}", event["tenant"])
            assert re.fullmatch(r"[A-Za-z0-9._|:*-]{1,128}", event["subject"])
            assert TIME.fullmatch(event["time"])
            moment = datetime.fromisoformat(event["time"])
            assert event["sequence"] == str(int(moment.timestamp() * 1000))
            versions.append(int(event["sequence"]))
            check_fields(kind, event)
        assert versions == sorted(versions)
        assert versions[-1] / 1000 < datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC).timestamp()


def check_fields(kind: str, event: dict[str, Any]) -> None:
    data = event["data"]
    required, optional = FIELDS[kind]
    assert required.keys() <= data.keys() <= (required | optional).keys()
    for name, value in data.items():
        assert isinstance(value, (required | optional)[name]), (kind, name)
        assert value in CHOICES.get((kind, name), {value} if isinstance(value, str) else [value])
        if name.endswith("_at") or name in ("at", "since", "until"):
            assert TIME.fullmatch(value)
        if isinstance(value, str):
            assert value.strip(), (kind, name)
            assert "{" not in value, "a slot was left unfilled"
    if kind == "member":
        assert event["subject"] == f"{data['scope']}|{data['principal']}"
    elif kind != "usage":
        assert event["subject"] == data["id"]


def test_references_resolve(entities: Entities) -> None:
    def known(tenant: str, kind: str, identity: str) -> bool:
        return identity in entities[tenant, kind]

    scopes = {(tenant, data["scope"]) for tenant, data in of_kind(entities, "member")}

    def principal(tenant: str, text: str) -> bool:
        kind, _, identity = text.partition(":")
        return text == "tenant:*" or (tenant, text) in scopes or known(tenant, kind, identity)

    for tenant, user in of_kind(entities, "user"):
        assert all(known(tenant, "department", department) for department in user["department_ids"])
        assert known(tenant, "user", user.get("manager_id", user["id"]))
        assert all(principal(tenant, text) for text in user.get("visible_to", ()))
    for tenant, department in of_kind(entities, "department"):
        assert known(tenant, "department", department.get("parent_id", department["id"]))
    for tenant, message in of_kind(entities, "message"):
        assert known(tenant, "conversation", message["conversation_id"])
        assert all(known(tenant, "user", user) for user in (message["sender_id"], *message.get("mentions", ())))
    for kind in ("doc", "app"):
        for tenant, data in of_kind(entities, kind):
            assert all(principal(tenant, text) for text in data["allow"] + data.get("deny", []))
            assert "folder_id" not in data or (tenant, f"folder:{data['folder_id']}") in scopes
            assert all(known(tenant, "department", department) for department in data.get("department_ids", ()))
    for tenant, doc in of_kind(entities, "doc"):
        assert known(tenant, "user", doc["owner_id"])
        assert doc["created_at"] <= doc["updated_at"]
    for tenant, member in of_kind(entities, "member"):
        assert principal(tenant, member["principal"])
        kind, _, identity = member["scope"].partition(":")
        assert kind in ("group", "folder") or known(tenant, kind, identity)
    for tenant, usage in of_kind(entities, "usage"):
        assert known(tenant, "user", usage["user_id"])
        assert known(tenant, "app", usage["app_id"])


def test_who_speaks_is_inside(entities: Entities) -> None:
    """Rooms that a group fills have one membership; everywhere else the sender has one, in force at the time."""
    outside = 0
    for (tenant, kind), messages in entities.items():
        members = entities[tenant, "member"]
        for message in messages.values() if kind == "message" else ():
            scope = f"conversation:{message['conversation_id']}"
            mine = members.get(f"{scope}|user:{message['sender_id']}")
            if mine is None:
                outside += f"{scope}|group:g-albatross" not in members and f"{scope}|group:g-pricing" not in members
            else:
                assert mine["since"] <= message["sent_at"]
                # A thread that somebody was part of may end minutes after they left.
                assert message["sent_at"][:10] <= mine.get("until", message["sent_at"])[:10]
    assert outside == 0


def test_as_large_and_varied_as_promised(entities: Entities) -> None:
    counts = Counter(kind for (_, kind), found in entities.items() for _ in found)
    expected = {"user": 300, "department": 20, "conversation": 80, "message": 5000, "doc": 200, "app": 60}
    assert {kind: counts[kind] for kind in expected} == expected
    assert counts["usage"] > 2000

    users = [data for _, data in of_kind(entities, "user")]
    assert Counter(data["name"] for data in users).most_common(1)[0][1] >= 3
    assert 3 <= sum(data["status"] == "disabled" for data in users) <= 15
    assert 2 <= sum("visible_to" in data for data in users) <= 8
    for name in ("email", "employee_no", "phone"):
        assert len({data[name] for data in users}) == len(users)

    rooms = [data for _, data in of_kind(entities, "conversation")]
    assert {data["kind"] for data in rooms} == {"direct", "group", "channel"}
    assert all(
        any(test(data) for data in rooms)
        for test in (
            lambda data: data["public"],
            lambda data: data["archived"],
            lambda data: data["history"] == "since_join",
        )
    )

    messages = [data for _, data in of_kind(entities, "message")]
    assert {"text", "file", "card", "image"} <= {data["kind"] for data in messages}
    assert len({data["text"] for data in messages}) > 4000
    docs = [(tenant, data["title"]) for tenant, data in of_kind(entities, "doc")]
    assert len(set(docs)) == len(docs)


def test_each_pair_of_seed_and_day_gives_one_company(company: Company, tmp_path: Path) -> None:
    assert generate(now=NOW) == company
    assert generate(seed=7, now=NOW).events != company.events
    paths = write(company, tmp_path / "out")
    assert sorted(path.name for path in paths) == sorted(f"{stream}.ndjson" for stream in STREAMS)
    assert (tmp_path / "out" / "changes.docs.ndjson").read_bytes().splitlines() == company.events["changes.docs"]


def test_quick_enough_to_wait_for() -> None:
    started = time.process_time()
    generate(now=NOW)
    assert time.process_time() - started < 3


@pytest.mark.parametrize("now", [NOW, date(2026, 7, 19), date(2026, 10, 5), date(2027, 1, 1)])
def test_every_example_finds_something(now: date) -> None:
    company = generate(now=now)
    entities = state_of(company)
    for caller in company.callers:
        reader = Reader(entities, caller)
        assert [example for example in caller.examples if not reader.find(example)] == [], caller.name


def test_callers_see_different_things(company: Company, entities: Entities) -> None:
    readers = {caller.name: Reader(entities, caller) for caller in company.callers}
    for query, able, unable in [
        ("薪酬带宽", "周文静", "林晓舟"),
        ("信天翁", "沈国梁", "何子涵"),
        ("K8s集群", "林晓舟", "周文静"),
        ("折扣审批", "郑嘉豪", "林晓舟"),
    ]:
        assert len(readers[able].find(query)) > 3 * len(readers[unable].find(query)), query
    assert readers["何子涵"].find("信天翁") == []
    found = {name: {entity["id"] for entity in reader.find("预算")} for name, reader in readers.items()}
    assert len({frozenset(ids) for ids in found.values()}) == len(found)
    assert not found["苏禾"] & found["沈国梁"]


class Reader:
    """A plain reading of the contract's rules, to be held against: containment of every word, no ranking."""

    def __init__(self, entities: Entities, caller: DemoCaller) -> None:
        self.state = {kind: found for (tenant, kind), found in entities.items() if tenant == caller.tenant}
        self.user = caller.user
        self.since = self.principals()

    def principals(self) -> dict[str, str]:
        """Principal → since when, with nested scopes; memberships that have ended count for nothing."""
        found = {"tenant:*": "", "role:default": "", f"user:{self.user}": ""}
        department = self.state["user"][self.user]["department_ids"][0]
        while department:
            found[f"department:{department}"] = ""
            department = self.state["department"][department].get("parent_id")
        for _ in range(4):
            for member in self.state["member"].values():
                if member["principal"] in found and "until" not in member:
                    since = max(found[member["principal"]], member["since"])
                    found[member["scope"]] = min(found.get(member["scope"], since), since)
        return found

    def allowed(self, kind: str, data: dict[str, Any]) -> bool:
        if kind == "message":
            room = self.state["conversation"][data["conversation_id"]]
            since = self.since.get(f"conversation:{room['id']}")
            mine = since is not None and (room["history"] == "all" or since <= data["sent_at"])
            return bool(room["public"] or mine)
        if kind == "conversation":
            return bool(data["public"] or f"conversation:{data['id']}" in self.since)
        if data.get("owner_id") == self.user:
            return True
        folder = [f"folder:{data['folder_id']}"] if "folder_id" in data else []
        denied = any(text in self.since for text in data.get("deny", ()))
        return not denied and any(text in self.since for text in data["allow"] + folder)

    def find(self, query: str) -> list[dict[str, Any]]:
        words = query.split()
        wanted = dict(word.split(":", 1) for word in words if ":" in word)
        found = []
        modules = {
            name for key, role in self.state["role"].items() if f"role:{key}" in self.since for name in role["modules"]
        }
        for kind in ("message", "doc", "app", "conversation"):
            module = "search.contacts" if kind == "conversation" else f"search.{kind}s"
            for data in self.state[kind].values() if module in modules else ():
                text = f"{data}"
                if (
                    all(word in text for word in words if ":" not in word)
                    and self.meets(kind, data, wanted)
                    and self.allowed(kind, data)
                ):
                    found.append(data)
        return found

    def meets(self, kind: str, data: dict[str, Any], wanted: dict[str, str]) -> bool:
        if "in" in wanted:
            room = self.state["conversation"].get(data.get("conversation_id", ""), {})
            return room.get("name") == wanted["in"]
        if "has" in wanted:
            return kind == "message" and "attachments" in data
        return "type" not in wanted or (kind == "doc" and data["kind"] == wanted["type"])


@pytest.fixture
async def client(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router(company.callers, "k" * 40, "demo", ttl_s=60))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


async def test_each_caller_gets_a_token_of_their_own(company: Company, client: httpx.AsyncClient) -> None:
    callers = (await client.get("/demo/callers")).json()
    assert [(one["tenant"], one["user"]) for one in callers] == [(one.tenant, one.user) for one in company.callers]
    for one in callers:
        claims = jwt.decode(one["token"], "k" * 40, algorithms=["HS256"], audience="demo")
        assert (claims["tenant"], claims["sub"], claims["scope"]) == (one["tenant"], one["user"], "search")
        assert claims["exp"] - claims["iat"] == 60
        assert set(one["role"]) == {"zh", "en"}


async def test_the_page_keeps_a_strict_content_security_policy(client: httpx.AsyncClient) -> None:
    """Whatever the page names is served, with its type; nothing is inline, nothing comes from elsewhere."""
    page = await client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?://", page.text)
    pending, seen = re.findall(r'(?:src|href)="([\w.]+\.\w+)"', page.text), set[str]()
    while pending:
        name = pending.pop()
        answer = await client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["cache-control"] == "no-cache"
        if name.endswith(".js") and name not in seen:
            assert answer.headers["content-type"].startswith("text/javascript")
            assert "innerHTML =" not in answer.text
            pending += re.findall(r'from "\./([\w.]+)"', answer.text)
        seen.add(name)
    assert seen >= {"app.js", "style.css", "icon.svg", "column.js", "hits.js"}
