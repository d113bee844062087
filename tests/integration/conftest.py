"""These tests use the run's engine and broker, and many of them the same company."""

from __future__ import annotations

from collections.abc import AsyncIterator

import kit
import pytest
from apikit import ADMIN, Api, Company
from kit import CATALOGUE
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch
from reindexkit import Site

from analyzers import Lexicons
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("stackkit")


@pytest.fixture(scope="module")
async def acme_with_everybody_s_role(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    await company.arrive()


@pytest.fixture(scope="module")
async def acme_with_an_admin(
    acme_with_everybody_s_role: None, api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    """There ADMIN may ask for explanations."""
    company = Company(api, broker, engine)
    company.user("管理员", id=ADMIN)
    company.role(["admin.explain"], ADMIN)
    await company.arrive()


@pytest.fixture
def acme(acme_with_everybody_s_role: None, api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """A company in which everybody may search everything; each test speaks of its own topic."""
    return Company(api, broker, engine)


@pytest.fixture
def strict(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """A company without a role for everybody."""
    return Company(api, broker, engine, tenant="strict")


@pytest.fixture(scope="module")
async def site(
    indexers: None, world: Endpoints, settings: Settings, engine: AsyncOpenSearch, broker: Broker, client: Client
) -> AsyncIterator[Site]:
    async with bootstrap.write_side(settings, world, CATALOGUE, Lexicons()) as resources:
        yield Site(broker, client, engine, resources, settings)
