"""The service's measurement of itself: every kind of revocation, and that it tells when one does not count."""

from __future__ import annotations

from dataclasses import replace

import kit
import pytest
from apikit import GATEWAY_SECRET, Api, running
from opensearchpy import AsyncOpenSearch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from search.canary import canary as canaries
from search.canary.canary import Canary
from search.canary.revocations import KINDS
from search.core.endpoints import Endpoints
from search.core.settings import CanarySettings, Settings
from search.core.streams.port import Broker

TENANT = "canary"


@pytest.fixture
def canary(api: Api, broker: Broker) -> Canary:
    return Canary(api.app.state.services.search, broker.publish, TENANT)


def measured(kind: str) -> float:
    return REGISTRY.get_sample_value("office_search_revocation_seconds_count", {"kind": kind}) or 0.0


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_counts_soon_and_leaves_nothing_behind(
    canary: Canary, broker: Broker, engine: AsyncOpenSearch, kind: str
) -> None:
    assert 0 < await canary.measure(kind) < canaries.PATIENCE_S
    await kit.settled(broker, engine)
    for collection in ("messages", "contacts", "docs"):
        if await engine.indices.exists_alias(name=f"{collection}.{TENANT}"):
            stored = await kit.contents(engine, collection, TENANT)
            assert all(document.get("tombstone") for _, document in stored.values())


async def test_a_change_that_does_not_count_is_told(api: Api, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    async def publish(stream: str, event: bytes, key: str) -> object:
        """A broker that loses what takes something away."""
        return None if b"deleted" in event else await broker.publish(stream, event, key)

    monkeypatch.setattr(canaries, "PATIENCE_S", 3.0)
    with capture_logs() as logs:
        seconds = await Canary(api.app.state.services.search, publish, TENANT).measure("recall")
    assert seconds == 3.0
    assert [line["kind"] for line in logs if line["event"] == "revocation_late"] == ["recall"]


async def test_it_runs_only_where_a_tenant_is_set(settings: Settings, indexers: None, world: Endpoints) -> None:
    chosen = replace(settings, canary=CanarySettings.model_construct(tenant=TENANT, every_s=0.1))
    before = measured(KINDS[0])
    async with running(settings, world, GATEWAY_SECRET) as silent:
        await silent.ready()
        assert measured(KINDS[0]) == before
    async with running(chosen, world, GATEWAY_SECRET):

        async def has_measured() -> bool:
            return measured(KINDS[0]) > before

        await kit.until(has_measured, "the first measurement")
