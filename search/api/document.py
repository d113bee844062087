"""The application as its OpenAPI document describes it: all routes, and nothing behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from mappings.catalogue import Catalogue
from search.api import (
    admin,
    credentials,
    described,
    feedback,
    recommended,
    routes,
    static,
    store,
    store_report,
    suggest,
    surroundings,
)

DESCRIPTION = "One search over messages, people, docs and apps; nobody sees, counts or guesses what they may not."


def described_by(
    catalogue: Catalogue,
    *,
    lifespan: Lifespan[FastAPI] | None = None,
    picture_hosts: Sequence[str] = (),
    more: Sequence[APIRouter] = (),
) -> FastAPI:
    """Return an application with the routes for this catalogue; enough for its document.

    `lifespan`: what runs from its start to its end. `picture_hosts`: told to clients. `more`: further routers.
    """
    app = FastAPI(
        title="Office Search",
        description=DESCRIPTION,
        version=version("office-search"),
        lifespan=lifespan,
        # A redirect would put the query into a header; Swagger's page loads scripts from elsewhere.
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    declared = described.router(picture_hosts)
    searched = (routes.search(catalogue), suggest.router, surroundings.router, declared, feedback.router)
    # What is recommended goes before `/apps/{id}`, which would take it for an app's id.
    apps = (recommended.router, store.router, store_report.router)
    routers = (*searched, *apps, admin.router(catalogue), routes.operations, static.element(), *more)
    for router in routers:
        app.include_router(router)
    credentials.describe(app)
    _show_answers(app, routers)
    return app


def _show_answers(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Put the examples of answers into the document as they are: FastAPI leaves out each member that is null."""
    made = app.openapi
    answers = [route.response_model for router in routers for route in router.routes if isinstance(route, APIRoute)]
    examples = {model.__name__: _examples(model) for model in answers if model}

    def document() -> dict[str, Any]:
        found = made()
        for name, schema in found["components"]["schemas"].items():
            if examples.get(name):
                schema["examples"] = examples[name]
        return found

    app.openapi = document  # type: ignore[method-assign]


def _examples(model: Any) -> list[Any]:
    extra = getattr(model, "model_config", {}).get("json_schema_extra")
    found: list[Any] = extra["examples"] if isinstance(extra, dict) else []
    return found
