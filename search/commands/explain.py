"""`office-search explain`: shows an operator why a user does or does not find something, as text or as JSON."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers import load_lexicons
from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.sealing import Sealing
from search.api.admin import ExplanationBody
from search.core.endpoints import Endpoints
from search.core.errors import BadRequest, Unavailable
from search.core.settings import Settings
from search.explain.explainer import Inquiry
from search.explain.explanation import Explanation, Facts, State

_TENANT = re.compile(r"[a-z0-9-]{1,40}")
_MARKS = {State.PASSED: ("✓", "green"), State.FAILED: ("✗", "red"), State.NOT_TOLD: ("–", "yellow")}


async def inquire(
    settings: Settings,
    endpoints: Endpoints,
    tenant: str,
    inquiry: Inquiry,
    console: Console,
    *,
    admin: str = "",
    as_json: bool = False,
) -> Explanation:
    """Explain, print and return the explanation.

    `admin`: the id of a user, to tell only what that admin would be told over HTTP; empty tells everything. Raises
    BadRequest for an impossible tenant, and what the explanation raises.
    """
    if not _TENANT.fullmatch(tenant):
        raise BadRequest(f"tenant: {tenant!r:.60} is none; a tenant is 1 to 40 of a-z, 0-9 and -.")
    explanation = await _explain(settings, endpoints, tenant, inquiry, admin)
    if as_json:
        console.out(ExplanationBody.of(explanation).model_dump_json(exclude_none=True), highlight=False)
    else:
        _show(explanation, console)
    return explanation


async def _explain(settings: Settings, endpoints: Endpoints, tenant: str, inquiry: Inquiry, admin: str) -> Explanation:
    broker = bootstrap.broker_at(settings.broker, endpoints.broker_url)
    lexicons = load_lexicons(settings.analysis.lexicons)
    async with bootstrap.read_side(settings, endpoints, broker, Catalogue.installed(), lexicons, Sealing()) as services:
        # Without the broker only one thing is unknown: how far the indexers are behind.
        with suppress(Unavailable):
            await broker.open()
        await services.known.look()
        now = datetime.now(UTC)
        if not admin:
            return await services.explain.for_operator(tenant, inquiry, now)
        asking = await services.search.directory.principal(tenant, admin)
        return await services.explain.for_admin(asking, inquiry, now)


def _show(explanation: Explanation, console: Console) -> None:
    deciding = explanation.deciding
    about = f"{explanation.user} → {explanation.vertical} {explanation.id}: {explanation.outcome}"
    console.print(about, style="bold", markup=False, highlight=False)
    console.print(deciding.text, markup=False, highlight=False)
    table = Table("step", "", "because", "facts")
    for finding in explanation.findings:
        mark, colour = _MARKS[finding.state]
        table.add_row(finding.step, Text(mark, colour), Text(finding.text), Text(_facts(finding.facts)))
    console.print(table)


def _facts(facts: Facts) -> str:
    return "\n".join(
        f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, (list, tuple)) else value}"
        for name, value in facts.given().items()
    )
