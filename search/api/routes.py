"""The API calls of searchers, and those of operations (health, readiness, metrics)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mappings.catalogue import Catalogue
from search.access.identity import Caller
from search.api.dependencies import CallerRoute, Proven, Used, taking
from search.api.noting import noted
from search.api.schemas import AnswerBody, ProblemBody, SearchQuestion, search_question
from search.bootstrap import Services

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemBody, "content": {"application/problem+json": {}}, "description": text}
    for status, text in {
        400: "A parameter makes no sense.",
        401: "No credentials, or credentials that prove nothing.",
        403: "An unknown or disabled user, or a vertical that is denied.",
        413: "The body is too large.",
        422: "A parameter has a wrong form.",
        429: "The caller, or the app for all its callers, asks too often; the header Retry-After says for how long.",
        503: "Not ready, or a part does not answer.",
    }.items()
}

operations = APIRouter(tags=["operations"])


def search(catalogue: Catalogue) -> APIRouter:
    """Return the router with all calls of searchers."""
    router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)
    asked = search_question(catalogue)
    router.get("/search", summary="Search everything that the caller may see")(
        taking(get_search, "asked", Annotated[asked, Query()])
    )
    router.post("/search", summary="The same, with the query in the body and so out of logs")(
        taking(post_search, "asked", asked)
    )
    return router


async def get_search(services: Used, who: Proven, asked: SearchQuestion) -> AnswerBody:
    return await _answer(services, who, asked)


async def post_search(services: Used, who: Proven, asked: SearchQuestion) -> AnswerBody:
    return await _answer(services, who, asked)


async def _answer(services: Services, who: Caller, asked: SearchQuestion) -> AnswerBody:
    caller = await services.callers.principal(who)
    now = datetime.now(UTC)
    answer = await services.search.answer(caller, asked.question(), now)
    entities = [(hit.vertical, hit.id) for hit in answer.hits]
    services.feedback.note(noted(who, "search", answer.query_id, asked.q, entities))
    return AnswerBody.of(answer)


@operations.get("/healthz", summary="The process runs", response_class=PlainTextResponse)
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@operations.get("/readyz", summary="It may take traffic", responses={503: {"description": "What is missing."}})
async def readyz(services: Used) -> JSONResponse:
    missing, behind = services.readiness.reasons, services.readiness.tenants_behind
    return JSONResponse({"ready": not missing, "missing": missing, "behind": behind}, 503 if missing else 200)


@operations.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
