"""The audit log: a line for each admin's call and each that is denied, with no text of a query and no false names."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import structlog
from apikit import to
from fastapi import APIRouter, Body, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from search.access import audit
from search.access.audit import Audit, Outcome, What, Who, visible
from search.access.identity import identity_modes
from search.access.identity.gateway import sign
from search.api import edge, problems
from search.api.dependencies import CallerRoute
from search.api.rates import Rates
from search.core import log
from search.core.errors import BadRequest, ConfigurationError, Forbidden, Unavailable
from search.core.settings import AuditSettings, GatewaySettings, IdentitySettings, RatesSettings

SECRET = "0123456789abcdef" * 2
KEY = b"audit-key-" * 4
QUERY = "薪酬 Q3报表"
KEYS = {"event", "log_level", "who", "what", "query", "query_hash", "outcome", "reason", "status"}
KEYS |= {"request_id", "client_request_id"}


def hashed(text: str | bytes, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode() if isinstance(text, str) else text, hashlib.sha256).hexdigest()


NOBODY = Who()
SEARCH = What("search")


def written(who: Who = NOBODY, what: What = SEARCH, **of: Any) -> dict[str, Any]:
    """The one line that is written."""
    with capture_logs() as logs:
        Audit(KEY, **of).record(who, what, Outcome("denied"))
    [line] = logs
    return dict(line)


class TestLines:
    @pytest.mark.parametrize("who", [Who(), Who("acme", "u-1", "a-1", "gateway")])
    @pytest.mark.parametrize("what", [What("search"), What("x", "GET", "/x", {"id": "f-1"}, b"q")])
    def test_every_line_has_the_same_keys(self, who: Who, what: What) -> None:
        line = written(who, what)
        assert set(line) == KEYS
        assert set(line["who"]) == {"tenant", "user", "app", "mode", "host"}
        assert set(line["what"]) == {"action", "method", "route", "target"}

    def test_a_query_is_a_keyed_hash_of_its_bytes_as_they_were_sent(self) -> None:
        line = written(what=What("search", query=QUERY.encode()))
        assert line["query_hash"] == hashed(QUERY)
        assert line["query"] is None
        assert QUERY not in str(line)
        assert written(what=What("search", query=b" \xff"))["query_hash"] == hashed(b" \xff")

    def test_no_query_has_no_hash_and_an_empty_one_has(self) -> None:
        assert written()["query_hash"] is None
        assert written(what=What("search", query=b""))["query_hash"] == hashed("")

    @pytest.mark.parametrize(("tenant", "text"), [("acme", QUERY), ("globex", None), (None, None)])
    def test_only_a_tenant_that_asked_for_it_has_texts_written_down(self, tenant: str | None, text: str | None) -> None:
        line = written(Who(tenant, "u-1"), What("search", query=QUERY.encode()), text_tenants=("acme", "initech"))
        assert line["query"] == text
        assert line["query_hash"] == hashed(QUERY)

    def test_without_a_key_hashes_hold_for_one_process_which_says_so_once(self) -> None:
        with capture_logs() as logs:
            one, other = Audit(), Audit()
            for log_of in (one, one, other):
                log_of.record(Who(), What("search", query=b"x"), Outcome("denied"))
        first, again, elsewhere = (line["query_hash"] for line in logs if line["event"] == "audit")
        assert first == again != elsewhere
        assert [line["log_level"] for line in logs if line["event"] == "audit_key_not_set"] == ["warning"] * 2

    def test_a_weak_key_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_AUDIT_KEY"):
            Audit.configured(AuditSettings(key=SecretStr("short")))

    @given(st.text(max_size=60))
    def test_whatever_is_written_can_be_seen_and_stays_on_its_line(self, text: str) -> None:
        seen = visible(text, 1000)
        assert seen.isprintable()
        assert len(seen.splitlines()) <= 1
        if text.isprintable() and "\\" not in text:
            assert seen == text

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_two_texts_never_look_alike(self, one: str, other: str) -> None:
        assert (visible(one, 1000) == visible(other, 1000)) is (one == other)

    def test_what_is_long_is_cut(self) -> None:
        line = written(Who("acme"), What("x", target={"id": "\n" * 5000}, query=b"\x00" * 5000), text_tenants=("acme",))
        assert len(line["what"]["target"]["id"]) == 200
        assert len(line["query"]) == 1000


class TestCommandLine:
    @pytest.fixture
    def settings(self) -> AuditSettings:
        return AuditSettings(key=SecretStr(KEY.decode()), text_tenants="acme")

    def test_what_is_done_leaves_one_line(self, settings: AuditSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGNAME", "somebody-else")
        monkeypatch.setenv("USER", "somebody-else")
        with (
            capture_logs() as logs,
            audit.action(settings, "admin.reindex", vertical="docs", restart=True, tenant=None),
        ):
            pass
        [line] = logs
        assert set(line) == KEYS
        assert (line["outcome"], line["reason"], line["status"]) == ("allowed", None, None)
        assert line["who"]["user"] not in (None, "", "somebody-else")
        assert line["who"]["host"]
        assert line["who"]["mode"] == "command line"
        assert line["what"]["action"] == "admin.reindex"
        assert line["what"]["target"] == {"vertical": "docs", "restart": "True"}

    @pytest.mark.parametrize(
        ("error", "outcome"),
        [(Unavailable("away"), "failed"), (Forbidden("no"), "denied"), (KeyboardInterrupt(), "failed")],
    )
    def test_what_does_not_succeed_says_why_by_its_class(
        self, settings: AuditSettings, error: BaseException, outcome: str
    ) -> None:
        with capture_logs() as logs, pytest.raises(type(error)), audit.action(settings, "admin.load", files="a b"):
            raise error
        assert [(line["outcome"], line["reason"]) for line in logs] == [(outcome, type(error).__name__)]

    @pytest.mark.parametrize(("tenant", "text"), [("acme", QUERY), ("globex", None)])
    def test_a_query_is_hashed_unless_its_tenant_has_texts_on(
        self, settings: AuditSettings, tenant: str, text: str | None
    ) -> None:
        with capture_logs() as logs, audit.action(settings, "admin.explain", tenant=tenant, user="u-1", q=QUERY):
            pass
        assert [(line["query"], line["query_hash"]) for line in logs] == [(text, hashed(QUERY))]
        assert logs[0]["what"]["target"] == {"tenant": tenant, "user": "u-1"}

    def test_nothing_is_done_under_a_weak_key(self) -> None:
        done = False
        with (
            pytest.raises(ConfigurationError),
            audit.action(AuditSettings(key=SecretStr("short")), "admin.reindex"),
        ):
            done = True
        assert not done


def application(**audited: Any) -> FastAPI:
    """Routes of an admin and of everybody, behind the real edge."""
    app = FastAPI()
    app.state.identity_modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)))
    app.state.rates = Rates.configured(RatesSettings(caller="off"), lambda: None)
    router = APIRouter(prefix="/v1", route_class=CallerRoute)

    @router.get("/admin/explain")
    async def explain(request: Request, id: str = "", q: str = "") -> dict[str, str]:
        match id:
            case "secret":
                raise Forbidden("This is not yours.")
            case "absurd":
                raise BadRequest("There is no such thing.")
            case "bug":
                raise ZeroDivisionError
        return {"id": id, "q": q}

    @router.post("/admin/things/{id}")
    async def change(id: str) -> None: ...

    @router.post("/admin/by-body")
    async def change_by_body(asked: dict[str, Any]) -> None: ...

    @router.get("/search")
    async def search() -> None:
        raise Forbidden("You may not search.")

    @router.post("/search")
    async def search_by_body(asked: Annotated[Any, Body()] = None) -> None:
        raise Forbidden("You may not search.")

    @router.get("/suggest")
    async def suggest() -> None: ...

    @router.get("/apps/{id}/similar")
    async def similar(id: str) -> None:
        raise Forbidden("You may not.")

    app.include_router(router)
    problems.install(app)
    edge.install(app, audit=Audit.configured(AuditSettings(key=SecretStr(KEY.decode()), **audited)))
    return app


Client = httpx.AsyncClient


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with to(application()) as client:
        yield client


async def lines(client: Client, method: str, target: str, body: bytes = b"", **headers: str) -> list[dict[str, Any]]:
    """The audit log's lines about one request of u-1 of acme, which the gateway has signed."""
    signed = sign(SECRET, method, target, user="u-1", tenant="acme", body=body)
    with capture_logs() as logs:
        await client.request(method, target, content=body, headers=signed | headers)
    return [dict(line) for line in logs if line["event"] == "audit"]


async def line(client: Client, method: str, target: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    [found] = await lines(client, method, target, body, **headers)
    assert set(found) == KEYS
    return found


class TestCalls:
    async def test_an_admin_s_call_tells_who_what_and_how_it_ended(self, client: Client) -> None:
        query = urlencode({"vertical": "docs", "id": "f-1", "user": "u-2", "q": QUERY, "from": "boss"})
        found = await line(client, "GET", f"/v1/admin/explain?{query}", **{"X-Request-Id": "r-1"})
        assert found["request_id"] != "r-1"
        assert found == {
            "event": "audit",
            "log_level": "info",
            "who": {"tenant": "acme", "user": "u-1", "app": None, "mode": "gateway", "host": None},
            "what": {
                "action": "admin.explain",
                "method": "GET",
                "route": "/v1/admin/explain",
                "target": {"vertical": "docs", "id": "f-1", "user": "u-2"},
            },
            "query": None,
            "query_hash": hashed(QUERY),
            "outcome": "allowed",
            "reason": None,
            "status": 200,
            "request_id": found["request_id"],
            "client_request_id": "r-1",
        }

    @pytest.mark.parametrize(
        ("id", "outcome", "reason", "status"),
        [
            ("secret", "denied", "Forbidden", 403),
            ("absurd", "failed", "BadRequest", 400),
            ("bug", "failed", "ZeroDivisionError", 500),
        ],
    )
    async def test_an_admin_s_call_that_does_not_succeed_has_its_line_too(
        self, client: Client, id: str, outcome: str, reason: str, status: int
    ) -> None:
        found = await line(client, "GET", f"/v1/admin/explain?id={id}")
        assert (found["outcome"], found["reason"], found["status"]) == (outcome, reason, status)

    async def test_so_has_one_by_a_method_that_there_is_not(self, client: Client) -> None:
        found = await line(client, "DELETE", "/v1/admin/explain")
        assert (found["outcome"], found["status"]) == ("failed", 405)

    async def test_what_stands_in_the_path_is_a_target(self, client: Client) -> None:
        found = await line(client, "POST", "/v1/admin/things/f-1?id=f-2", b'{"id": "f-3"}')
        assert found["what"] == {
            "action": "admin.things",
            "method": "POST",
            "route": "/v1/admin/things/{id}",
            "target": {"id": "f-1"},
        }

    @pytest.mark.parametrize("target", ["/v1/suggest?q=x", "/nowhere", "/v1/administrators"])
    async def test_other_calls_that_are_not_denied_leave_none(self, client: Client, target: str) -> None:
        assert await lines(client, "GET", target) == []

    @pytest.mark.parametrize("values", [("a", "b"), ("", "b"), ("a", "")])
    async def test_of_several_values_the_one_that_the_route_takes_is_written(
        self, client: Client, values: tuple[str, str]
    ) -> None:
        target = f"/v1/admin/explain?id={values[0]}&q={values[0]}&id={values[1]}&q={values[1]}"
        taken = (await client.get(target, headers=sign(SECRET, "GET", target, user="u-1", tenant="acme"))).json()
        found = await line(client, "GET", target)
        assert found["what"]["target"]["id"] == taken["id"]
        assert found["query_hash"] == hashed(taken["q"])

    async def test_a_body_that_the_route_does_not_read_hides_nothing(self, client: Client) -> None:
        body = b'{"id": "harmless", "user": "harmless", "q": "harmless"}'
        headers = {"Content-Type": "application/json"}
        found = await line(client, "GET", "/v1/admin/explain?id=f-1&user=boss&q=x", body, **headers)
        assert found["what"]["target"] == {"id": "f-1", "user": "boss"}
        assert found["query_hash"] == hashed("x")

    async def test_a_denied_call_has_its_line(self, client: Client) -> None:
        found = await line(client, "GET", f"/v1/search?{urlencode({'q': QUERY, 'verticals': 'docs'})}")
        assert (found["outcome"], found["reason"], found["status"]) == ("denied", "Forbidden", 403)
        assert (found["what"]["action"], found["what"]["target"]) == ("search", {"verticals": "docs"})
        assert found["query_hash"] == hashed(QUERY)
        assert (await line(client, "GET", "/v1/apps/a-1/similar"))["what"]["action"] == "apps.similar"

    async def test_a_query_in_a_body_has_the_same_hash(self, client: Client) -> None:
        body = json.dumps({"q": QUERY, "verticals": "docs", "limit": 5})
        assert (await line(client, "POST", "/v1/search", body.encode()))["query_hash"] == hashed(QUERY)

    @pytest.mark.parametrize("body", [b"", b"[1]", b"null", b'{"q": 1}'])
    async def test_a_body_that_says_nothing_has_no_hash(self, client: Client, body: bytes) -> None:
        assert (await line(client, "POST", "/v1/search", body))["query_hash"] is None

    @pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 50_000, b'{"id":' * 10_000])
    async def test_a_body_that_is_broken_does_no_harm(self, client: Client, body: bytes) -> None:
        found = await line(client, "POST", "/v1/admin/by-body", body, **{"Content-Type": "application/json"})
        assert found["status"] in {400, 422}
        assert found["what"]["target"] == {}

    async def test_who_asks_too_often_is_denied(self) -> None:
        app = application()
        app.state.rates = Rates.configured(RatesSettings(caller="1 per day"), lambda: None)
        async with to(app) as client:
            assert await lines(client, "GET", "/v1/suggest") == []
            found = await line(client, "GET", "/v1/suggest?q=x")
        assert (found["outcome"], found["reason"], found["status"]) == ("denied", "TooManyRequests", 429)
        assert found["who"]["user"] == "u-1"

    async def test_of_somebody_unproven_nothing_is_believed_or_kept(self, client: Client) -> None:
        signed = sign("f" * 32, "GET", "/v1/search", user="boss", tenant="acme")
        with capture_logs() as logs:
            await client.get("/v1/admin/explain?user=boss&id=f-1&q=hunter2", headers=signed)
        [found] = [one for one in logs if one["event"] == "audit"]
        assert (found["outcome"], found["reason"], found["status"]) == ("denied", "Unauthenticated", 401)
        assert set(found["who"].values()) == {None}
        assert found["what"]["target"] == {}
        assert found["query_hash"] is None
        assert "boss" not in str(found)

    async def test_a_tenant_may_have_its_texts_written_down(self) -> None:
        async with to(application(text_tenants="acme")) as client:
            found = await line(client, "GET", f"/v1/admin/explain?q={quote(QUERY)}")
        assert (found["query"], found["query_hash"]) == (QUERY, hashed(QUERY))

    async def test_the_line_is_there_before_the_answer(self) -> None:
        app, told = application(), []
        target = "/v1/admin/explain"
        headers = sign(SECRET, "GET", target, user="u-1", tenant="acme")
        scope = {"type": "http", "method": "GET", "path": target, "raw_path": target.encode(), "query_string": b""}
        scope |= {"headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            told.append(len([line for line in logs if line["event"] == "audit"]))

        with capture_logs() as logs:
            await app(scope | {"http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send)
        assert told
        assert set(told) == {1}


FORGERIES = [
    '\n{"logger": "search.audit", "outcome": "allowed"}',
    "\r\nx",
    "\u2028x",
    "\x85x",
    "\x00\x1b[2K\x1b[1Aallowed",
    "\u202etxt.exe",
    '", "outcome": "allowed", "x": "',
    "\\n",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
]


class TestForging:
    @pytest.fixture(autouse=True)
    def restored(self) -> Iterator[None]:
        yield
        structlog.reset_defaults()

    @pytest.mark.parametrize("forgery", FORGERIES)
    @pytest.mark.parametrize("pretty", [True, False])
    async def test_no_byte_of_a_parameter_makes_a_line_or_a_field(self, forgery: str | bytes, pretty: bool) -> None:
        stream = io.StringIO()
        log.configure("CRITICAL", stream=stream, pretty=pretty)
        target = "/v1/admin/explain?" + urlencode(dict.fromkeys(("vertical", "id", "user", "q"), forgery))
        signed = sign(SECRET, "GET", target, user="u-1", tenant="acme")
        async with to(application(text_tenants="acme")) as client:
            await client.get(target, headers=signed)
        [only] = stream.getvalue().splitlines()
        assert only.isprintable()
        found = json.loads(only)
        assert found["outcome"] == "allowed"
        assert found["who"]["user"] == "u-1"
        assert set(found) == (KEYS - {"log_level"}) | {"level", "logger", "timestamp"}
        sent = forgery if isinstance(forgery, bytes) else forgery.encode()
        assert found["query_hash"] == hashed(sent)
        assert found["query"] == found["what"]["target"]["id"] == visible(sent.decode("utf-8", "replace"), 200)
