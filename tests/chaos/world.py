"""The real thing: an engine, a broker, two indexers and an API as processes, and a supervisor of them."""

from __future__ import annotations

import asyncio
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
from chaos.processes import Command, send, session
from chaos.sight import Wrong
from chaos.story import API, BROKER, ENGINE, INDEXERS
from kit import CATALOGUE
from nats.aio.client import Client
from nats.errors import Error as NatsError
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from rich.console import Console

from indexers.generations import Registry
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import BrokerSettings, EngineSettings
from search.core.streams.nats import NatsBroker
from search.core.tasks import cancelled
from search.localstack.children import environment
from search.localstack.ports import LOOPBACK, choose_port
from search.localstack.stack import Stack
from search.localstack.temporary import temporary

LOOK_S = 0.1
# A supervisor's pause before it starts again what has ended.
AGAIN_S = 0.5
START_S = 240.0
PATIENCE_S = 120.0
DISTURBED = (OpenSearchException, OfficeSearchError, NatsError, OSError, TimeoutError)
"""What clients raise while engine or broker are disturbed."""
STACKED = {ENGINE: "opensearch", BROKER: "nats"}

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
    """Wait for a condition. Raise Wrong, naming it, when the time is over."""
    end = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > end:
            raise Wrong(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(LOOK_S)


async def patiently(act: Callable[[], Awaitable[T]], what: str, seconds: float = PATIENCE_S) -> T:
    """Do what engine or broker may refuse while they are disturbed, again and again. Raise Wrong in the end."""
    end = time.monotonic() + seconds
    while True:
        try:
            async with asyncio.timeout(10):
                return await act()
        except DISTURBED as error:
            if time.monotonic() > end:
                raise Wrong(f"could not {what} within {seconds:.0f} s: {error!r:.300}") from error
            await asyncio.sleep(LOOK_S)


@dataclass
class World:
    """All connections of the test's own, and the processes by their names in stories.

    `ended`: what ended without having been killed, with its status. `api_undisturbed_since`: seconds of the monotonic
    clock; infinite while the API is stopped or not up.
    """

    stack: Stack
    endpoints: Endpoints
    engine: AsyncOpenSearch
    broker: NatsBroker
    url: str
    secret: str
    environment: dict[str, str]
    folder: Path
    commands: dict[str, Command] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    api_undisturbed_since: float = float("inf")
    _killed: set[str] = field(default_factory=set)
    _stopped: dict[str, int] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """NATS' own client, for what only NATS has."""
        return self.broker.connection.patient_client()

    @property
    def registry(self) -> Registry:
        return Registry(self.engine, CATALOGUE)

    def command(self, *arguments: str, log: str) -> Command:
        """Start a command of an operator's; the caller ends it."""
        return Command(arguments, self.environment, self.folder / f"{log}.log")

    def processes(self, target: str) -> list[psutil.Process]:
        """Return what runs of a target, the first that was started first."""
        if target in self.commands:
            return session(self.commands[target].pid)
        pids = [one.pid for one in self.stack.status() if one.name == STACKED[target] and one.state == "running"]
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(pid) for pid in pids if pid]
        return []

    def kill(self, target: str, part: float) -> str:
        """Kill one of a target's processes, and return which."""
        if not (running := self.processes(target)):
            return "nothing ran"
        self._killed.add(target)
        self._disturb(target)
        number = min(int(part * len(running)), len(running) - 1)
        send([running[number]], signal.SIGKILL)
        return f"process {number + 1} of {len(running)}"

    @asynccontextmanager
    async def stopped(self, target: str) -> AsyncIterator[None]:
        """All processes of a target stand still meanwhile; stopped twice, until both are over."""
        self._disturb(target)
        self._stopped[target] = self._stopped.get(target, 0) + 1
        still = self.processes(target)
        send(still, signal.SIGSTOP)
        try:
            yield
        finally:
            self._stopped[target] -= 1
            if not self._stopped[target]:
                send(still, signal.SIGCONT)
                self._disturb(target)

    def _disturb(self, target: str) -> None:
        if target == API:
            self.api_undisturbed_since = float("inf")

    async def supervise(self) -> None:
        """Start again what has ended, for ever; nothing else."""
        while True:
            for target, command in self.commands.items():
                if (status := command.status) is not None:
                    if target not in self._killed:
                        self.ended.append(f"{target} ended with status {status}: {command.last_words(3)}")
                    self._killed.discard(target)
                    self._disturb(target)
                    await asyncio.sleep(AGAIN_S)
                    await asyncio.to_thread(command.sweep)
                    command.start()
            if any(one.state != "running" for one in await asyncio.to_thread(self.stack.status)):
                # Killed once more while it started: a supervisor tries again.
                with suppress(OfficeSearchError):
                    await asyncio.to_thread(self.stack.up)
            await self._look_at_api()
            await asyncio.sleep(LOOK_S)

    async def _look_at_api(self) -> None:
        if self.api_undisturbed_since != float("inf") or self._stopped.get(API):
            return
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
                if (await http.get(f"{self.url}/healthz")).status_code == 200 and not self._stopped.get(API):
                    self.api_undisturbed_since = time.monotonic()

    async def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                return (await http.get(f"{self.url}/readyz")).status_code == 200
        return False


@asynccontextmanager
async def world(console: Console, logs: Path | None = None) -> AsyncIterator[World]:
    """A new world, ready and supervised; everything of it is gone afterwards, whatever happened, but for `logs`."""
    async with AsyncExitStack() as stack:
        made = stack.enter_context(temporary(heap="512m", console=console))
        endpoints = await asyncio.to_thread(made.up)
        folder = logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="office-search-chaos-")))
        folder.mkdir(parents=True, exist_ok=True)
        engine = engines.connect(EngineSettings.model_construct(), endpoints.opensearch_url, timeout_s=10)
        stack.push_async_callback(engine.close)
        broker = bootstrap.broker_at(BrokerSettings.model_construct(), endpoints.broker_url)
        await broker.open()
        stack.push_async_callback(broker.close)
        secret, port = secrets.token_urlsafe(32), choose_port(None)
        chosen = environment(
            endpoints, gateway_secrets=secret, api_host=LOOPBACK, api_port=str(port), indexer_port="0",
            rate_limit_caller="off", rate_limit_app="off", refresh_interval="200ms", ack_wait_s="5", batch_size="50",
        )  # fmt: skip
        url = f"http://{LOOPBACK}:{port}"
        there = World(made, endpoints, engine, broker, url, secret, chosen, folder)
        for target, arguments in [*((name, "index") for name in INDEXERS), (API, "serve")]:
            there.commands[target] = there.command(arguments, log=target)
            stack.callback(there.commands[target].kill)
        supervisor = asyncio.create_task(there.supervise())
        stack.push_async_callback(cancelled, supervisor)
        await until(there.is_ready, "the API to be ready at first", START_S)
        yield there
