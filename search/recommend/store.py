"""The store: the apps as a caller of it may see them, and as the statistics read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from mappings.catalogue import Catalogue
from mappings.collection import ENTITY, ORIGINAL
from mappings.vertical import Vertical
from search.access.principal import Principal
from search.core.errors import ModuleMissing, Unavailable

MODULE: Final = "discover.apps"
PAGE: Final = 1_000
_KEPT_OPEN: Final = "2m"
_AWAY: Final = "OpenSearch does not answer; apps and people cannot be read. Try again in a moment."


@lru_cache(maxsize=256)
def store_of(catalogue: Catalogue) -> Vertical:
    """Return the vertical of apps as it is behind the store's own module."""
    return catalogue.holding("app").behind(MODULE)


def permitted(caller: Principal, catalogue: Catalogue) -> Vertical:
    """Return the store for a caller. Raises ModuleMissing when none of their roles has the store's module."""
    if not caller.may_call(MODULE):
        raise ModuleMissing(f"You may not use the app store: none of your roles has the module {MODULE}.")
    return store_of(catalogue)


@dataclass(frozen=True)
class App:
    """What an app says of itself. `published_at`: microseconds since 1970."""

    id: str
    name: str
    category: str
    tags: tuple[str, ...]
    developer: str
    description: str
    published_at: int


async def apps_of(engine: AsyncOpenSearch, vertical: Vertical, tenant: str) -> list[App]:
    """Return all apps of a tenant, by id, for statistics alone: nobody is asked whether they may see them.

    Raises Unavailable.
    """
    alive = {"bool": {"must_not": [{"term": {"tombstone": True}}]}}
    hits = await _all(engine, f"{vertical.name}.{tenant}", {"size": PAGE, "query": alive})
    return sorted((_app(hit["_id"], hit["_source"]) for hit in hits), key=lambda app: app.id)


def _app(id: str, document: Mapping[str, Any]) -> App:
    told = document[ORIGINAL]
    return App(
        id,
        told["name"],
        told["category"],
        tuple(told.get("tags") or ()),
        told.get("developer") or "",
        told["description"],
        document["published_at"],
    )


async def user_ids(engine: AsyncOpenSearch, vertical: Vertical, tenant: str) -> list[str]:
    """Return the ids of all users of a tenant, sorted, for statistics alone. Raises Unavailable.

    `vertical`: whose documents users are, among others.
    """
    body = {"size": 10 * PAGE, "query": {"term": {ENTITY: "user"}}, "_source": False}
    hits = await _all(engine, f"{vertical.name}.{tenant}", body)
    return sorted(hit["_id"].rpartition(":")[2] for hit in hits)


async def _all(engine: AsyncOpenSearch, index: str, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    try:
        answer = await engine.search(body={**body, "sort": ["_doc"]}, index=index, scroll=_KEPT_OPEN)
        while hits := answer["hits"]["hits"]:
            found += hits
            answer = await engine.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": _KEPT_OPEN})
        await engine.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]})
    except NotFoundError:
        return []
    except OpenSearchException as error:
        raise Unavailable(_AWAY) from error
    return found
