"""Takes the pictures of the README anew: starts the demo for itself, and photographs its page in Chromium."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from pagekit import FLAGS, NO_BROWSER, browser_path  # noqa: E402
from playwright.async_api import Browser, Error, Locator, Page, async_playwright, expect  # noqa: E402

from search.localstack.ports import choose_port  # noqa: E402

IMAGES = ROOT / "docs" / "images"
# The company is made up as of this day, and the browser's clock stands still on it, so that every date stays as it is.
TODAY = "2026-03-02"
NOW = datetime.fromisoformat(f"{TODAY}T10:00:00+08:00")
START_S = 600
STOP_S = 120
# The first answers of a cold engine say that they took long.
REPEATS = 5
ENGINEER, DIRECTOR = "林晓舟", "沈国梁"
# Without a font for them, all characters are drawn as the same box.
DRAWS_CHINESE = """() => {
  const drawn = (text) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    const context = canvas.getContext("2d");
    context.font = "30px sans-serif";
    context.fillText(text, 4, 32);
    return canvas.toDataURL();
  };
  return drawn("预") !== drawn("算");
}"""


class Failed(Exception):
    """There are no pictures, for a reason that is worth a sentence."""


@dataclass(frozen=True)
class Picture:
    """What one picture shows. `beside`: who else is asked for; `opens`: whether the first hit is open."""

    name: str
    query: str
    width: int
    height: int
    beside: str = ""
    opens: bool = False
    locale: str = "zh-CN"
    scheme: Literal["light", "dark"] = "light"


# In the README the first is as wide as the text, and the others share a row.
PICTURES = (
    Picture("compare.png", "预算", 1080, 720, beside=DIRECTOR),
    Picture("search.png", "K8s集群", 760, 640),
    Picture("pinyin-dark.png", "zhouwenjing", 760, 640, opens=True, locale="en-US", scheme="dark"),
)


async def main() -> None:
    path = browser_path()
    if not path:
        raise Failed(f"There is {NO_BROWSER}.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        if not await (await browser.new_page()).evaluate(DRAWS_CHINESE):
            raise Failed("There is no font for Chinese; install one, such as fonts-noto-cjk.")
        print("starting the demo …", flush=True)
        async with demo() as url:
            for picture in PICTURES:
                file = IMAGES / picture.name
                await take(browser, url, picture, file)
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} kB", flush=True)
        await browser.close()


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """The root of `office-search demo` with a stack of its own, on free ports, which are all gone afterwards."""
    port = choose_port(None)
    with tempfile.TemporaryDirectory(prefix="office-search-screenshots-") as folder:
        settle(Path(folder))
        command = [sys.executable, "-m", "search.cli", "demo", "--port", str(port)]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=environment(folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        said: deque[str] = deque(maxlen=20)
        ready = asyncio.Event()
        listening = asyncio.create_task(listen(process, said, ready))
        try:
            await asyncio.wait_for(ready.wait(), START_S)
            if process.returncode is not None:
                raise Failed("The demo did not start:\n" + "".join(said))
            yield f"http://127.0.0.1:{port}/"
        except TimeoutError:
            raise Failed(f"The demo did not start within {START_S} s:\n" + "".join(said)) from None
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), STOP_S)
            await listening


def settle(home: Path) -> None:
    home.chmod(0o755)  # the engine may run as another user
    (home / "demo-day").write_text(TODAY)


def environment(home: str) -> dict[str, str]:
    """This process's environment without what is set for another service; downloads are shared with others."""
    ours = {"OPENSEARCH_URL", "BROKER_URL"}
    ours |= {name for name in os.environ if name.startswith("OFFICE_SEARCH_")} - {"OFFICE_SEARCH_CACHE"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"OFFICE_SEARCH_HOME": home, "OFFICE_SEARCH_INDEXER_PORT": "0"}


async def listen(process: asyncio.subprocess.Process, said: deque[str], ready: asyncio.Event) -> None:
    """Keep the last lines that the demo says, until it is over; it is ready when it says how to stop it."""
    assert process.stdout
    async for line in process.stdout:
        said.append(line.decode("utf-8", "replace"))
        if "Ctrl-C stops" in said[-1]:
            ready.set()
    await process.wait()
    ready.set()


async def take(browser: Browser, url: str, picture: Picture, file: Path) -> None:
    context = await browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=2,
        locale=picture.locale,
        timezone_id="Asia/Shanghai",
        color_scheme=picture.scheme,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(NOW)
    await page.goto(url)
    await page.get_by_role("radio", name=ENGINEER).check(force=True)
    await ask(page, picture.query)
    if picture.beside:
        await page.locator("#compare").click()
        other = page.locator(".column").nth(1).get_by_role("combobox")
        label = await other.locator("option", has_text=picture.beside).text_content()
        await other.select_option(label=label)
        await expect(page.locator(".column").nth(1).locator(".hit").first).to_be_visible()
    for _ in range(REPEATS):
        await ask(page, picture.query)
    if picture.opens:
        await page.locator(".hit").first.click()
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement.blur(); document.fonts.ready.then(() => true)")
    await page.screenshot(path=file, animations="disabled")
    await context.close()


async def ask(page: Page, query: str) -> None:
    """Ask, and wait until every column shows its answer."""
    box: Locator = page.get_by_role("searchbox")
    await box.fill(query)
    async with page.expect_response(lambda answer: "/v1/search?" in answer.url):
        await box.press("Enter")
    await expect(page.locator("[aria-busy]")).to_have_count(0)
    await expect(page.locator(".hit").first).to_be_visible()


def run() -> int:
    try:
        asyncio.run(main())
    except Failed as reason:
        print(reason, file=sys.stderr)
        return 1
    except (Error, AssertionError) as reason:
        print(f"The page could not be photographed: {str(reason).splitlines()[0]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run())
