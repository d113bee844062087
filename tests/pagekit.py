"""What tests of the search page say things with: a page that is watched, its parts, answers made up for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from playwright.async_api import Browser, Locator, Page, Request, expect

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
SEARCHES = "**/v1/search?*"
DECLARATIONS = "**/v1/verticals"


def browser_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("google-chrome")


@asynccontextmanager
async def opened(browser: Browser, url: str, locale: str = "zh-CN") -> AsyncIterator[Page]:
    """The page at its start; fails the test on script errors, policy violations and foreign requests."""
    context = await browser.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    wrong: list[str] = []

    def watch(request: Request) -> None:
        if not request.url.startswith(url):
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
    return page.get_by_role("searchbox")


def hits(page: Page) -> Locator:
    return page.locator(".hit")


async def search(page: Page, query: str) -> None:
    """Type, and wait for the answer to exactly this."""
    async with page.expect_response(lambda answer: f"q={quote(query)}" in answer.url.replace("+", "%20")):
        await box(page).fill(query)
    await expect(page.locator("[aria-busy]")).to_have_count(0)


async def answer_with(page: Page, **parts: object) -> None:
    """From now on the service answers this, whatever is asked."""
    answer: dict[str, object] = {
        "hits": [],
        "sections": {},
        "query": {"text": "", "filters": {}, "corrected": None},
        "denied": [],
        "failed": [],
        "partial": False,
        "cursor": None,
        "query_id": "01KB0000000000000000000000",
        "took_ms": 1,
    }
    await page.unroute(SEARCHES)
    await page.route(SEARCHES, lambda route: route.fulfill(json=answer | parts))
