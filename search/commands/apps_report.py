"""`office-search apps report`: shows what a tenant's admin is told of how the store's apps are found and used."""

from __future__ import annotations

from contextlib import suppress

from rich.console import Console
from rich.table import Table

from analyzers import load_lexicons
from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.sealing import Sealing
from search.api.store_report import AppsReportBody
from search.core.endpoints import Endpoints
from search.core.errors import Unavailable
from search.core.settings import Settings
from search.store.report import StoreReport


async def report(
    settings: Settings, endpoints: Endpoints, tenant: str, admin: str, console: Console, *, as_json: bool = False
) -> StoreReport:
    """Print and return the report that this admin of the tenant would be given over HTTP.

    Raises Forbidden for an unknown user, or one without the module; Unavailable.
    """
    broker = bootstrap.broker_at(settings.broker, endpoints.broker_url)
    lexicons = load_lexicons(settings.analysis.lexicons)
    sealing = Sealing.configured(settings.sealing)
    async with bootstrap.read_side(settings, endpoints, broker, Catalogue.installed(), lexicons, sealing) as services:
        with suppress(Unavailable):
            await broker.open()
        await services.known.look()
        found = await services.reporting.report(await services.search.directory.principal(tenant, admin))
    if as_json:
        console.out(AppsReportBody.of(found).model_dump_json(), highlight=False)
    else:
        _show(found, console)
    return found


def _show(found: StoreReport, console: Console) -> None:
    table = Table("app", "category", "use it", "trend", "saw it", "opened it", "by a question", "rating", title="Apps")
    for column in table.columns[2:]:
        column.justify = "right"
    for one in found.apps:
        told = [_number(one.people), f"{one.trend:+.1f}" if one.trend else "", *map(_number, (one.shown, one.opened))]
        table.add_row(one.name, one.category, *told, _number(one.asked), f"{one.rating or ''}")
    console.print(table)
    unopened = sum(one.is_unopened for one in found.apps)
    console.print(f"{unopened} of {len(found.apps)} apps are opened by nobody, or by too few to be told.")
    for lacking in found.unserved:
        text = lacking.text or "(a question that is not kept as text)"
        console.print(f"{lacking.people} people found no app for: {text}", markup=False, highlight=False)


def _number(people: int) -> str:
    return f"{people:,}+" if people else ""
