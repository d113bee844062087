"""What an operator asks when somebody does not find something: the explanation, for a human or a machine."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

from nats.aio.client import Client
from nats.errors import Error as NatsError
from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers import load_lexicons
from indexers.lag import behind
from search.access.directory import Directory
from search.access.reader import Reader
from search.api.admin import ExplanationBody
from search.core import broker as streams
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import BadRequest, Unavailable
from search.core.settings import Settings
from search.explain.explain import Explain, Question
from search.explain.explanation import Explanation, Facts, State
from search.query.answer import Search

_TENANT = re.compile(r"[a-z0-9-]{1,40}")
_MARKS = {State.PASSED: ("✓", "green"), State.FAILED: ("✗", "red"), State.NOT_TOLD: ("–", "yellow")}


async def inquire(
    settings: Settings,
    endpoints: Endpoints,
    tenant: str,
    question: Question,
    console: Console,
    *,
    admin: str = "",
    as_json: bool = False,
) -> Explanation:
    """Explain and show it. `admin`: a user's id, who is told no more than over HTTP; without one all is told.

    Raises BadRequest for what is no tenant, and what the explanation raises.
    """
    if not _TENANT.fullmatch(tenant):
        raise BadRequest(f"tenant: {tenant!r:.60} is none; a tenant is 1 to 40 of a-z, 0-9 and -.")
    explanation = await _explain(settings, endpoints, tenant, question, admin)
    if as_json:
        console.out(ExplanationBody.of(explanation).model_dump_json(exclude_none=True), highlight=False)
    else:
        _show(explanation, console)
    return explanation


async def _explain(
    settings: Settings, endpoints: Endpoints, tenant: str, question: Question, admin: str
) -> Explanation:
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url)
        stack.push_async_callback(engine.close)
        await engines.ping(engine)
        directory = Directory(engine, lambda: time.time_ns() // 1000)
        search = Search(
            Reader(engine, settings.search.deadline_ms), directory, load_lexicons(settings.analysis.lexicons)
        )
        lag = await _lag(settings, endpoints, engine, stack)
        explain = Explain(engine, settings.search.deadline_ms, search, lag)
        now = datetime.now(UTC)
        if not admin:
            return await explain.for_operator(tenant, question, now)
        return await explain.for_admin(await directory.principal(tenant, admin), question, now)


async def _lag(
    settings: Settings, endpoints: Endpoints, engine: AsyncOpenSearch, stack: AsyncExitStack
) -> Callable[[str], Awaitable[int | None]]:
    """How far the indexers are behind; with the broker away that is not known, and all else still is."""
    client: Client | None = None
    with suppress(Unavailable):
        client = await streams.connect(settings.broker, endpoints.broker_url)
        stack.push_async_callback(client.close)

    async def lag(collection: str) -> int | None:
        try:
            return await behind(engine, client.jetstream(), collection) if client else None
        except NatsError:
            return None

    return lag


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
