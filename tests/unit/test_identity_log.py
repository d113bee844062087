"""Whatever goes wrong with credentials, none of them is ever in the log, at any level."""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from identitykit import Clock, MemoryNonces, Server, bearing, http, introspecting, listening

from search.access.identity import Caller, gateway, identity_modes
from search.access.identity.breaker import FAILURES
from search.access.identity.signed_app import NONCE, SIGNATURE, sign
from search.api import edge, problems
from search.api.dependencies import caller
from search.core import log
from search.core.errors import Unavailable
from search.core.settings import AppsSettings, GatewaySettings, IdentitySettings, IntrospectionSettings

NOW = 1_772_442_904
GATEWAY_SECRET = "hunter2-of-the-gateway-" * 2
APP_SECRET, NEXT_SECRET = "hunter2-of-an-app-" * 2, "hunter2-to-come-" * 3
CLIENT_SECRET = "hunter2-of-the-client"
TOKEN = "hunter2-token"
CLAIMS = {"sub": "u-1", "tenant": "acme", "aud": "search", "scope": "search", "exp": NOW + 600, "client_id": "notes"}

# A service that is broken in whatever way, and says back what it was sent.
ECHOES = {
    "in a status": http(b"{}", f"500 {TOKEN} {CLIENT_SECRET}"),
    "in a redirect": http(b"{}", "302 Found", f"Location: http://127.0.0.1:1/{TOKEN}\r\n"),
    "instead of HTTP": f"POST {TOKEN} {CLIENT_SECRET}\r\n\r\n".encode(),
    "in a header that is none": f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n".encode(),
    "in a length that is none": f"HTTP/1.1 200 OK\r\nContent-Length: {TOKEN}\r\n\r\n".encode(),
    "in a body": http(f'{{"active": "{TOKEN}"}}'.encode()),
    "in a body that is no JSON": http(f"{TOKEN}<html>".encode()),
    "not at all": b"",
}


@dataclass
class Site:
    """The edge, the errors and every mode, logging all there is into `written`."""

    client: httpx.AsyncClient
    server: Server
    clock: Clock
    nonces: MemoryNonces
    files: dict[str, Path]
    written: io.StringIO
    sent: set[str] = field(default_factory=set)

    async def get(self, headers: dict[str, str]) -> int:
        self.sent |= {headers[name] for name in (NONCE, SIGNATURE) if name in headers}
        return (await self.client.get("/me", headers=headers)).status_code

    def events(self) -> set[str]:
        return {json.loads(line)["event"] for line in self.written.getvalue().splitlines()}

    def assert_silent(self) -> None:
        written = self.written.getvalue()
        assert "hunter2" not in written
        assert [credential for credential in self.sent if credential in written] == []


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    stream = io.StringIO()
    log.configure("debug", stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def application(settings: IdentitySettings, nonces: MemoryNonces, clock: Clock) -> FastAPI:
    app = FastAPI()
    app.state.identity_modes = identity_modes(settings, nonces, now=lambda: NOW, clock=clock)

    @app.get("/me")
    async def me(who: Annotated[Caller, Depends(caller)]) -> str:
        return who.user

    problems.install(app)
    edge.install(app)
    return app


@pytest.fixture
async def site(tmp_path: Path, written: io.StringIO) -> AsyncIterator[Site]:
    files = {name: tmp_path / name for name in ("gateway", "apps.json", "client")}
    files["gateway"].write_text(GATEWAY_SECRET)
    files["apps.json"].write_text(json.dumps({"notes": {"secrets": [APP_SECRET], "scopes": ["search"]}}))
    files["client"].write_text(CLIENT_SECRET)
    clock, nonces = Clock(), MemoryNonces()
    async with listening() as server:
        server.answer = introspecting({TOKEN: CLAIMS, f"{TOKEN}-2": CLAIMS | {"client_id": None}})
        own: dict[str, Any] = {"url": server.url, "client_id": "search", "client_secret_file": files["client"]}
        settings = IdentitySettings(
            gateway=GatewaySettings(secrets_file=files["gateway"]),
            introspection=IntrospectionSettings(audience="search", **own),
            apps=AppsSettings(file=files["apps.json"]),
        )
        transport = httpx.ASGITransport(application(settings, nonces, clock))
        async with httpx.AsyncClient(transport=transport, base_url="http://search.example") as client:
            yield Site(client, server, clock, nonces, files, written)


_numbers = itertools.count()


def signed(secret: str = APP_SECRET, token: str = TOKEN, **more: Any) -> dict[str, str]:
    given = {"user": "u-1", "tenant": "acme", "timestamp": NOW, "nonce": f"hunter2-nonce-{next(_numbers)}", **more}
    return bearing(token) | sign(secret, "GET", "/me", app="notes", **given)


async def test_neither_success_nor_refusal_leaves_credentials_in_the_log(site: Site) -> None:
    assert await site.get(bearing(f"{TOKEN}-2")) == 200
    once = signed()
    assert [await site.get(once), await site.get(once)] == [200, 401]
    for refused in (
        bearing(TOKEN),
        bearing(f"{TOKEN}-unknown"),
        signed(NEXT_SECRET),
        signed(token=f"{TOKEN}-2"),
        signed(timestamp=NOW - 100),
        signed(nonce="hunter2 nonce"),
        signed() | {"X-User-Id": "u-1"},
        {"Authorization": f"Basic {TOKEN}"},
    ):
        assert await site.get(refused) == 401
    site.nonces.away = Unavailable("The broker does not answer.")
    assert await site.get(signed()) == 503
    assert {"request", "unavailable"} <= site.events()
    site.assert_silent()


async def test_who_asked_through_which_app_is_logged(site: Site) -> None:
    await site.get(signed())
    lines = [json.loads(line) for line in site.written.getvalue().splitlines()]
    [line] = [line for line in lines if line["event"] == "request"]
    told = {name: line[name] for name in ("tenant", "user", "mode", "app")}
    assert told == {"tenant": "acme", "user": "u-1", "mode": "signed app", "app": "notes"}


@pytest.mark.parametrize("echo", ECHOES)
async def test_a_broken_identity_service_that_echoes_does_not_bring_them_into_the_log(site: Site, echo: str) -> None:
    site.server.answer = ECHOES[echo]
    for _ in range(FAILURES + 1):
        assert await site.get(bearing(TOKEN)) == 503
    assert await site.get(signed()) == 503
    assert {"introspection_failed", "unavailable"} <= site.events()
    site.assert_silent()


async def test_a_faulty_file_of_secrets_is_reported_without_them(site: Site) -> None:
    site.files["gateway"].write_text(f"{GATEWAY_SECRET}\nhunter2")
    site.files["apps.json"].write_text(f'{{"notes": {{"secrets": ["hunter2"], "{NEXT_SECRET}": 1}}}}')
    site.files["client"].write_text("hunter2 hunter2")
    site.clock.seconds += 1
    assert await site.get(signed()) == 200
    by_the_gateway = gateway.sign(GATEWAY_SECRET, "GET", "/me", user="u-1", tenant="acme", timestamp=NOW)
    assert await site.get(by_the_gateway) == 200
    site.files["apps.json"].write_text(f'{{"{NEXT_SECRET}')
    site.clock.seconds += 1
    assert await site.get(signed()) == 200
    refused = [line for line in site.written.getvalue().splitlines() if "file_refused" in line]
    assert len(refused) == 4
    site.assert_silent()
