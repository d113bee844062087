"""`office-search up`, `down` and `status`: the managed local stack."""

from __future__ import annotations

import time
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from search.commands.endpoints import resolve
from search.core.endpoints import Endpoints, given
from search.core.settings import Settings
from search.localstack import ServiceStatus, Stack, managed_stack

COLOURS = {"running": "green", "stopped": "dim", "crashed": "red", "stale": "red"}


def run_up(settings: Settings, console: Console) -> Endpoints:
    """Start the managed stack unless both URLs are set; return the endpoints to use."""
    if given(settings):
        _say(console, "OPENSEARCH_URL and BROKER_URL are set: there is nothing to start.")
        return resolve(settings)
    stack = managed_stack(settings.localstack, console)
    stack.up()
    _show(console, stack)
    return resolve(settings)


def run_down(settings: Settings, console: Console) -> None:
    """Stop the managed stack, if it runs."""
    stack = managed_stack(settings.localstack, console)
    _say(console, f"Stopped; the data stay in {stack.home}" if stack.down() else "Nothing was running.")


def run_status(settings: Settings, console: Console) -> bool:
    """Print a table of the stack; return whether everything that is needed runs."""
    if given(settings):
        _say(console, "OPENSEARCH_URL and BROKER_URL are set: the managed stack is not used.")
        return True
    return all(each.state == "running" for each in _show(console, managed_stack(settings.localstack, console)))


def _show(console: Console, stack: Stack) -> list[ServiceStatus]:
    found = stack.status()
    table = Table("Service", "State", "Process", "Memory", "For", "Address", box=None)
    for each in found:
        table.add_row(
            each.name,
            f"[{COLOURS[each.state]}]{each.state}",
            str(each.pid or ""),
            f"{each.rss >> 20} MB" if each.rss else "",
            str(timedelta(seconds=int(time.time() - each.since))) if each.since else "",
            each.url or "",
        )
    console.print(table)
    for each in found:
        _say(console, f"Log of {each.name}: {each.log}")
    return found


def _say(console: Console, text: str) -> None:
    # No wrapping and no colours, so that paths can be copied.
    console.print(text, soft_wrap=True, highlight=False, markup=False)
