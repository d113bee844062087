"""Where the browser tests get a browser and a running demo from."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

# A test browser needs no network of its own, and as root in a container it has no sandbox to enter.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def demo_url() -> str:
    """The root of a demo that runs already, with a slash at its end."""
    url = os.environ.get("OFFICE_SEARCH_DEMO_URL")
    if not url:
        pytest.skip("no demo to look at; start one (`make demo`) and set OFFICE_SEARCH_DEMO_URL")
    return url.rstrip("/") + "/"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no browser; install chromium, or set CHROMIUM to its path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()
