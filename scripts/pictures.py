"""What the pictures of README and docs show: the page's states, and a walk through it by keys alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import storekit
from pagekit import box, hits, names, place, settled
from playwright.async_api import Browser, Page, Route, expect

# The company is made up as of this day, and the browser's clock stands still on it, so that every date stays as it is.
TODAY = "2026-03-02"
NOW = datetime.fromisoformat(f"{TODAY}T10:00:00+08:00")
ENGINEER, DIRECTOR, ILLUSTRATOR = "林晓舟", "沈国梁", "苏禾"
# The first answers of a cold engine say that they took long.
REPEATS = 4
SLOW_MS = 30_000
DARK: dict[str, Any] = {"color_scheme": "dark"}
SHEET = """<!doctype html><style>body { margin: 0; padding: 20px; background: #e9edf3; display: grid; gap: 20px;
align-items: start;
grid-template-columns: repeat(var(--wide), max-content); width: max-content; font: 600 17px system-ui, sans-serif }
figure { margin: 0 } figcaption { padding: 4px 2px 10px } img { display: block; border-radius: 12px }
kbd { font: inherit; padding: 1px 9px; border: 1px solid #8592a3; border-radius: 6px; background: #fff }</style>"""

Take = Callable[[Browser, str, Path], Awaitable[None]]


@asynccontextmanager
async def opened(browser: Browser, url: str, width: int, height: int, **options: Any) -> AsyncIterator[Page]:
    """The page at its start, on a screen of this size in px."""
    options = {"locale": "zh-CN", "device_scale_factor": 2, "reduced_motion": "reduce", **options}
    viewport = {"width": width, "height": height}
    context = await browser.new_context(viewport=viewport, timezone_id="Asia/Shanghai", **options)
    page = await context.new_page()
    await page.clock.set_fixed_time(NOW)
    await page.goto(url)
    await page.get_by_role("radio", name=ENGINEER).check(force=True)
    yield page
    await context.close()


async def ask(page: Page, query: str, times: int = REPEATS) -> None:
    """Ask, and wait until every column shows its answer."""
    for _ in range(times):
        await box(page).fill(query)
        async with page.expect_response("**/v1/search"):
            await box(page).press("Enter")
        await settled(page)
    await expect(page.locator(".hit, .state").first).to_be_visible()


async def shoot(page: Page, file: Path, *, focus: bool = False) -> None:
    await page.mouse.move(0, 0)
    if not focus:
        await page.evaluate("document.activeElement.blur()")
    await page.evaluate("document.fonts.ready.then(() => true)")
    await page.screenshot(path=file, animations="disabled")


def found(query: str, width: int = 760, height: int = 640, **options: Any) -> Take:
    async def take(browser: Browser, url: str, file: Path) -> None:
        async with opened(browser, url, width, height, **options) as page:
            await ask(page, query)
            await shoot(page, file)

    return take


async def start(browser: Browser, url: str, file: Path) -> None:
    async with opened(browser, url, 1080, 680) as page:
        await shoot(page, file)


async def suggested(browser: Browser, url: str, file: Path) -> None:
    async with opened(browser, url, 760, 640) as page:
        for typed in ("周", "zhou"):
            await box(page).fill(typed)
            await expect(page.get_by_role("option").first).to_be_visible()
        await expect(page.locator("office-search-box [aria-busy]")).to_have_count(0)
        await box(page).press("ArrowDown")
        await shoot(page, file, focus=True)


async def compared(browser: Browser, url: str, file: Path) -> None:
    async with opened(browser, url, 1080, 720) as page:
        await ask(page, "预算", 1)
        await page.get_by_role("button", name="双人对比").click()
        other = page.locator(".column").nth(1).get_by_role("combobox")
        label = await other.locator("option", has_text=DIRECTOR).text_content()
        await other.select_option(label=label)
        await ask(page, "预算")
        await expect(page.locator(".column").nth(1).locator(".hit").first).to_be_visible()
        await shoot(page, file)


def placed(query: str, tab: str, width: int = 1180, height: int = 720, **options: Any) -> Take:
    """A hit that is open beside the results."""

    async def take(browser: Browser, url: str, file: Path) -> None:
        async with opened(browser, url, width, height, **options) as page:
            await ask(page, query)
            await page.get_by_role("tab", name=tab).click()
            await settled(page)
            await names(page).first.click()
            await expect(place(page).locator(".current, .text").first).to_be_visible()
            await shoot(page, file)

    return take


async def states(browser: Browser, url: str, file: Path) -> None:
    """What the page says when something is missing or wrong, side by side."""
    refusals: dict[str, dict[str, Any]] = {
        "登录过期": {"status": 401, "json": problem("token-refused")},
        "账号停用": {"status": 403, "json": problem("caller-not-active")},
        "请求太多": {"status": 429, "json": problem("too-many-requests"), "headers": {"Retry-After": "8"}},
        "服务不可用": {"status": 503, "json": problem("unavailable")},
    }
    frames: list[tuple[str, bytes]] = []
    async with opened(browser, url, 560, 620, device_scale_factor=1) as page:
        await ask(page, "没有这样的内容", 1)
        frames.append(("没有结果", await page.screenshot()))
        for said, refusal in refusals.items():
            await page.route("**/v1/search", refusing(**refusal))
            await ask(page, said, 1)
            frames.append((said, await page.screenshot()))
        await page.route("**/v1/search", lambda route: route.abort())
        await page.context.set_offline(True)
        await box(page).fill("离线")
        await box(page).press("Enter")
        await expect(page.locator(".state-title")).to_have_text("没有网络")
        frames.append(("没有网络", await page.screenshot()))
    await sheet(browser, frames, 3, file)


def problem(kind: str) -> dict[str, Any]:
    return {"type": f"urn:office-search:problem:{kind}", "title": "", "status": 0, "detail": ""}


def refusing(status: int, json: Any, headers: dict[str, str] | None = None) -> Callable[[Route], Awaitable[None]]:
    kind = {"Content-Type": "application/problem+json"}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=status, json=json, headers={**kind, **(headers or {})})

    return refuse


async def modes(browser: Browser, url: str, file: Path) -> None:
    """The same answer in the dark, in the system's colours, and on a narrow screen."""
    shown: dict[str, dict[str, Any]] = {
        "深色": DARK,
        "系统高对比度": {"forced_colors": "active", "color_scheme": "dark"},
        "320 px": {"has_touch": True},
    }
    frames: list[tuple[str, bytes]] = []
    for said, options in shown.items():
        width = 320 if "px" in said else 620
        async with opened(browser, url, width, 620, **{"device_scale_factor": 1, **options}) as page:
            await ask(page, "K8s集群")
            await names(page).first.focus()
            frames.append((said, await page.screenshot()))
    await sheet(browser, frames, 3, file)


async def walk(browser: Browser, url: str, file: Path) -> None:
    """From the start to an opened message and back, without a pointer."""
    frames: list[tuple[str, bytes]] = []
    async with opened(browser, url, 720, 520, device_scale_factor=1) as page:

        async def press(*keys: str, said: str, shown: str) -> None:
            for key in keys:
                await page.keyboard.press(key)
            await expect(page.locator(shown).locator("visible=true").first).to_be_visible(timeout=SLOW_MS)
            await settled(page)
            frames.append((f"{len(frames) + 1}. <kbd>{said}</kbd>", await page.screenshot(animations="disabled")))

        await page.locator("button.example").first.focus()
        await press("/", said="/", shown="office-search-box")
        await page.keyboard.type("K8s")
        await expect(page.get_by_role("option").filter(has_text="K8s集群运维").first).to_be_visible(timeout=SLOW_MS)
        await press("ArrowDown", said="↓", shown="office-search-box [aria-selected=true]")
        await press("Escape", "Enter", said="Esc  Enter", shown=".hit")
        await page.get_by_role("tab").first.focus()
        await press("ArrowRight", "Enter", said="→  Enter", shown=".tab[aria-selected=true]")
        await names(page).first.focus()
        await press("ArrowDown", said="↓", shown=".hit:has(.name:focus-visible)")
        await press("Enter", said="Enter", shown=".current")
        await press("Escape", said="Esc", shown=".hit:has(.name:focus)")
        await expect(hits(page).first).to_be_visible()
    await sheet(browser, frames, 2, file)


async def sheet(browser: Browser, frames: list[tuple[str, bytes]], wide: int, file: Path) -> None:
    """Put pictures with their captions on one sheet."""
    page = await browser.new_page()
    figures = ""
    for said, made in frames:
        address = f"data:image/png;base64,{base64.b64encode(made).decode()}"
        figures += f"<figure><figcaption>{said}</figcaption><img src='{address}'></figure>"
    await page.set_content(SHEET.replace("var(--wide)", str(wide)) + figures)
    await page.locator("body").screenshot(path=file)
    await page.close()


@asynccontextmanager
async def stocked(browser: Browser, url: str, width: int, height: int, **options: Any) -> AsyncIterator[Page]:
    """The app store's front, once the figures are made that it tells of."""
    async with opened(browser, url, width, height, **options) as page:
        await page.goto(url + storekit.PAGE)
        await expect(page.locator(".why:not(.why-new)").first).to_be_visible(timeout=SLOW_MS)
        yield page


def store(address: str = "", width: int = 1120, height: int = 900, **options: Any) -> Take:
    """The app store at an address of its own, of the engineer's."""

    async def take(browser: Browser, url: str, file: Path) -> None:
        async with stocked(browser, url, width, height, **options) as page:
            await page.goto(url + storekit.PAGE + address)
            await page.reload()
            await expect(page.locator("#shelf a.name").locator("visible=true").first).to_be_visible(timeout=SLOW_MS)
            await storekit.settled(page)
            await shoot(page, file)

    return take


async def store_modes(browser: Browser, url: str, file: Path) -> None:
    """The store in the dark, in the system's colours and on a narrow screen; and closed."""
    shown: dict[str, dict[str, Any]] = {
        "深色": DARK,
        "系统高对比度": {"forced_colors": "active"},
        "320 px": {"has_touch": True},
    }
    frames: list[tuple[str, bytes]] = []
    for said, options in shown.items():
        width = 320 if "px" in said else 620
        async with stocked(browser, url, width, 620, **{"device_scale_factor": 1, **options}) as page:
            await storekit.look(page, "会议")
            await storekit.found(page).first.focus()
            frames.append((said, await page.screenshot()))
    async with stocked(browser, url, 620, 620, device_scale_factor=1) as page:
        label = await page.locator(".tool-caller option", has_text=ILLUSTRATOR).text_content()
        await page.locator(".tool-caller select").select_option(label=label)
        await expect(page.locator(".state-title")).to_be_visible(timeout=SLOW_MS)
        frames.append(("没有权限", await page.screenshot()))
    await sheet(browser, frames, 4, file)


# In the README the first is as wide as the text, and the two after it share a row; others: the pages' own docs.
PICTURES: dict[str, Take] = {
    "compare": compared,
    "search": found("K8s集群"),
    "pinyin-dark": found("zhangwei", locale="en-US", **DARK),
    "start": start,
    "suggestions": suggested,
    "message": placed("in:线上故障应急 恢复", "消息"),
    "doc-dark": placed("运维手册", "文档", **DARK),
    "states": states,
    "modes": modes,
    "keyboard-walk": walk,
    "store": store(),
    "store-search": store("#q=会议", 760, 640),
    "store-app": store("#app=app-002", 1000, 900),
    "store-modes": store_modes,
}
