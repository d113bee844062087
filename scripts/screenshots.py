"""Takes the pictures of README and docs anew: starts the demo for itself, and photographs its page in Chromium."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests")]

from pagekit import FLAGS, NO_BROWSER, browser_path  # noqa: E402
from pictures import PICTURES, TODAY  # noqa: E402
from playwright.async_api import Error, async_playwright  # noqa: E402

from search.localstack.ports import choose_port  # noqa: E402

IMAGES = ROOT / "docs" / "images"
START_S = 600
STOP_S = 120
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


async def main(names: Sequence[str]) -> None:
    """Take these pictures, by default all. An address among the names is that of a demo that runs, as of TODAY."""
    path = browser_path()
    if not path:
        raise Failed(f"There is {NO_BROWSER}.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        if not await (await browser.new_page()).evaluate(DRAWS_CHINESE):
            raise Failed("There is no font for Chinese; install one, such as fonts-noto-cjk.")
        wanted = [name for name in names if not name.startswith("http")] or list(PICTURES)
        async with given(names) as url:
            for name in wanted:
                file = IMAGES / f"{name}.png"
                await PICTURES[name](browser, url, file)
                print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1000:.0f} kB", flush=True)
        await browser.close()


@asynccontextmanager
async def given(names: Sequence[str]) -> AsyncIterator[str]:
    """The root of the demo that is named, else of one that is started for this."""
    running = [name for name in names if name.startswith("http")]
    if running:
        yield running[0]
        return
    print("starting the demo …", flush=True)
    async with demo() as url:
        yield url


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


def run() -> int:
    try:
        asyncio.run(main(sys.argv[1:]))
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
