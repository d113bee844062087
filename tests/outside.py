"""What tests put in the place of the broker, or before the engine: a NATS server of their own, a proxy that refuses."""

from __future__ import annotations

import math
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import aiohttp
import orjson
from aiohttp import web

from search.localstack.nats_server import NatsServer


class OwnBroker:
    """A NATS server with JetStream that a test may stop and start again; its streams stay in `home`."""

    def __init__(self, home: Path, *options: str) -> None:
        self._home = home
        self._options = options
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        program = NatsServer(self._home, self._home).program(None)
        place = ("-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(self._home), "-l", str(self._home / "log"))
        self._process = subprocess.Popen([str(program), *place, *self._options])
        deadline = time.monotonic() + 10
        while not _answers(self._port):
            assert time.monotonic() < deadline, "the NATS server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Proxy:
    """Stands before the engine; hands requests on, or does not, as a test wants."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self.url = ""
        self.disturb()

    def disturb(
        self,
        *,
        refuse: int | None = None,
        drop: bool = False,
        lose_answers: bool = False,
        refuse_items: int | None = None,
    ) -> None:
        """From now on: with nothing said, hand everything on.

        `refuse`: answer every request with this status. `drop`: cut every connection before the engine hears of it.
        `lose_answers`: cut it after the engine has done a bulk request. `refuse_items`: answer every second operation
        of a bulk request with this status.
        """
        self._refuse, self._drop, self._lose_answers, self._refuse_items = refuse, drop, lose_answers, refuse_items
        self.disturbed: list[float] = []

    def disturbed_times(self, number: int) -> Callable[[], Awaitable[bool]]:
        """A condition to wait for: so many requests were not simply handed on."""

        async def reached() -> bool:
            return len(self.disturbed) >= number

        return reached

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        bulk = request.path.endswith("_bulk")
        if self._refuse or self._drop or (bulk and (self._lose_answers or self._refuse_items)):
            self.disturbed.append(time.monotonic())
        if self._drop:
            return _cut(request)
        if self._refuse:
            error = {"error": {"type": "refused", "reason": "by the test"}, "status": self._refuse}
            return web.json_response(error, status=self._refuse)
        if bulk and self._refuse_items:
            return await self._half(request, body, self._refuse_items)
        status, answer = await self._forward(request, body)
        if bulk and self._lose_answers:
            return _cut(request)
        return web.Response(status=status, body=answer, content_type="application/json")

    async def _forward(self, request: web.Request, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
        async with (
            aiohttp.ClientSession(auto_decompress=True) as session,
            session.request(request.method, self._upstream + request.path_qs, data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.read()

    async def _half(self, request: web.Request, body: bytes, status: int) -> web.StreamResponse:
        lines = body.splitlines()
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        taken = b"".join(b"%b\n%b\n" % pair for pair in pairs[::2])
        _, answer = await self._forward(request, taken)
        # Where nothing failed, the engine was asked for no items.
        done = orjson.loads(answer).get("items") or [{"index": {"status": 200}}] * math.ceil(len(pairs) / 2)
        refused = [{"index": {"status": status, "error": {"type": "rejected", "reason": "full"}}}] * (len(pairs) // 2)
        items = [item for pair in zip(done, refused, strict=False) for item in pair] + done[len(refused) :]
        return web.json_response({"errors": bool(refused), "items": items})


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def proxy(upstream: str) -> AsyncIterator[Proxy]:
    """A proxy that listens on a free port of loopback."""
    before = Proxy(upstream)
    application = web.Application(client_max_size=256 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", before.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    before.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield before
    finally:
        await runner.cleanup()
