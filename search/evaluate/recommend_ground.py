"""What is known of an evaluated company: who may see which app, who uses what, and what each took up last."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from opensearchpy import AsyncOpenSearch

from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.candidates import Request
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import COUNTED, Reader
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import Settings
from search.evaluate.recommend_figures import Measured
from search.evaluate.recommend_models import Ground
from search.recommend.collecting import Collecting
from search.recommend.figures import own_departments
from search.recommend.people import People, PeopleRead
from search.recommend.store import apps_of, store_of, user_ids
from search.recommend.training import of_apps
from search.recommend.weighing import NEW_FOR

HELD_OUT = "usage_holdout.jsonl"
DEADLINE_MS = 30_000


@dataclass(frozen=True)
class Taken:
    """What was left out of a tenant's log: user → the app that they took up last."""

    tenant: str
    apps: Mapping[str, str]


def taken_up(data: Path) -> Taken:
    """Return what the people of the largest tenant took up. Raises OfficeSearchError for a missing or faulty file."""
    path = data / HELD_OUT
    try:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
        found: dict[str, dict[str, str]] = {}
        for line in lines:
            found.setdefault(line["tenant"], {})[line["user"]] = line["app"]
    except OSError as error:
        raise OfficeSearchError(f"{path}: {error.strerror}; name a company's folder with --data.") from None
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OfficeSearchError(f"{path}: a line is no object with tenant, user and app ({error!r}).") from None
    if not found:
        raise OfficeSearchError(f"{path} holds nothing to test with.")
    tenant = max(sorted(found), key=lambda name: len(found[name]))
    return Taken(tenant, found[tenant])


@dataclass(frozen=True, eq=False)
class Known:
    """`sees`: of each person, the ids of the apps that they may see."""

    tenant: str
    people: People
    models: Ground
    measured: Measured
    sees: Sequence[frozenset[str]]


async def known(settings: Settings, endpoints: Endpoints, taken: Taken) -> Known:
    """Return what is known of a company that is indexed. Raises Unavailable."""
    engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
    try:
        return await _known(engine, taken)
    finally:
        await engine.close()


async def _known(engine: AsyncOpenSearch, taken: Taken) -> Known:
    catalogue, tenant, now = Catalogue.installed(), taken.tenant, time.time_ns() // 1000
    store = store_of(catalogue)
    people = await PeopleRead(engine, tenant, now).of(await user_ids(engine, catalogue.holding("user"), tenant))
    apps = await apps_of(engine, store, tenant)
    usage = await Collecting(engine, tenant, now).usage(people.ids)
    if usage is None:
        raise OfficeSearchError(f"{tenant} has no use of apps; changes.usage.ndjson is missing or empty.")
    usage = of_apps(usage, [app.id for app in apps])
    directory = Directory(engine, bootstrap.now)
    callers = [await directory.principal(tenant, user) for user in people.ids]
    sees = [await _seen(engine, caller, catalogue) for caller in callers]
    held = usage.matrix(np.ones(len(usage.app), dtype=np.bool_)).toarray() > 0
    may_see = np.array([[app in seen for app in usage.apps] for seen in sees])
    used = usage.matrix(usage.in_use)
    shares = np.asarray(used.sum(axis=0)).ravel() / len(people.ids)
    measured = Measured(
        [taken.apps.get(user) for user in people.ids],
        dict(zip(usage.apps, shares.tolist(), strict=True)),
        frozenset(app.id for app in apps if app.published_at >= usage.as_of - NEW_FOR),
        frozenset().union(*sees),
    )
    own = [sorted(own_departments(caller)) for caller in callers]
    return Known(tenant, people, Ground(people, usage.apps, used, may_see & ~held, own), measured, sees)


async def _seen(engine: AsyncOpenSearch, caller: Principal, catalogue: Catalogue) -> frozenset[str]:
    """Return the ids of the apps that a caller may see."""
    request = Request(store_of(catalogue), {"match_all": {}}, size=COUNTED, counted=False)
    [answer] = await Reader(engine, DEADLINE_MS).candidates(caller, [request])
    if answer is None:
        raise OfficeSearchError("The apps of a caller could not be read in time.")
    return frozenset(one.document_id for one in answer.found)
