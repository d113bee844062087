"""`office-search eval known-items` on a company of a few people: its figures, its leaks, its exit status."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import kit
import orjson
import pytest
from opensearchpy import AsyncOpenSearch
from pydantic import SecretStr
from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.errors import ConfigurationError, OfficeSearchError
from search.core.settings import GatewaySettings, IdentitySettings, Settings
from search.core.streams.port import Broker
from search.evaluate.api_client import ApiClient
from search.evaluate.known_items import run_known_items
from search.localstack.children import Child, environment, running
from search.localstack.ports import LOOPBACK, choose_port

SECRET = "evaluation-gateway-secret-of-36-chars"
TENANT = "evaluation"
MESSAGE = kit.message("m-1", "搜索中台的预算评审改到周五", conversation_id="c-1", sender_id="u-1")
EVENTS = {
    "changes.contacts": [
        ("user", kit.user("u-1", "王芳")),
        ("user", kit.user("u-2", "李雷")),
        ("user", kit.user("u-3", "韩梅", status="disabled")),
        ("conversation", kit.conversation("c-1", "搜索中台项目群")),
    ],
    "changes.access": [
        ("member", kit.member("conversation:c-1", "user:u-1")),
        ("role", kit.role(modules=["search.messages", "search.contacts", "search.docs"])),
    ],
    "changes.messages": [("message", MESSAGE)],
    "changes.docs": [("doc", kit.doc("d-1", "预算评审纪要", "预算减半", owner_id="u-2", allow=["user:u-2"]))],
}
SEEN, HIDDEN = {"vertical": "messages", "id": "m-1"}, {"vertical": "docs", "id": "d-1"}


def question(id: str, user: str, q: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "tenant": TENANT, "user": user, "q": q, **more}


KNOWN_ITEMS = [
    question("person-1", "u-2", "王芳", want=[{"vertical": "contacts", "id": "u-1"}], kind="person_exact"),
    question("message-1", "u-1", '"预算评审"', want=[SEEN], kind="message_phrase"),
    question("message-2", "u-2", '"预算评审"', want=[SEEN], kind="message_phrase"),
]
NEGATIVES = [
    question("not_a_member-1", "u-2", "预算评审", must_not=[SEEN], rule="not_a_member"),
    question("doc_owner_only-1", "u-1", "预算评审", must_not=[HIDDEN], rule="doc_owner_only"),
    question("disabled_user-1", "u-3", "预算", must_not=[], rule="disabled_user", expect=403),
    question("unknown_user-1", "u-9", "预算", must_not=[], rule="unknown_user", expect=403),
    question("module_denied-1", "u-1", "计算器", must_not=[], rule="module_denied", denied=["apps"]),
]
PLANTED = question("planted-1", "u-1", "预算评审", must_not=[SEEN], rule="planted")


def write(folder: Path, negatives: Iterable[object]) -> Path:
    """A company's folder: event files, known items, negatives."""
    for stream, events in EVENTS.items():
        lines = [kit.event(entity, data, tenant=TENANT) for entity, data in events]
        (folder / f"{stream}.ndjson").write_bytes(b"\n".join(lines))
    (folder / "queries.jsonl").write_bytes(b"\n".join(map(orjson.dumps, KNOWN_ITEMS)))
    (folder / "negative.jsonl").write_bytes(b"\n".join(map(orjson.dumps, negatives)))
    return folder


def silent() -> Console:
    return Console(file=io.StringIO())


def test_a_service_of_its_own_and_a_leak_that_is_counted(tmp_path: Path) -> None:
    data, report = write(tmp_path, [*NEGATIVES, PLANTED]), tmp_path / "report.json"
    command = [sys.executable, "-m", "search.cli", "eval", "known-items", "--data", str(data), "--json", str(report)]
    # Settings for another engine, broker or identity must not reach a service of its own.
    foreign = {
        "OFFICE_SEARCH_BROKER_TOKEN": "foreign",
        "OFFICE_SEARCH_GATEWAY_SECRETS": "of-another-service-altogether!!",
    }
    inherited = environment(Endpoints("http://127.0.0.1:1", "nats://127.0.0.1:1"), heap="256m")
    done = subprocess.run(command, env=inherited | foreign, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found) == {"kinds", "leaks", "leaked", "load"}
    assert set(found["kinds"]["person_exact"]) == {"n", "hit1", "hit5", "mrr", "p50_ms", "p95_ms"}
    shares = {kind: [one[name] for name in ("n", "hit1", "hit5", "mrr")] for kind, one in found["kinds"].items()}
    assert shares == {"person_exact": [1, 1.0, 1.0, 1.0], "message_phrase": [2, 0.5, 0.5, 0.5]}
    assert found["leaks"] == 1
    assert [(leak["id"], leak["what"]) for leak in found["leaked"]] == [("planted-1", "messages m-1 is a hit")]
    assert found["load"]["events"] == sum(map(len, EVENTS.values()))
    assert found["load"]["seconds"] > 0
    assert "person_exact" in done.stdout
    assert "1 leak" in done.stdout


@pytest.fixture(scope="module")
async def url(
    indexers: None,
    world: Endpoints,
    engine: AsyncOpenSearch,
    broker: Broker,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[str]:
    """A service that somebody else runs, with the company in it."""
    await kit.publish(broker, [kit.event(*each, tenant=TENANT) for events in EVENTS.values() for each in events])
    await kit.settled(broker, engine)
    port = choose_port(None)
    chosen = environment(world, gateway_secrets=SECRET, api_host=LOOPBACK, api_port=str(port))
    with running("serve", chosen, tmp_path_factory.mktemp("service")) as child:
        async with ApiClient(f"http://{LOOPBACK}:{port}", SECRET) as api:

            async def ready() -> bool:
                child.check()
                return await api.ready()

            await kit.until(ready, "the API to be ready")
        yield f"http://{LOOPBACK}:{port}"


def with_secret(*secrets: str) -> Settings:
    return Settings(identity=IdentitySettings(gateway=GatewaySettings(secrets=tuple(map(SecretStr, secrets)))))


async def test_a_running_service_without_leaks(url: str, tmp_path: Path) -> None:
    data, report = write(tmp_path, NEGATIVES), tmp_path / "report.json"
    settings = with_secret(SECRET, "an-older-secret-that-is-not-used!!!!")
    leaks = await asyncio.to_thread(run_known_items, settings, data, silent(), url=url, json_file=report)
    found = json.loads(report.read_text(encoding="utf-8"))
    assert leaks == found["leaks"] == 0
    assert found["load"] == {"events": 0, "seconds": 0.0}


async def test_a_running_service_needs_a_secret(url: str, tmp_path: Path) -> None:
    data = write(tmp_path, NEGATIVES)
    with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_GATEWAY_SECRETS"):
        run_known_items(with_secret(), data, silent(), url=url, json_file=None)
    with pytest.raises(OfficeSearchError, match="refused the credentials"):
        await asyncio.to_thread(run_known_items, with_secret(SECRET[::-1]), data, silent(), url=url, json_file=None)


async def test_a_process_that_ends_says_why(tmp_path: Path) -> None:
    chosen = environment(Endpoints("http://127.0.0.1:1", "nats://127.0.0.1:1"), gateway_secrets="too-short")
    reason = r"`office-search serve` ended with status 2: .*GATEWAY_SECRETS"
    with running("serve", chosen, tmp_path) as child, pytest.raises(OfficeSearchError, match=reason):
        await kit.until(lambda: _checked(child), "the API to end")


async def _checked(child: Child) -> bool:
    child.check()
    return False
