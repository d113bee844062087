"""`office-search recommend train`: puts the use of apps together, and makes of it what answers tell and recommend."""

from __future__ import annotations

from rich.console import Console

from mappings.catalogue import Catalogue
from search import bootstrap
from search.commands.bar import Bar
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import Settings
from search.recommend.run import each

HOUR_S = 3600.0


async def train(
    settings: Settings, endpoints: Endpoints, console: Console, *, tenant: str | None = None, due: bool = False
) -> None:
    """Make the figures of every tenant anew, or of one, or (`due`) of those whose turn it is; tell how each ended.

    Raises OfficeSearchError where one failed, after all others were made, and for a tenant that is unknown.
    """
    async with bootstrap.figures_run(settings, endpoints, Catalogue.installed()) as run:
        due_after_s = settings.recommend.every_h * HOUR_S if due else None
        tenants = await run.tenants(due_after_s)
        if tenant is not None:
            if tenant not in await run.tenants():
                raise OfficeSearchError(f"There is no tenant {tenant}; `office-search status` shows what is indexed.")
            tenants = [tenant]
        ended: list[tuple[str, str]] = []
        with Bar(console) as bar:
            failed = await each(run, tenants, bar, lambda name, sentence: ended.append((name, sentence)), due_after_s)
    for name, sentence in ended:
        console.print(f"{name}: {sentence}", markup=False, highlight=False)
    if failed:
        raise OfficeSearchError(f"The figures of {failed} of {len(tenants)} tenants were not made; the old ones count.")
