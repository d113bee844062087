"""NATS JetStream keeps the contract of the streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import natskit
import pytest
from outside import OwnBroker
from streamcontract.contract import StreamContract
from streamkit import DeadLetter

from search import bootstrap
from search.core.settings import BrokerSettings
from search.core.streams.nats import NatsBroker, connection
from search.localstack.nats_server import CONFIG


class TestNats(StreamContract):
    @pytest.fixture(autouse=True)
    def impatience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "FIRST_CONNECTION_S", 1)

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[OwnBroker]:
        """A server of the test's own, with the limits of the managed one."""
        sizes = {name: CONFIG[name] for name in ("max_payload", "max_pending")}
        (tmp_path / "nats.conf").write_text(json.dumps(sizes))
        with OwnBroker(tmp_path, "-c", str(tmp_path / "nats.conf")) as server:
            yield server

    def connection(self, server: OwnBroker) -> NatsBroker:
        return bootstrap.broker_at(BrokerSettings(), server.url)

    async def dead_letters(self, broker: NatsBroker) -> list[DeadLetter]:
        return await natskit.dead_letters(broker.connection.client())
