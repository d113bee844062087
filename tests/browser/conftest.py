"""Where the browser tests get a browser and a running demo from."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import boxkit
import httpx
import kit
import pagekit
import pytest
from fastapi import FastAPI
from kit import CATALOGUE
from playwright.async_api import Browser, Page, async_playwright, expect
from verticals.tasks import VERTICAL as TASKS

from mappings.catalogue import Catalogue
from search.access.principal import Principal, Rules
from search.api import edge
from search.api.described import described
from search.commands.serve import server
from search.core.endpoints import Endpoints
from search.core.settings import ApiSettings
from search.demo.company import DemoCaller
from search.demo.routes import router
from search.localstack.ports import LOOPBACK, choose_port

WITH_TASKS = Catalogue({**CATALOGUE.verticals, TASKS.name: TASKS}, CATALOGUE.unsearched)
EVERYTHING = [vertical.module for vertical in WITH_TASKS.verticals.values()]
CALLERS = [
    DemoCaller("acme", f"u-{index}", name, {"zh": "某职位", "en": "Somebody"}, ["评审"])
    for index, name in enumerate(("林晓舟", "周文静"))
]

# A browser on a busy machine may need it; where nothing is wrong, no test is slower for it.
expect.set_options(timeout=20_000)


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
            url = f"http://127.0.0.1:{port}/"
            await kit.until(lambda: _answers(url), "the demo to answer in time, on a machine that may be busy", 120)
            yield url
        finally:
            demo.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(demo.wait(), 60) == 0, _said(Path(log.name))


async def _up(demo: asyncio.subprocess.Process, log: Path) -> bool:
    assert demo.returncode is None, _said(log)
    return "Ctrl-C stops" in _said(log)


async def _answers(url: str) -> bool:
    """Whether a search and a suggestion are answered, which a cold engine may be too slow for."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        [caller, *_] = (await http.get("demo/callers")).json()
        headers = {"Authorization": f"Bearer {caller['token']}"}
        answers = [await http.post(f"v1/{call}", json={"q": "预算"}, headers=headers) for call in ("search", "suggest")]
    return all(answer.status_code == 200 and not answer.json()["failed"] for answer in answers)


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


@pytest.fixture(scope="session")
async def site(browser: Browser) -> AsyncIterator[str]:
    """The page's files and made-up callers, behind the edge that the service has; nothing else."""
    app = FastAPI()
    app.include_router(router(CALLERS, "0" * 32, "demo"))
    edge.install(app)
    port = choose_port(None)
    serving = server(app, ApiSettings(host=LOOPBACK, port=port))
    task = asyncio.create_task(serving.serve())

    async def started() -> bool:
        return serving.started

    await kit.until(started, "the page to be served")
    yield f"http://{LOOPBACK}:{port}/"
    serving.should_exit = True
    await task


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """What the service tells whoever has these modules, by default all, a vertical of its own kind among them."""

    def tell(*modules: str) -> dict[str, Any]:
        caller = Principal("acme", "u-0", frozenset(), (), dict.fromkeys(modules or EVERYTHING), {}, Rules([{}]))
        return described(WITH_TASKS, caller).model_dump(mode="json")

    return tell


@pytest.fixture
def service(told: Callable[..., dict[str, Any]]) -> pagekit.Service:
    return pagekit.Service(told())


@pytest.fixture
async def page(browser: Browser, site: str, service: pagekit.Service) -> AsyncIterator[Page]:
    """The page at its start, in Chinese, with a service that is made up."""
    async with pagekit.opened(browser, site) as page:
        await service.serve(page)
        await pagekit.start(page, site)
        yield page


@pytest.fixture(scope="module")
async def host_of_none(browser: Browser) -> AsyncIterator[str]:
    """The host of a service that serves files, and gives tokens, and nothing else."""
    async with boxkit.files_alone() as (search, port):
        with boxkit.hosting(search, port) as url:
            yield url


@pytest.fixture
async def host_with_answers(browser: Browser, host_of_none: str) -> AsyncIterator[boxkit.Watched]:
    """A host whose questions are answered: two people suggested, one doc found."""
    async with boxkit.opened(browser, host_of_none) as watched:
        await boxkit.answered(watched.page, boxkit.VERTICALS, boxkit.declared())
        await boxkit.answered(
            watched.page, boxkit.SUGGEST, boxkit.suggestions(boxkit.suggestion("张三"), boxkit.suggestion("李四"))
        )
        await boxkit.answered(watched.page, boxkit.SEARCH, boxkit.answer(boxkit.hit()))
        await watched.page.route("**/v1/clicks", lambda route: boxkit.give(route, {}))
        yield watched
