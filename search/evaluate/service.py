"""A temporary service with engine, broker, indexers and API, removed in the end, also after a failure."""

from __future__ import annotations

import asyncio
import math
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from rich.console import Console
from rich.progress import Progress

from indexers import aside
from indexers.generations import Registry
from indexers.lag import lags
from indexers.load import load, size
from mappings.catalogue import Catalogue
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import BrokerSettings, EngineSettings, Settings
from search.core.streams.port import Broker
from search.evaluate.api_client import ApiClient
from search.localstack import temporary_stack
from search.localstack.children import Child, environment, running
from search.localstack.ports import LOOPBACK, choose_port

START_S = 120.0
# Seconds; thousands of events are settled in one, so if none is in this time something is wrong.
STANDSTILL_S = 120.0
POLL_S = 0.1


@dataclass(frozen=True)
class Load:
    """How many events were loaded, and the seconds from the first publish until every consumer had settled all."""

    events: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Service:
    """A running service: its URL, the gateway's secret, its endpoints and its processes."""

    url: str
    secret: str
    endpoints: Endpoints
    children: Sequence[Child]

    def check(self) -> None:
        """Raise OfficeSearchError if one of its processes has ended."""
        for child in self.children:
            child.check()


@contextmanager
def temporary_service(settings: Settings, console: Console) -> Iterator[Service]:
    """Yield a new service on free ports; call `fill` to wait until it runs."""
    local, secret = settings.localstack, secrets.token_urlsafe(32)
    with (
        temporary_stack(heap=local.heap, cache=local.cache, console=console) as endpoints,
        tempfile.TemporaryDirectory(prefix="office-search-evaluation-") as folder,
    ):
        port = choose_port(None)
        chosen = environment(
            endpoints,
            gateway_secrets=secret,
            api_host=LOOPBACK,
            api_port=str(port),
            indexer_port="0",
            rate_limit_caller="off",
            # Whoever evaluates says when figures are made.
            recommend_every_h="0",
        )
        with running("index", chosen, Path(folder)) as indexers, running("serve", chosen, Path(folder)) as api:
            yield Service(f"http://{LOOPBACK}:{port}", secret, endpoints, (indexers, api))


async def fill(service: Service, files: Sequence[Path], progress: Progress) -> Load:
    """Publish event files and wait until all their events are searchable and the service is ready.

    Raises OfficeSearchError when a process ends or makes no progress, or the files hold lines that are no events.
    """
    async with AsyncExitStack() as stack:
        # A stack of our own takes no credentials but what its URLs hold.
        engine = engines.connect(EngineSettings.model_construct(), service.endpoints.opensearch_url, timeout_s=60)
        stack.push_async_callback(engine.close)
        broker = await stack.enter_async_context(
            bootstrap.connected_broker(BrokerSettings.model_construct(), service.endpoints.broker_url)
        )
        filling = _Filling(service, engine, broker, progress)
        await filling.started()
        began = time.perf_counter()
        events = await filling.publish(files)
        await filling.settled(events)
        seconds = time.perf_counter() - began
        await engine.indices.refresh(index="_all")
        await filling.ready()
        return Load(events, round(seconds, 2))


class _Filling:
    """The steps of `fill`; each notices when a process ends."""

    def __init__(self, service: Service, engine: AsyncOpenSearch, broker: Broker, progress: Progress) -> None:
        self._service = service
        self._engine = engine
        self._registry = Registry(engine, Catalogue.installed())
        self._broker = broker
        self._progress = progress

    async def started(self) -> None:
        async def following() -> bool:
            return await self._lag() is not None

        await self._until(following, "start", "The indexers do not follow the streams")

    async def publish(self, files: Sequence[Path]) -> int:
        task = self._progress.add_task("publish", total=size(files))
        loaded = await load(
            self._broker, self._registry.catalogue, files, lambda bytes: self._progress.advance(task, bytes)
        )
        if loaded.skipped:
            raise OfficeSearchError(f"{len(loaded.skipped)} lines are no events, the first: {loaded.skipped[0]}")
        return loaded.sent.total()

    async def settled(self, events: int) -> None:
        task = self._progress.add_task("index", total=None)
        least, moved = math.inf, time.monotonic()
        while (lag := await self._lag()) != 0:
            self._service.check()
            if lag is not None and lag < least:
                least, moved = lag, time.monotonic()
                # Some streams have several consumers, so more can lie ahead than was published.
                total = max(events, lag)
                self._progress.update(task, total=total, completed=total - lag)
            if time.monotonic() - moved > STANDSTILL_S:
                raise OfficeSearchError(
                    f"The indexers have stood still for {STANDSTILL_S:.0f} s, {least} events behind."
                )
            await asyncio.sleep(POLL_S)
        # What was set aside is settled, and written a little later.
        await self._until(self._nothing_is_aside, "write", "Events stay set aside")
        self._progress.update(task, total=events or 1, completed=events or 1)

    async def _nothing_is_aside(self) -> bool:
        generations = await self._registry.all()
        return not await aside.held(self._engine, [generation.name for generation in generations])

    async def ready(self) -> None:
        async with ApiClient(self._service.url, self._service.secret) as client:
            await self._until(client.ready, "ready", "The API does not become ready")

    async def _until(self, condition: Callable[[], Awaitable[bool]], name: str, failure: str) -> None:
        task = self._progress.add_task(name, total=None)
        deadline = time.monotonic() + START_S
        while not await condition():
            self._service.check()
            if time.monotonic() > deadline:
                raise OfficeSearchError(f"{failure} within {START_S:.0f} s.")
            await asyncio.sleep(POLL_S)
        self._progress.update(task, total=1, completed=1)

    async def _lag(self) -> int | None:
        """Return the lag of all consumers together; None until all of them exist."""
        try:
            found = (await lags(self._registry, self._broker)).values()
        except OfficeSearchError:
            return None
        except OpenSearchException as error:
            # An index that is just being made answers 503 until its shard has started.
            if not engines.is_overload(error):
                raise
            return None
        behind = [lag for lag in found if lag is not None]
        return sum(behind) if behind and len(behind) == len(found) else None
