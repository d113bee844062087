"""Static files: their very bytes, compressed or not, kept by clients until they change, open to whom they are for."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import kit
import pytest
from apikit import to
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from search.api import app as application
from search.api import edge, static
from search.api.static import ELEMENT, StaticFile, takes_gzip
from search.core.endpoints import Endpoints
from search.core.errors import ConfigurationError
from search.core.settings import Settings
from search.demo import routes

TEXT = "export const box = '搜索';\n".encode() * 100
ADDRESS = f"/web/{ELEMENT}"
PLAIN, ZIPPED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>搜索</title>" * 20)
    (tmp_path / "page.js").write_bytes(TEXT)
    (tmp_path / ELEMENT).write_bytes(TEXT)
    (tmp_path / "page.css").write_text("")
    (tmp_path / "page.js.map").write_text("{}")
    return tmp_path


@pytest.fixture
async def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """What the API serves of the element, and the demo of the page, behind the edge."""
    monkeypatch.setattr(static, "built", lambda: folder)
    app = FastAPI(redirect_slashes=False)
    app.include_router(static.element())
    app.include_router(routes.router((), "k" * 40, "demo"))
    edge.install(app)
    with capture_logs():
        async with to(app) as client:
            yield client


async def raw(client: httpx.AsyncClient, address: str, method: str = "GET", **headers: str) -> httpx.Response:
    """An answer whose `content` is as it was sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream(method, address, headers=named) as answer:
        answer._content = b"".join([part async for part in answer.aiter_raw()])
        return answer


async def test_it_is_the_file_compressed_for_who_takes_that(client: httpx.AsyncClient) -> None:
    plain = await raw(client, ADDRESS, **PLAIN)
    zipped = await raw(client, ADDRESS, **ZIPPED)
    assert (plain.status_code, zipped.status_code) == (200, 200)
    assert plain.content == TEXT
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(zipped.content) == TEXT
    assert zipped.headers["content-encoding"] == "gzip"
    assert len(zipped.content) < len(TEXT) / 4
    for answer in (plain, zipped):
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_head_says_the_same_and_sends_nothing(client: httpx.AsyncClient) -> None:
    for headers in (PLAIN, ZIPPED):
        whole = await raw(client, ADDRESS, **headers)
        head = await raw(client, ADDRESS, "HEAD", **headers)
        own = {"x-request-id"}
        assert {n: v for n, v in head.headers.items() if n not in own} == {
            n: v for n, v in whole.headers.items() if n not in own
        }
        assert head.content == b""


async def test_who_has_it_is_told_that_it_is_still_the_one(client: httpx.AsyncClient) -> None:
    plain, zipped = [await raw(client, ADDRESS, **headers) for headers in (PLAIN, ZIPPED)]
    tags = plain.headers["etag"], zipped.headers["etag"]
    assert tags[0] != tags[1], "a strong tag stands for the very bytes"
    assert all(tag[0] == tag[-1] == '"' for tag in tags)
    for named in (tags[1], f"W/{tags[1]}", f'"other", {tags[1]}', "*"):
        answer = await raw(client, ADDRESS, If_None_Match=named, **ZIPPED)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tags[1]
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "content-type" not in answer.headers
    for named in (tags[0], '"other"', tags[1].strip('"'), ""):
        assert (await raw(client, ADDRESS, If_None_Match=named, **ZIPPED)).status_code == 200


def test_every_process_gives_the_same_bytes_and_the_same_tag_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.js"
    path.write_bytes(TEXT)
    first = StaticFile.read(path)
    assert StaticFile.read(path) == first
    path.write_bytes(TEXT + b" ")
    assert StaticFile.read(path).tag != first.tag


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        *(("gzip", True), ("br, gzip;q=0.5", True), ("GZIP", True), ("*", True), ("gzip; q=1.0", True)),
        *(("", False), ("identity", False), ("gzip;q=0", False), ("gzip;q=0, *", False), ("*;q=0", False)),
        *(("br", False), ("gzip;q=x", False), ("gzip;q=nan", False), ("xgzip", False), (";;,,", False)),
    ],
)
def test_who_takes_gzip(said: str, takes: bool) -> None:
    assert takes_gzip([said]) is takes


async def test_the_element_is_for_pages_of_every_origin_and_the_page_for_its_own(client: httpx.AsyncClient) -> None:
    element = (await client.get(ADDRESS, headers={"Origin": "https://office.example"})).headers
    assert element["access-control-allow-origin"] == "*"
    assert element["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-credentials" not in element
    for address in ("/", "/page.js", "/page.css"):
        answer = await client.get(address, headers={"Origin": "https://office.example"})
        assert answer.status_code == 200
        assert answer.headers["etag"]
        assert not [name for name in answer.headers if name.startswith("access-control") or name.startswith("cross-")]
    assert "content-security-policy" in (await client.get("/")).headers
    assert (await client.get("/page.js", headers=ZIPPED)).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("/page.css", headers=ZIPPED)).headers, "nothing to gain"


@pytest.mark.parametrize("address", ["/page.js.map", "/web/", "/web/page.js", f"{ADDRESS}/", "/web/..%5cpage.js"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code in {400, 404}
    assert (await client.post(ADDRESS)).status_code == 405


def api() -> FastAPI:
    """The real application, which no engine stands behind."""
    settings = kit.changed(Settings(), **{"identity.gateway.secrets": (SecretStr("0123456789abcdef" * 2),)})
    return application.create(settings, Endpoints("http://127.0.0.1:9", "nats://127.0.0.1:9"))


async def test_the_api_serves_the_element_without_credentials_and_notes_no_caller(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "built", lambda: folder)
    labels = {"route": ADDRESS, "method": "GET", "status": "200"}
    before = REGISTRY.get_sample_value("office_search_http_seconds_count", labels) or 0
    with capture_logs() as logs:
        async with to(api()) as http:
            answers = [await http.get(ADDRESS) for _ in range(3)]
    assert {answer.content for answer in answers} == {TEXT}
    assert "x-caller" not in answers[0].headers
    assert REGISTRY.get_sample_value("office_search_http_seconds_count", labels) == before + 3
    assert [line["event"] for line in logs if line["event"] == "audit"] == []
    assert [(line["path"], line.get("user")) for line in logs if line["event"] == "request"] == [(ADDRESS, None)] * 3


async def test_an_element_that_is_not_built_is_not_found_and_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "built", lambda: None)
    with capture_logs():
        async with to(api()) as http:
            answer = await http.get(ADDRESS)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:office-search:problem:not-found"
    assert "make web" in answer.json()["detail"]


def test_a_page_that_is_not_built_keeps_the_demo_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(static, "built", lambda: folder)
    assert routes.page_folder() == folder
    nowhere = tmp_path / "nowhere"
    monkeypatch.setattr(static, "built", lambda: nowhere)
    with pytest.raises(ConfigurationError, match="make web"):
        routes.router((), "k" * 40, "demo")


def test_built_files_are_looked_for_in_the_wheel_and_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "search"
    package.mkdir()
    monkeypatch.setattr(static.search, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(static, "files", lambda _: package)
    assert static.built() is None
    (tmp_path / "web" / "dist").mkdir(parents=True)
    assert static.built() == tmp_path / "web" / "dist"
    (package / "web").mkdir()
    assert static.built() == package / "web"
