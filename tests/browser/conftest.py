"""Where the browser tests get a browser and a running demo from."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boxkit
import kit
import pagekit
import pytest
from playwright.async_api import Browser, async_playwright

from search.core.endpoints import Endpoints
from search.localstack.ports import choose_port


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("stackkit")


@pytest.fixture(scope="session")
def host_port() -> int:
    """Of the page that embeds the search box, whose origin the demo lets in."""
    return choose_port(None)


@pytest.fixture(scope="module")
def host_url(demo_url: str, host_port: int) -> Iterator[str]:
    """The root of a client that embeds the search box, on an origin of its own."""
    with boxkit.hosting(demo_url, host_port) as url:
        yield url


@pytest.fixture(scope="module")
async def demo_url(browser: Browser, world: Endpoints, host_port: int) -> AsyncIterator[str]:
    """The root of `office-search demo`, run on the suite's stack as a user runs it, and stopped by Ctrl-C."""
    port = choose_port(None)
    environment = {**os.environ, "OPENSEARCH_URL": world.opensearch_url, "BROKER_URL": world.broker_url}
    with tempfile.TemporaryDirectory() as home, (Path(home) / "demo.log").open("wb") as log:
        environment |= {"OFFICE_SEARCH_HOME": home, "OFFICE_SEARCH_INDEXER_PORT": "0"}
        environment["OFFICE_SEARCH_API_ORIGINS"] = f"http://127.0.0.1:{host_port}"
        command = [sys.executable, "-m", "search.cli", "demo", "--port", str(port)]
        demo = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            await kit.until(lambda: _up(demo, Path(log.name)), "the demo to print its address", 180)
            yield f"http://127.0.0.1:{port}/"
        finally:
            demo.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(demo.wait(), 60) == 0, _said(Path(log.name))


async def _up(demo: asyncio.subprocess.Process, log: Path) -> bool:
    assert demo.returncode is None, _said(log)
    return "Ctrl-C stops" in _said(log)


def _said(log: Path) -> str:
    return log.read_text()[-4000:]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = pagekit.browser_path()
    if not path:
        pytest.skip(pagekit.NO_BROWSER)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=pagekit.FLAGS)
        yield browser
        await browser.close()
