"""What tests of the search page say things with: a page that is watched, its parts, answers made up for it."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import Browser, Locator, Page, Request, Route, expect

# A test browser needs no network of its own, and as root in a container it has no sandbox to enter.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NO_BROWSER = "no browser; install chromium, or set CHROMIUM to its path"
QUERY_ID = "01KB0000000000000000000000"
SEARCHES = "**/v1/search"
DECLARATIONS = "**/v1/verticals"


def browser_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("google-chrome")


@asynccontextmanager
async def opened(browser: Browser, url: str, locale: str = "zh-CN", **options: Any) -> AsyncIterator[Page]:
    """An empty page for the page at `url`; fails the test on script errors, policy violations and foreign requests."""
    options = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "Asia/Shanghai", **options}
    context = await browser.new_context(locale=locale, **options)
    page = await context.new_page()
    wrong: list[str] = []

    def watch(request: Request) -> None:
        if not request.url.startswith((url, "data:")):
            wrong.append(request.url)

    page.on("request", watch)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    await context.close()
    assert not wrong, wrong


async def start(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.get_by_role("radio").first).to_be_visible()


def box(page: Page) -> Locator:
    return page.locator("office-search-box").get_by_role("combobox")


def hits(page: Page) -> Locator:
    return page.locator(".hit")


def names(page: Page) -> Locator:
    """The links by which hits are opened."""
    return page.locator(".hit a.name")


def place(page: Page) -> Locator:
    return page.locator(".place")


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab", name=name)


def question(request: Request) -> dict[str, Any]:
    return dict(json.loads(request.post_data or "{}"))


async def search(page: Page, query: str) -> None:
    """Type, mean it, and wait for the answer to exactly this, whatever it is."""

    def asks(request: Request) -> bool:
        return request.url.endswith("/v1/search") and question(request).get("q") == query.strip()

    async with page.expect_request(asks):
        await box(page).fill(query)
        await box(page).press("Enter")
    await settled(page)


async def settled(page: Page) -> None:
    """Wait until nothing is on its way."""
    await expect(page.locator(".column[aria-busy]")).to_have_count(0)


async def focused(page: Page) -> str:
    """What has the focus: the name of its element, and its text or label."""
    return str(
        await page.evaluate(
            "() => { const at = document.activeElement;"
            " return `${at.localName} ${at.getAttribute('aria-label') ?? at.textContent.trim()}`.slice(0, 80) }"
        )
    )


# --- A service that is made up -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    """An answer that is an error; `kind`: the end of its type. Status 0: no answer at all."""

    status: int
    kind: str = "unexpected"
    headers: dict[str, str] = field(default_factory=dict)


def hit(id: str = "doc-1", **more: Any) -> dict[str, Any]:
    title, fields = f"一份<em>文档</em> {id}", {"kind": "doc", "updated_at": "2026-03-01T04:00:00Z"}
    return {"vertical": "docs", "id": id, "score": 1, "title": title, "snippet": "里面的字", "fields": fields, **more}


def message(id: str = "m-1", **more: Any) -> dict[str, Any]:
    fields = {"conversation_id": "c-1", "sender_id": "u-1", "sender_name": "张伟", "sent_at": "2026-03-02T09:15:04Z"}
    return {
        "vertical": "messages",
        "id": id,
        "score": 1,
        "title": "平台周会",
        "snippet": f"明天<em>评审</em> {id}",
        "fields": fields,
        **more,
    }


def person(id: str = "u-1", name: str = "张伟", **fields: Any) -> dict[str, Any]:
    return {
        "vertical": "contacts",
        "id": id,
        "score": 1,
        "title": name,
        "snippet": "后端工程师",
        "fields": {"kind": "user", "status": "active", **fields},
    }


def answer(*hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    totals: dict[str, int] = {}
    for one in hits:
        totals[one["vertical"]] = totals.get(one["vertical"], 0) + 1
    return {
        "hits": list(hits),
        "sections": {name: {"total": total, "relation": "eq"} for name, total in totals.items()},
        "query": {"text": "", "filters": {}, "corrected": None},
        "denied": [],
        "failed": [],
        "partial": False,
        "cursor": None,
        "query_id": QUERY_ID,
        "took_ms": 1,
        **more,
    }


def said(id: str, text: str, second: int, sender: str = "张伟") -> dict[str, Any]:
    fields = {"conversation_id": "c-1", "sender_id": "u-1", "sender_name": sender}
    fields["sent_at"] = f"2026-03-02T09:{second // 60:02}:{second % 60:02}Z"
    return {"vertical": "messages", "id": id, "snippet": text, "fields": fields}


@dataclass
class Service:
    """What the service answers a page, made up: each a body, an error, or a function of the request's body.

    `asked`, `clicked`: the questions and the events that came, in order.
    """

    declared: dict[str, Any]
    search: Any = field(default_factory=answer)
    suggest: Any = field(default_factory=lambda: {"suggestions": []})
    recent: Any = field(default_factory=lambda: {"recent": []})
    context: Any = None
    entity: Any = field(default_factory=lambda: Refused(404, "not-found"))
    asked: list[dict[str, Any]] = field(default_factory=list)
    clicked: list[dict[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    async def serve(self, page: Page) -> None:
        await page.route("**/v1/**", self._answer)
        await page.route("**/demo/entity/**", self._answer)

    async def _answer(self, route: Route) -> None:
        request = route.request
        path = unquote(urlsplit(request.url).path)
        body = json.loads(request.post_data) if request.post_data else {}
        made = self._made(request.method, path, body)
        made = made(body) if callable(made) else made
        await give(route, await made if inspect.isawaitable(made) else made)

    def _made(self, method: str, path: str, body: Any) -> Any:
        name = path.removeprefix("/v1/")
        if method == "DELETE":
            self.removed.append(name)
            return None
        if name == "search":
            self.asked.append(body)
        if name == "clicks":
            self.clicked += body if isinstance(body, list) else [body]
        if name.endswith("/context") and callable(self.context):
            return self.context(name.split("/")[1])
        suggested = {"failed": [], "partial": False, "query_id": QUERY_ID, "took_ms": 1, **self.suggest}
        made = {"search": self.search, "suggest": suggested, "verticals": self.declared, "recent": self.recent}
        return {**made, "clicks": None}.get(name, self.context if name.endswith("/context") else self.entity)


async def give(route: Route, made: Any) -> None:
    if made is None:
        await route.fulfill(status=204)
    elif not isinstance(made, Refused):
        await route.fulfill(json=made, headers={"Content-Type": "application/json", "X-Caller": "somebody"})
    elif not made.status:
        await route.abort()
    else:
        problem = {
            "type": f"urn:office-search:problem:{made.kind}",
            "title": "No",
            "status": made.status,
            "detail": "In English, for developers.",
        }
        headers = {"Content-Type": "application/problem+json", "X-Request-Id": "req-1", **made.headers}
        await route.fulfill(status=made.status, json=problem, headers=headers)


class Held:
    """An answer that waits until it is let go."""

    def __init__(self, made: Any) -> None:
        self._made = made
        self._gone = asyncio.Event()

    def let_go(self) -> None:
        self._gone.set()

    async def __call__(self, _: Any) -> Any:
        await self._gone.wait()
        return self._made


def paged(*pages: list[dict[str, Any]], **more: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what answers each cursor with the next of these pages."""
    total = sum(len(page) for page in pages)

    def of(asked: dict[str, Any]) -> dict[str, Any]:
        place = int(asked.get("cursor") or 0)
        cursor = str(place + 1) if place + 1 < len(pages) else None
        sections = {"docs": {"total": total, "relation": "eq"}}
        return answer(*pages[place], **{"sections": sections, "cursor": cursor, "query_id": f"q-{place}", **more})

    return of
