"""`office-search accept-gap`: says that what a lost stream held has been published again, or is given up."""

from __future__ import annotations

from rich.console import Console

from indexers.followed import Followed
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import Settings


async def accept_gap(settings: Settings, endpoints: Endpoints, stream: str | None, console: Console) -> None:
    """Forget the gaps of a stream, or of every stream, and print which they were."""
    engine = engines.connect(settings.engine, endpoints.opensearch_url)
    try:
        await engines.ping(engine)
        accepted = await Followed(engine).accept(stream)
    finally:
        await engine.close()
    for gap in accepted:
        console.print(f"{gap.collection}: the gap in {gap.stream} of {gap.since} is accepted.")
    if not accepted:
        console.print("There is no gap to accept.")
