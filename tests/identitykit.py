"""What tests of identity say things with: a clock that only they move, and an identity service on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from search.access.identity import Headers, RequestLines


class Clock:
    """Seconds that only a test moves."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def http(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n".encode() + body


class Server:
    """Answers every request with `answer`: an empty one hangs up, None never comes, a trickling one takes for ever."""

    def __init__(self) -> None:
        self.answer: bytes | Callable[[bytes], bytes] | None = b""
        self.trickling = False
        self.asked = 0
        self.url = ""
        self.held_up = asyncio.Event()
        self.done = asyncio.Event()
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    def publish(self, body: bytes) -> None:
        self.answer = http(body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            self.bodies.append(await reader.readexactly(length(self.heads[-1])))
        self.asked += 1
        answer = self.answer(self.bodies[-1]) if callable(self.answer) else self.answer
        if answer is None:
            self.held_up.set()
            await self.done.wait()
        elif self.trickling:
            await self.trickle(answer, writer)
        else:
            writer.write(answer)
        writer.close()

    async def trickle(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        """A byte now and then, each in time, the whole never: until the other side has had enough."""
        for at in range(len(answer)):
            writer.write(answer[at : at + 1])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.done.wait(), 0.02)
            if writer.is_closing() or self.done.is_set():
                return


def length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    socket = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    server.url = f"{scheme}://127.0.0.1:{socket.sockets[0].getsockname()[1]}/identity"
    async with socket:
        yield server
        server.done.set()


def self_signed(folder: Path) -> ssl.SSLContext:
    """What an https server on loopback needs whose certificate nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def introspecting(tokens: Mapping[str, Mapping[str, Any]]) -> Callable[[bytes], bytes]:
    """How an identity service answers that knows just these tokens, with what they claim."""

    def answer(body: bytes) -> bytes:
        [token] = parse_qs(body.decode())["token"]
        claims = tokens.get(token)
        return http(json.dumps({"active": False} if claims is None else {"active": True, **claims}).encode())

    return answer


def request(
    fields: Mapping[str, str], path: str = "/v1/search", *, method: str = "GET", body: bytes = b"", peer: str = ""
) -> RequestLines:
    headers = Headers((name.encode(), value.encode()) for name, value in fields.items())
    return RequestLines(method, path.encode(), headers, body, peer)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class MemoryNonces:
    """Nonces of one process; `away`: as when the broker is."""

    def __init__(self) -> None:
        self.taken: set[tuple[str, str, str]] = set()
        self.away: Exception | None = None

    async def take(self, tenant: str, app: str, nonce: str) -> bool:
        if self.away:
            raise self.away
        key = (tenant, app, nonce)
        new = key not in self.taken
        self.taken.add(key)
        return new
