"""`office-search eval known-items`: measures what a company's users find, and checks what they must not find."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from search.core.errors import ConfigurationError
from search.core.settings import Settings
from search.evaluate.api_client import ApiClient
from search.evaluate.figures import Figures, Played, by_kind, figures
from search.evaluate.leaks import Leak
from search.evaluate.play import WARM_UP, Ask, play_known_items, play_negatives, spread, warm_up
from search.evaluate.questions import KnownItem, Negative, by_name, event_files, known_items, negatives, of_apps
from search.evaluate.service import Load, fill, temporary_service

SHOWN = 20
Asked = Literal["search", "suggest", "store"]


@dataclass(frozen=True)
class Report:
    """The results of one evaluation."""

    played: Sequence[Played]
    leaked: Sequence[Leak]
    load: Load

    @property
    def kinds(self) -> Mapping[str, Figures]:
        return by_kind(self.played)

    def json(self) -> bytes:
        report = {
            "kinds": {kind: asdict(found) for kind, found in self.kinds.items()},
            "leaks": len(self.leaked),
            "leaked": [asdict(leak) for leak in self.leaked],
            "load": asdict(self.load),
        }
        return orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"


def run_known_items(
    settings: Settings,
    data: Path,
    console: Console,
    *,
    url: str | None,
    json_file: Path | None,
    of: Asked = "search",
) -> int:
    """Ask the questions in `data` of the service at `url`, or of a temporary one filled with the company.

    `of`: the search, the suggestions (and what is asked for by name alone), or the app store (and apps alone). Prints a
    table, writes `json_file` and returns the number of leaks. Raises OfficeSearchError when a file is missing or a
    question gets no complete answer.
    """
    if json_file and not json_file.parent.is_dir():
        raise ConfigurationError(f"{json_file.parent} is no folder; --json needs one to write into.")
    items, forbidden = known_items(data), negatives(data)
    if of != "search":
        # What is denied is named by a search alone; whatever is shown of a vertical that is denied is a leak like any.
        items = by_name(items) if of == "suggest" else of_apps(items)
        forbidden = [one.model_copy(update={"denied": ()}) for one in forbidden]
    evaluation = _Evaluation(items, forbidden, console, of)
    if url:
        report = asyncio.run(evaluation.running(url, _secret(settings)))
    else:
        report = evaluation.temporary(settings, event_files(data))
    show(report, console)
    if json_file:
        json_file.write_bytes(report.json())
    return len(report.leaked)


def _secret(settings: Settings) -> str:
    if not settings.identity.gateway.secrets:
        raise ConfigurationError(
            "Set OFFICE_SEARCH_GATEWAY_SECRETS to the service's own: the questions are signed with it."
        )
    return settings.identity.gateway.secrets[0].get_secret_value()


class _Evaluation:
    """One evaluation, with a progress bar for each phase."""

    def __init__(self, items: Sequence[KnownItem], negatives: Sequence[Negative], console: Console, of: Asked) -> None:
        self._items = items
        self._of = of
        self._negatives = negatives
        self._console = console

    def temporary(self, settings: Settings, files: Sequence[Path]) -> Report:
        with temporary_service(settings, self._console) as service, self._bars() as bars:

            async def filled() -> Report:
                load = await fill(service, files, bars)
                return await self._play(ApiClient(service.url, service.secret), load, bars)

            return asyncio.run(filled())

    async def running(self, url: str, secret: str) -> Report:
        with self._bars() as bars:
            return await self._play(ApiClient(url, secret), Load(), bars)

    async def _play(self, client: ApiClient, load: Load, bars: Progress) -> Report:
        async with client:
            ask = _ask(client, self._of)
            await warm_up(ask, self._items, _bar(bars, "warm up", len(spread(self._items, WARM_UP))))
            played = await play_known_items(ask, self._items, _bar(bars, "known items", len(self._items)))
            leaked = await play_negatives(ask, self._negatives, _bar(bars, "negatives", len(self._negatives)))
        return Report(played, leaked, load)

    def _bars(self) -> Progress:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, TimeElapsedColumn(), console=self._console)


def _ask(client: ApiClient, of: Asked) -> Ask:
    match of:
        case "suggest":
            return client.suggest
        case "store":
            return client.store
        case _:
            return client.search


def _bar(bars: Progress, name: str, total: int) -> Callable[[], None]:
    task = bars.add_task(name, total=total)
    return lambda: bars.advance(task)


def show(report: Report, console: Console) -> None:
    """Print the table, the load and the first leaks."""
    if report.played:
        console.print(_table(report))
    if report.load.events:
        console.print(f"Loaded {report.load.events:,} events in {report.load.seconds:,.1f} s.", highlight=False)
    for leak in report.leaked[:SHOWN]:
        text = f"  {leak.id} ({leak.rule}): {leak.tenant}'s {leak.user} asked {leak.q!r}: {leak.what}"
        console.print(text, style="red", markup=False, highlight=False)
    if len(report.leaked) > SHOWN:
        console.print(f"  … and {len(report.leaked) - SHOWN} more", style="red")
    count = "1 leak" if len(report.leaked) == 1 else f"{len(report.leaked)} leaks"
    console.print(count, style="bold red" if report.leaked else "bold green", highlight=False)


def _table(report: Report) -> Table:
    table = Table("kind", "n", "hit@1", "hit@5", "MRR", "p50 ms", "p95 ms")
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, found in report.kinds.items():
        table.add_row(kind, *_cells(found))
    table.add_section()
    table.add_row("all", *_cells(figures(report.played)))
    return table


def _cells(found: Figures) -> list[str]:
    shares = [f"{share:.3f}" for share in (found.hit1, found.hit5, found.mrr)]
    return [str(found.n), *shares, f"{found.p50_ms:.0f}", f"{found.p95_ms:.0f}"]
