"""What tests of the Python client need: both of its forms behind one face, and servers that answer over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import kit
from apikit import Api
from fastapi import FastAPI

from office_search_client import AsyncClient, Client, Reason
from search.commands.serve import server
from search.core.settings import ApiSettings
from search.localstack.ports import LOOPBACK, choose_port

FORMS = ("sync", "async")
GetToken = Callable[[Reason], str]


@dataclass(frozen=True)
class Asker:
    """One of the two clients; what it is asked can be awaited."""

    client: Client | AsyncClient

    async def __call__(self, call: str, *args: Any, **more: Any) -> Any:
        method = getattr(self.client, call)
        if isinstance(self.client, AsyncClient):
            return await method(*args, **more)
        return await asyncio.to_thread(method, *args, **more)

    async def every(self, call: str, *args: Any) -> list[Any]:
        """All that a call yields."""
        found = getattr(self.client, call)(*args)
        if isinstance(self.client, AsyncClient):
            return [one async for one in found]
        return await asyncio.to_thread(list, found)


@asynccontextmanager
async def asking(form: str, url: str, get_token: GetToken | None = None, **more: Any) -> AsyncIterator[Asker]:
    """A client of this form, closed in the end."""

    async def later(reason: Reason) -> str:
        # Others get their turn, as while a token is fetched.
        await asyncio.sleep(0)
        assert get_token
        return get_token(reason)

    if form == "async":
        async with AsyncClient(url, later if get_token else None, **more) as client:
            yield Asker(client)
    else:
        with Client(url, get_token, **more) as client:
            yield Asker(client)


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """`length`: what the header says of the body's, where it is not so."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass(frozen=True)
class Service:
    """A server of a test's own; `asked` holds what came."""

    url: str
    asked: list[Asked]


@contextmanager
def answering(answer: Callable[[Asked], Reply]) -> Iterator[Service]:
    """A server over HTTP that answers each request, in a thread of its own, as `answer` says."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append(Asked(self.command, self.path, headers, body))
            reply = answer(asked[-1])
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body))} | reply.headers
            if reply.length is not None:
                headers |= {"Content-Length": str(reply.length), "Connection": "close"}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Service(f"http://{LOOPBACK}:{http.server_port}", asked)
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@asynccontextmanager
async def served(app: FastAPI, secret: str) -> AsyncIterator[tuple[str, Api]]:
    """The real application over HTTP, from its start to its end, with its URL."""
    url = f"http://{LOOPBACK}:{(port := choose_port(None))}"
    running = server(app, ApiSettings(host=LOOPBACK, port=port))
    task = asyncio.create_task(running.serve())

    async def started() -> bool:
        assert not task.done(), "the server has ended"
        return running.started

    await kit.until(started, "the server to listen")
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        yield url, Api(http, secret, app)
    running.should_exit = True
    await task
