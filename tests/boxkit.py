"""What tests of the search box say things with: a host page that is watched, its boxes, answers made up for them."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kit
from fastapi import FastAPI
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from search.api import edge, static
from search.commands.serve import server
from search.core.settings import ApiSettings
from search.demo.company import DemoCaller
from search.demo.routes import router
from search.localstack.ports import LOOPBACK, choose_port

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SUGGEST, SEARCH, VERTICALS = "**/v1/suggest", "**/v1/search", "**/v1/verticals"
FIRST, SECOND = "#box", "#second"
"""A box in a page, and one inside of another shadow root."""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@contextmanager
def hosting(search: str, port: int) -> Iterator[str]:
    """Serve the page of examples/, which embeds boxes of the service at `search`; yields its root."""
    spec = importlib.util.spec_from_file_location("embed", EXAMPLES / "embed.py")
    assert spec
    assert spec.loader
    embed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(embed)
    server = embed.server(search, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def files_alone() -> AsyncIterator[tuple[str, int]]:
    """The element and a made-up caller's token, behind the edge that the service has.

    Yields its root, and the port of the host whose pages may call it.
    """
    port, host_port = choose_port(None), choose_port(None)
    app = FastAPI()
    caller = DemoCaller("acme", "u-1", "林晓舟", {"zh": "工程师", "en": "Engineer"}, [])
    app.include_router(static.element())
    app.include_router(router([caller], "0" * 32, "demo"))
    edge.install(app, origins=[f"http://{LOOPBACK}:{host_port}"])
    serving = server(app, ApiSettings(host=LOOPBACK, port=port))
    task = asyncio.create_task(serving.serve())

    async def started() -> bool:
        return serving.started

    await kit.until(started, "the element to be served")
    yield f"http://{LOOPBACK}:{port}/", host_port
    serving.should_exit = True
    await task


TYPED = """(field, text) => {
  for (let end = 1; end <= text.length; end += 1) {
    field.value = text.slice(0, end);
    field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
  }
}"""


@dataclass
class Watched:
    """A host page, and what came of it. `asked`: the bodies of suggest and search calls, in order."""

    page: Page
    asked: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def box(self, of: str = FIRST) -> Locator:
        return self.page.locator(of).get_by_role("combobox")

    def rows(self, of: str = FIRST) -> Locator:
        return self.page.locator(of).get_by_role("option")

    def active(self, of: str = FIRST) -> Locator:
        return self.page.locator(of).locator("[aria-selected=true]")

    def log(self, text: str) -> Locator:
        """What the host noted of an event, newest first."""
        return self.page.locator("#log li", has_text=text)

    async def settled(self, of: str = FIRST) -> None:
        """Wait until what was asked is answered and shown."""
        await expect(self.page.locator(of).locator("[aria-busy]")).to_have_count(0)

    async def type(self, text: str, of: str = FIRST) -> None:
        """Type, and wait until rows are there for exactly this."""
        await self.box(of).fill(text)
        await expect(self.page.locator(of).locator(".option-search", has_text=text)).to_be_visible()
        await self.settled(of)

    async def type_without_pause(self, text: str, of: str = FIRST) -> None:
        """Type letter by letter in one task of the browser, so that no load of the machine makes a pause of it."""
        await self.box(of).focus()
        await self.box(of).evaluate(TYPED, text)

    def texts(self) -> list[str]:
        return [one.get("q", "") for one in self.asked]


@asynccontextmanager
async def opened(browser: Browser, host: str, locale: str = "zh-CN", **context: Any) -> AsyncIterator[Watched]:
    """The host page, ready to be used; fails the test on script errors and on anything that a policy refused."""
    made = await browser.new_context(locale=locale, viewport={"width": 1000, "height": 800}, **context)
    page = await made.new_page()
    watched = Watched(page)

    def hear(request: Request) -> None:
        watched.requests.append(request)
        if request.method == "POST" and request.url.endswith(("/v1/suggest", "/v1/search")):
            watched.asked.append(json.loads(request.post_data or "{}"))

    page.on("request", hear)
    page.on("pageerror", lambda error: watched.said.append(f"error: {error}"))
    page.on("console", lambda line: watched.said.append(line.text))
    await page.goto(host)
    # The last thing that the host's script makes.
    await expect(watched.box(SECOND)).to_be_visible()
    yield watched
    await made.close()
    wrong = [line for line in watched.said if line.startswith("error:") or "Content Security Policy" in line]
    assert not wrong, wrong


def suggestion(title: str = "张三", **more: Any) -> dict[str, Any]:
    plain = {"kind": "person", "vertical": "contacts", "id": f"u-{title}", "title": title, "detail": "后端工程师"}
    return {**plain, "why": "name", "fields": {"kind": "user"}, "text": None, "token": None, **more}


def suggestions(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"suggestions": list(found), "failed": [], "partial": False, "query_id": "01KB", "took_ms": 1, **more}


def hit(id: str = "doc-1", **more: Any) -> dict[str, Any]:
    plain = {
        "vertical": "docs",
        "id": id,
        "score": 1,
        "title": "一份<em>文档</em>",
        "snippet": "里面的字",
        "fields": {"kind": "doc"},
    }
    return {**plain, **more}


def answer(*hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "hits": list(hits),
        "sections": {"docs": {"total": len(hits), "relation": "eq"}},
        "query": {"text": "", "filters": {}, "corrected": None},
        "denied": [],
        "failed": [],
        "partial": False,
        "cursor": None,
        "query_id": "01KB",
        "took_ms": 1,
        **more,
    }


def declared(**more: Any) -> dict[str, Any]:
    """Two verticals, one with pictures and one with links."""
    plain = {"tab": 1, "title": "own", "kind": None, "filters": [], "facts": [], "picture": None, "link": None}
    contacts = {
        **plain,
        "name": "contacts",
        "labels": {"zh": "联系人", "en": "People"},
        "icon": "group",
        "picture": "avatar_url",
    }
    docs = {**plain, "name": "docs", "labels": {"zh": "文档", "en": "Docs"}, "icon": "doc", "tab": 2, "link": "url"}
    return {"verticals": [contacts, docs], "denied": [], "filters": [], "picture_hosts": [], **more}


async def answered(
    page: Page, pattern: str, body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> None:
    """From now on the service answers this."""
    await page.unroute(pattern)
    await page.route(pattern, lambda route: give(route, body, status, headers))


async def give(route: Route, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """Answer as the service does to a page of another origin; the preflight of its own goes on to the real one."""
    if route.request.method == "OPTIONS":
        await route.continue_()
        return
    origin = await route.request.header_value("Origin") or "*"
    shown = "X-Caller, X-Request-Id, Retry-After"
    crossing = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": shown}
    kind = "application/json" if status < 400 else "application/problem+json"
    await route.fulfill(
        status=status, json=body, content_type=kind, headers={"Content-Type": kind, **crossing, **(headers or {})}
    )


def problem(status: int, kind: str) -> dict[str, Any]:
    return {
        "type": f"urn:office-search:problem:{kind}",
        "title": "No",
        "status": status,
        "detail": "English, for developers.",
    }


def names(rows: Sequence[str]) -> list[str]:
    """The first line of each row."""
    return [row.strip().splitlines()[0] for row in rows]
