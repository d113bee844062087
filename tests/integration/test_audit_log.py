"""The audit log of the real API and of the real command line, read from the file that they write."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apikit
import kit
import pytest
import structlog
from apikit import GATEWAY_SECRET, Api, Company
from opensearchpy import AsyncOpenSearch

from search.access.identity.gateway import sign
from search.core import log
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker
from search.localstack.children import environment

KEY = "a-key-of-the-audit-log-32-bytes!!"
QUERY = "裁员名单 2026"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Where the lines of this process go, with everything else left out."""
    file = tmp_path / "audit.log"
    log.configure("CRITICAL", stream=io.StringIO(), audit_file=file)
    yield file
    log.configure("CRITICAL", stream=io.StringIO())
    structlog.reset_defaults()


def raw(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw(file)]


def hashed(query: str) -> str:
    return hmac.new(KEY.encode(), query.encode(), hashlib.sha256).hexdigest()


def told(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["outcome"], line["reason"], line["status"], line["what"]["action"], line["who"]["user"]


@pytest.fixture(scope="module")
def audited(settings: Settings) -> Settings:
    return kit.changed(settings, **{"audit.key": KEY, "audit.text_tenants": "open"})


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """Somebody who may search docs alone."""
    company = Company(api, broker, engine)
    company.role(["search.docs"], id="default")
    company.user("陈晨", id="u-1")
    await company.arrive()
    return company


async def test_denied_calls_leave_a_line_without_what_was_searched_for(
    audited: Settings, world: Endpoints, acme: Company, file: Path
) -> None:
    async with apikit.running(audited, world, GATEWAY_SECRET) as api:
        await api.ready()
        assert (await api.get("u-1", q=QUERY)).status_code == 200
        assert (await api.get("u-1", q=QUERY, verticals="messages")).status_code == 403
        assert (await api.post("u-1", {"q": QUERY, "verticals": "apps"})).status_code == 403
        assert (await api.get("nobody", q=QUERY)).status_code == 403
        target = f"/v1/search?q={quote(QUERY)}"
        forged = sign("f" * 32, "GET", target, user="u-1", tenant="acme")
        assert (await api.http.get(target, headers=forged)).status_code == 401
        assert (await api.http.get(target)).status_code == 401
    lines = read(file)
    assert [told(line) for line in lines] == [
        ("denied", "ModuleMissing", 403, "search", "u-1"),
        ("denied", "ModuleMissing", 403, "search", "u-1"),
        ("denied", "CallerNotActive", 403, "search", "nobody"),
        ("denied", "Unauthenticated", 401, "search", None),
        ("denied", "CredentialsMissing", 401, "search", None),
    ]
    assert [line["what"]["target"] for line in lines[:3]] == [{"verticals": "messages"}, {"verticals": "apps"}, {}]
    assert [line["query_hash"] for line in lines] == [hashed(QUERY)] * 3 + [None] * 2
    assert {line["logger"] for line in lines} == {"search.audit"}
    assert not any(text in line for text in (QUERY, quote(QUERY)) for line in raw(file))


async def test_who_asks_too_often_leaves_a_line(audited: Settings, world: Endpoints, acme: Company, file: Path) -> None:
    once = kit.changed(audited, **{"rates.caller": "1 per day"})
    async with apikit.running(once, world, GATEWAY_SECRET) as api:
        await api.ready()
        statuses = [(await api.get("u-1", q=QUERY)).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]
    assert [told(line) for line in read(file)] == [("denied", "TooManyRequests", 429, "search", "u-1")] * 2


async def test_a_tenant_that_turned_texts_on_has_them(audited: Settings, world: Endpoints, file: Path) -> None:
    async with apikit.running(audited, world, GATEWAY_SECRET) as api:
        await api.ready()
        for tenant in ("open", "acme"):
            assert (await api.get("nobody", q=QUERY, tenant=tenant)).status_code == 403
    assert [(line["query"], line["query_hash"]) for line in read(file)] == [
        (QUERY, hashed(QUERY)),
        (None, hashed(QUERY)),
    ]


async def test_the_line_and_the_answer_share_the_request_s_id(audited: Settings, world: Endpoints, file: Path) -> None:
    async with apikit.running(audited, world, GATEWAY_SECRET) as api:
        answer = await api.http.get("/v1/search")
    assert [line["request_id"] for line in read(file)] == [answer.headers["x-request-id"]]


class TestCommandLine:
    """`office-search` as a process, as an admin runs it."""

    def run(self, world: Endpoints, file: Path, *arguments: str) -> int:
        chosen = environment(world, audit_file=str(file), audit_key=KEY, log_level="CRITICAL")
        command = [sys.executable, "-m", "search.cli", *arguments]
        return subprocess.run(command, env=os.environ | chosen, capture_output=True, check=False).returncode

    def test_loading_and_reindexing_are_written_down(
        self, world: Endpoints, indexers: None, acme: Company, tmp_path: Path
    ) -> None:
        file, events = tmp_path / "audit.log", tmp_path / "two\nlines.ndjson"
        events.write_bytes(kit.event("user", kit.user("u-9", "新人"), tenant="acme"))
        assert self.run(world, file, "load", str(events)) == 0
        assert self.run(world, file, "reindex", "nonsense") == 1
        assert self.run(world, file, "load", str(tmp_path / "absent")) != 0
        lines = read(file)
        assert [(one["what"]["action"], one["outcome"]) for one in lines] == [
            ("admin.load", "allowed"),
            ("admin.reindex", "failed"),
            ("admin.load", "failed"),
        ]
        assert lines[0]["what"]["target"]["files"].endswith("two\\nlines.ndjson")
        assert lines[1]["what"]["target"]["vertical"] == "nonsense"
        assert lines[1]["reason"]
        for line in lines:
            assert line["who"]["mode"] == "command line"
            assert line["who"]["user"]
            assert line["who"]["host"]
            assert line["what"]["route"] is None
