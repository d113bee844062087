"""What tests of the store page say things with: its parts, and answers made up for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pagekit
from pagekit import QUERY_ID
from playwright.async_api import Locator, Page, expect

PAGE = "store.html"
ASKS = "(query) => (new URLSearchParams(location.hash.slice(1)).get('q') ?? '') === query"
FIELDS = {
    "kind": "mini_program",
    "category": "财务",
    "tags": ["发票"],
    "developer": "流程平台组",
    "published_at": "2026-02-20T01:00:00Z",
    "url": "https://apps.example/a",
}
REASON = {"kind": "similar_to", "text": "与你用的「发票夹」相似", "app_id": "a-0"}


def app(id: str = "a-1", title: str | None = None, **more: Any) -> dict[str, Any]:
    made = {"id": id, "title": title or f"应用 {id}", "snippet": "拍照识别发票", "access": "open", "fields": FIELDS}
    return made | {"use": {"tenant": 50}, "rating": 4.3, "reason": None} | more


def apps(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "apps": list(found),
        "total": {"value": len(found), "relation": "eq"},
        "facets": {
            "category": [{"value": "财务", "count": 9}, {"value": "人事", "count": 4}],
            "kind": [{"value": "mini_program", "count": 7}, {"value": "bot", "count": 2}],
            "developer": [{"value": "流程平台组", "count": 3}],
        },
        "query": {"text": "", "filters": {}, "corrected": None},
        "cursor": None,
        "query_id": QUERY_ID,
        "took_ms": 1,
        **more,
    }


def listed(*found: dict[str, Any], query_id: str = QUERY_ID) -> dict[str, Any]:
    return {"apps": [one | {"reason": REASON} for one in found], "query_id": query_id, "took_ms": 1}


def opened(one: dict[str, Any]) -> dict[str, Any]:
    return {"app": one, "description": f"{one['id']} 的全部介绍", "query_id": "page", "took_ms": 1}


def paged(*pages: list[dict[str, Any]]) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Return what answers each cursor with the next of these pages."""

    def of(asked: dict[str, str]) -> dict[str, Any]:
        place = int(asked.get("cursor") or 0)
        cursor = str(place + 1) if place + 1 < len(pages) else None
        total = {"value": sum(map(len, pages)), "relation": "eq"}
        return apps(*pages[place], cursor=cursor, total=total, query_id=f"q-{place}")

    return of


@dataclass
class Store(pagekit.Service):
    """A service that answers the store's calls too; each answer is a body, an error, or a function of what is asked.

    `page`: of one app, by id. `read`: the store's calls that came, each its path and its parameters, in order.
    """

    found: Any = field(default_factory=lambda: apps(app("a-1"), app("a-2"), app("a-3")))
    trending: Any = field(default_factory=lambda: apps(*(app(f"t-{n}") for n in range(5))))
    fresh: Any = field(
        default_factory=lambda: apps(*(app(f"n-{n}") for n in range(5)), total={"value": 31, "relation": "eq"})
    )
    recommended: Any = field(default_factory=lambda: listed(*(app(f"r-{n}") for n in range(12)), query_id="rec"))
    similar: Any = field(default_factory=lambda: listed(app("s-1"), app("s-2")))
    page: Any = opened
    read: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def _answer(self, route: Any) -> None:
        split = urlsplit(route.request.url)
        path = unquote(split.path).removeprefix("/v1/")
        if not path.startswith("apps"):
            await super()._answer(route)
            return
        asked = dict(parse_qsl(split.query))
        self.read.append((path, asked))
        made = self._of(path, asked)
        made = made(asked) if callable(made) else made
        await pagekit.give(route, await made if inspect.isawaitable(made) else made)

    def _of(self, path: str, asked: dict[str, str]) -> Any:
        if path == "apps/recommended":
            return self.recommended
        if path.endswith("/similar"):
            return self.similar
        if path != "apps":
            id = path.removeprefix("apps/")
            return self.page(app(id)) if callable(self.page) else self.page
        is_front = asked.get("limit") == "5"
        return {"trending": self.trending, "new": self.fresh}[asked["sort"]] if is_front else self.found

    @property
    def questions(self) -> list[dict[str, str]]:
        """What was asked of the list of apps, the front's own questions left out."""
        return [asked for path, asked in self.read if path == "apps" and asked.get("limit") != "5"]


def line(page: Page) -> Locator:
    return page.get_by_role("searchbox")


def names(page: Page) -> Locator:
    """The links to apps that are shown."""
    return page.locator(".shelf a.name").locator("visible=true")


def found(page: Page) -> Locator:
    return page.locator(".found a.name")


def choice(page: Page, name: str) -> Locator:
    """A choice below the line."""
    return page.locator(".filters").get_by_label(name, exact=True)


def title(page: Page) -> Locator:
    """The name of the app that is open."""
    return page.locator(".app-page .place-title")


async def start(page: Page, url: str) -> None:
    await page.goto(url + PAGE)
    await expect(page.locator(".card a.name").first).to_be_visible()


async def settled(page: Page) -> None:
    await expect(page.locator("#shelf [aria-busy]:not([hidden])")).to_have_count(0)


async def look(page: Page, query: str) -> None:
    """Type, and wait until what is typed is answered."""
    await line(page).fill(query)
    await page.wait_for_function(ASKS, arg=query.strip())
    await settled(page)


def clicks(store: Store) -> list[tuple[str, str, int | None]]:
    return [(one["action"], one.get("id", ""), one.get("position")) for one in store.clicked]
