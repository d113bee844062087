"""These tests use the run's engine and broker, and many of them the same company."""

from __future__ import annotations

import kit
import pytest
from apikit import ADMIN, Api, Company
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("stackkit")


@pytest.fixture(scope="module")
async def acme_with_everybody_s_role(api: Api, client: Client, engine: AsyncOpenSearch) -> None:
    company = Company(api, client, engine)
    company.role(kit.ALL_MODULES, id="default")
    await company.arrive()


@pytest.fixture(scope="module")
async def acme_with_an_admin(
    acme_with_everybody_s_role: None, api: Api, client: Client, engine: AsyncOpenSearch
) -> None:
    """There ADMIN may ask for explanations."""
    company = Company(api, client, engine)
    company.user("管理员", id=ADMIN)
    company.role(["admin.explain"], ADMIN)
    await company.arrive()


@pytest.fixture
def acme(acme_with_everybody_s_role: None, api: Api, client: Client, engine: AsyncOpenSearch) -> Company:
    """A company in which everybody may search everything; each test speaks of its own topic."""
    return Company(api, client, engine)


@pytest.fixture
def strict(api: Api, client: Client, engine: AsyncOpenSearch) -> Company:
    """A company without a role for everybody."""
    return Company(api, client, engine, tenant="strict")
