"""Measures the search box as people feel it: from a key to the rows on the screen, and how much the page shifts.

Names, pinyin and words are typed letter by letter into the page of a running demo, in Chromium. A figure counts from
the key's own event to the first frame after the rows for exactly this text were drawn, so that it holds the pause that
ends typing, the network, the service and the drawing. The machine's load is printed beside it.

    office-search demo        # in another terminal
    python benchmarks/search_box.py --url http://127.0.0.1:8080/
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
from typing import Any

from playwright.async_api import Page, async_playwright
from rich.console import Console
from rich.table import Table

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
TYPED = ["zhangwei", "yusuan", "linxz", "预算", "张伟", "报销", "k8s", "架构", "huiyi", "weekly", "上线", "lxz", "财务"]
REPEATS = 4
# Between two keys: long enough that each has an answer of its own.
BETWEEN_MS = 400
WATCH = """() => {
  const box = document.querySelector('office-search-box');
  const list = box.shadowRoot.querySelector('[role=listbox]');
  const input = box.shadowRoot.querySelector('input');
  window.figures = []; window.shift = 0;
  let began = 0;
  input.addEventListener('input', (event) => { began = event.timeStamp }, true);
  new MutationObserver(() => {
    const asked = list.querySelector('.option-search')?.textContent ?? '';
    if (!began || !asked.includes(input.value.trim())) return;
    const from = began; began = 0;
    requestAnimationFrame(() => { const channel = new MessageChannel();
      channel.port1.onmessage = () => figures.push(performance.now() - from); channel.port2.postMessage(0) });
  }).observe(list, {childList: true, subtree: true});
  new PerformanceObserver((entries) => {
    for (const entry of entries.getEntries()) if (window.typing && !entry.hadRecentInput) window.shift += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
}"""


async def measure(url: str) -> dict[str, Any]:
    """Return the figures in ms; a text that was answered from the box's own memory is counted apart."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = await browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 900})
        await page.goto(url)
        box = page.get_by_role("combobox", name="搜索", exact=True)
        await box.wait_for()
        await page.wait_for_load_state("networkidle")
        await page.evaluate(WATCH)
        figures: list[float] = []
        for turn in range(REPEATS):
            for text in TYPED:
                figures += await typed(page, text)
            if turn == 0:
                # What is cold at first: the engine, and the script of the page.
                figures.clear()
            await page.evaluate("document.querySelector('office-search-box').forget()")
        shift = float(await page.evaluate("shift"))
        await browser.close()
    return {
        "keys": len(figures),
        "p50_ms": round(statistics.median(figures), 1),
        "p95_ms": round(statistics.quantiles(figures, n=20)[18], 1),
        "layout_shift": round(shift, 4),
        "load": os.getloadavg()[0],
    }


async def typed(page: Page, text: str) -> list[float]:
    """Type a text letter by letter into the empty box; return what each letter took."""
    box = page.get_by_role("combobox", name="搜索", exact=True)
    await box.fill("")
    # Only what typing shifts counts, not a page that is drawn anew for another caller.
    await page.evaluate("figures.length = 0; window.typing = true")
    for letter in text:
        await page.keyboard.insert_text(letter)
        await page.wait_for_timeout(BETWEEN_MS)
    return [float(figure) for figure in await page.evaluate("window.typing = false; figures")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080/", help="root of a running demo")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args()
    figures = asyncio.run(measure(chosen.url))
    if chosen.json:
        print(json.dumps(figures))
        return
    table = Table("", "")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
