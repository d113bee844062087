"""`office-search eval recommend`: measures what is recommended against what people then took up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from mappings.catalogue import Catalogue
from search import bootstrap
from search.commands.bar import Bar
from search.core.errors import ConfigurationError, OfficeSearchError
from search.core.settings import Settings
from search.evaluate.api_client import ApiClient
from search.evaluate.questions import PlayedQuestion, event_files
from search.evaluate.recommend_figures import Difference, RecommendFigures, difference
from search.evaluate.recommend_ground import Known, Taken, known, taken_up
from search.evaluate.recommend_models import NAMES
from search.evaluate.service import Service, fill, temporary_service

AT_ONCE = 4
ASKED_FOR = 20
PRODUCT = "product"


@dataclass(frozen=True)
class Report:
    """The results.

    `unruled`: the same models as if there were no rule of groups. `hidden`: what was recommended and may not be seen.
    """

    users: int
    models: Mapping[str, RecommendFigures]
    unruled: Mapping[str, RecommendFigures]
    differences: Mapping[str, Difference]
    hidden: Sequence[str] = field(default_factory=list)

    def json(self) -> bytes:
        report = {
            "users": self.users,
            "models": {name: asdict(one) for name, one in self.models.items()},
            "unruled": {name: asdict(one) for name, one in self.unruled.items()},
            "differences": {name: asdict(one) for name, one in self.differences.items()},
            "hidden": len(self.hidden),
        }
        return orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n"


def run_recommend(settings: Settings, data: Path, console: Console, *, json_file: Path | None) -> Report:
    """Train on a company's use of apps and test on what was left out of it, in a temporary service; print a table.

    Raises OfficeSearchError when a file is missing or somebody gets no answer.
    """
    if json_file and not json_file.parent.is_dir():
        raise ConfigurationError(f"{json_file.parent} is no folder; --json needs one to write into.")
    taken, files = taken_up(data), event_files(data)
    with temporary_service(settings, console) as service:
        ground, lists = asyncio.run(_played(settings, service, files, taken, console))
    report = report_of(ground, lists)
    show(report, console)
    if json_file:
        json_file.write_bytes(report.json())
    return report


async def _played(
    settings: Settings, service: Service, files: Sequence[Path], taken: Taken, console: Console
) -> tuple[Known, list[list[str]]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as bars:
        await fill(service, files, bars)
    async with bootstrap.figures_run(settings, service.endpoints, Catalogue.installed()) as run:
        with Bar(console) as bar:
            await run.of(taken.tenant, bar)
    ground = await known(settings, service.endpoints, taken)
    with Progress(*columns, TimeElapsedColumn(), console=console) as bars:
        task = bars.add_task("recommend", total=len(ground.people.ids))
        return ground, await _lists(service, taken.tenant, ground.people.ids, lambda: bars.advance(task))


async def _lists(service: Service, tenant: str, users: Sequence[str], advance: Callable[[], None]) -> list[list[str]]:
    gate = asyncio.Semaphore(AT_ONCE)
    async with ApiClient(service.url, service.secret) as client:

        async def one(user: str) -> list[str]:
            async with gate:
                answered = await client.recommended(PlayedQuestion(id=user, tenant=tenant, user=user, q=""), ASKED_FOR)
            if answered.status != 200:
                raise OfficeSearchError(f"{user}: nothing is recommended: {answered.body.get('detail')}")
            advance()
            return [app["id"] for app in answered.body["apps"]]

        return list(await asyncio.gather(*(one(user) for user in users)))


def report_of(ground: Known, lists: Sequence[Sequence[str]]) -> Report:
    """Return the results of these lists, one for each person."""
    measured = ground.measured
    ruled = {name: ground.models.lists(scores, ASKED_FOR) for name, scores in ground.models.models(ruled=True).items()}
    free = {name: ground.models.lists(scores, ASKED_FOR) for name, scores in ground.models.models(ruled=False).items()}
    gains = measured.gains(lists)
    hidden = [
        f"{user}: {app}"
        for person, (user, one) in enumerate(zip(ground.people.ids, lists, strict=True))
        for app in one
        if app not in ground.sees[person]
    ]
    return Report(
        users=int(np.sum([app is not None for app in measured.taken])),
        models={PRODUCT: measured.figures(lists)} | {name: measured.figures(ruled[name]) for name in NAMES},
        unruled={name: measured.figures(free[name]) for name in NAMES},
        differences={name: difference(gains, measured.gains(ruled[name])) for name in NAMES},
        hidden=hidden,
    )


def show(report: Report, console: Console) -> None:
    """Print the table, and by how much the product is better."""
    table = Table("model", "recall", "nDCG", "cover", "novelty", "new", "nDCG: less than the product", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in report.models.items():
        better = report.differences.get(name)
        sure = f"{better.mean:.3f} [{better.low:.3f}, {better.high:.3f}]" if better else ""
        table.add_row(name, *_cells(one), sure)
    table.add_section()
    for name, one in report.unruled.items():
        table.add_row(f"{name}, unruled", *_cells(one), "")
    console.print(table)
    console.print(f"{report.users:,} people", highlight=False)
    for line in report.hidden[:AT_ONCE]:
        console.print(f"  may not see {line}", style="red", markup=False)
    colour = "bold red" if report.hidden else "bold green"
    console.print(f"{len(report.hidden)} recommendations of apps that may not be seen", style=colour, highlight=False)


def _cells(one: RecommendFigures) -> list[str]:
    values = (one.recall10, one.ndcg10, one.coverage, one.novelty, one.new_share)
    return [f"{value:.3f}" for value in values]
