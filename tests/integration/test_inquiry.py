"""`office-search explain`: what an operator is told, and what an admin would be."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from dataclasses import replace

import kit
import orjson
import pytest
from apikit import Api, Company
from opensearchpy import AsyncOpenSearch
from rich.console import Console

from search.commands.explain import inquire
from search.core.endpoints import Endpoints
from search.core.errors import BadRequest, Forbidden
from search.core.settings import Settings
from search.core.streams.nats import connection
from search.core.streams.port import Broker
from search.explain.explainer import Inquiry
from search.explain.explanation import Explanation, Facts, Outcome
from search.localstack.children import environment

ADMIN = "u-admin"
NOWHERE = "nats://127.0.0.1:1"


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.user("管理员", id=ADMIN)
    company.role(["admin.explain"], ADMIN)
    company.user("王五", id="u-5")
    company.user("李四", id="u-4")
    company.conversation("u-5", id="c-1", name="项目群")
    company.message("c-1", "明天上午评审", id="m-1")
    company.doc("u-5", "季度预算", id="f-1", allow=["group:finance"])
    company.doc("u-5", "公开的", id="f-2", allow=["tenant:*"])
    await company.arrive()
    return company


def lines() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=160, color_system=None), written


async def told(settings: Settings, world: Endpoints, inquiry: Inquiry, admin: str = "") -> tuple[Explanation, str]:
    console, written = lines()
    return await inquire(settings, world, "acme", inquiry, console, admin=admin), written.getvalue()


AUDIT_LINES = {"audit_key": "k" * 32, "audit_file": os.devnull}


async def command(world: Endpoints, *arguments: str) -> tuple[int, str, str]:
    """(exit status, output, errors) of the command as a process of its own, whose audit log goes elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "search.cli", "explain", *arguments),
        env=environment(world, **AUDIT_LINES),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def options(**given: str) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name.rstrip('_')}", value)]


class TestTheOperator:
    async def test_is_told_everything(self, acme: Company, settings: Settings, world: Endpoints) -> None:
        denied, text = await told(settings, world, Inquiry("docs", "f-1", "u-4", "季度预算"))
        assert (denied.outcome, denied.deciding.facts) == (Outcome.DENIED, Facts(principals=("group:finance",)))
        assert denied.findings[-1].code == "matches"
        assert "u-4 → docs f-1: denied" in text
        assert denied.deciding.text in text
        assert "principals: group:finance" in text
        found, text = await told(settings, world, Inquiry("messages", "m-1", "u-5", "评审"))
        assert found.deciding.facts == Facts(rank=1, rank_of_all=1)
        assert "rank of all: 1" in text

    async def test_of_users_and_entities_that_are_not_there_too(
        self, acme: Company, settings: Settings, world: Endpoints
    ) -> None:
        assert (await told(settings, world, Inquiry("docs", "f-9", "u-4")))[0].outcome == Outcome.NOT_INDEXED
        assert (await told(settings, world, Inquiry("docs", "f-1", "u-9")))[0].deciding.code == "user_unknown"
        console, _ = lines()
        elsewhere = await inquire(settings, world, "nobody-s", Inquiry("docs", "f-1", "u-4"), console)
        assert [finding.code for finding in elsewhere.findings] == ["user_unknown", "not_indexed"]

    async def test_also_while_the_broker_is_away(
        self, acme: Company, settings: Settings, world: Endpoints, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "FIRST_CONNECTION_S", 0.2)
        console, _ = lines()
        away = replace(world, broker_url=NOWHERE)
        found = await inquire(settings, away, "acme", Inquiry("docs", "f-2", "u-4", "公开"), console)
        assert found.outcome == Outcome.FOUND
        assert all(finding.facts.behind is None for finding in found.findings)


class TestAsAnAdmin:
    async def test_they_are_told_what_they_would_be_over_http(
        self, acme: Company, settings: Settings, world: Endpoints
    ) -> None:
        for vertical, id, q in (("docs", "f-1", "预算"), ("messages", "m-1", "评审"), ("docs", "f-2", "公开")):
            console, written = lines()
            inquiry = Inquiry(vertical, id, "u-4", q)
            await inquire(settings, world, "acme", inquiry, console, admin=ADMIN, as_json=True)
            params = {"vertical": vertical, "id": id, "user_": "u-4", "q": q}
            response = await acme.api.get(ADMIN, "/v1/admin/explain", **params)
            assert orjson.loads(written.getvalue()) == response.json()

    @pytest.mark.parametrize("admin", ["u-4", "nobody"])
    async def test_without_the_module_nothing(
        self, acme: Company, settings: Settings, world: Endpoints, admin: str
    ) -> None:
        with pytest.raises(Forbidden):
            await told(settings, world, Inquiry("docs", "f-1", "u-5"), admin)


class TestTheCommand:
    async def test_json_for_machines(self, acme: Company, world: Endpoints) -> None:
        asked = options(tenant="acme", user="u-4", vertical="messages", id="m-1", q="评审")
        status, output, errors = await command(world, *asked, "--json")
        assert (status, errors) == (0, "")
        found = orjson.loads(output)
        assert (found["outcome"], found["reason"]["code"]) == ("denied", "not_a_member")
        assert found["reason"]["facts"] == {"conversation": "c-1"}

    async def test_a_table_for_humans(self, acme: Company, world: Endpoints) -> None:
        asked = options(tenant="acme", user="u-4", vertical="docs", id="f-1")
        status, output, errors = await command(world, *asked, "--as", ADMIN)
        assert (status, errors) == (0, "")
        assert "u-4 → docs f-1: denied" in output
        assert "finance" not in output

    async def test_what_cannot_be_told_is_one_sentence(self, acme: Company, world: Endpoints) -> None:
        asked = options(tenant="acme", user="u-4", vertical="docs", id="f-1")
        status, output, errors = await command(world, *asked, "--as", "u-4")
        assert (status, output) == (1, "")
        assert " ".join(errors.split()).endswith("none of your roles has the module admin.explain.")

    @pytest.mark.parametrize("tenant", ["*", "acme,other", "Acme", "", "a" * 41])
    async def test_what_is_no_tenant_is_refused(
        self, acme: Company, settings: Settings, world: Endpoints, tenant: str
    ) -> None:
        """It becomes part of an index's name, where a star would stand for all."""
        with pytest.raises(BadRequest, match="tenant"):
            await inquire(settings, world, tenant, Inquiry("docs", "f-1", "u-4"), lines()[0])

    @pytest.mark.parametrize(
        ("inquiry", "named"),
        [
            (Inquiry("secrets", "f-1", "u-4"), "vertical"),
            (Inquiry("docs", "", "u-4"), "id"),
            (Inquiry("docs", "f 1", "u-4"), "id"),
            (Inquiry("docs", "f-1", "u|4"), "user"),
        ],
    )
    async def test_what_makes_no_sense_is_refused(
        self, acme: Company, settings: Settings, world: Endpoints, inquiry: Inquiry, named: str
    ) -> None:
        with pytest.raises(BadRequest, match=f"^{named}: "):
            await told(settings, world, inquiry)
