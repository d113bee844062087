"""The query API's calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from search.access.identity import Caller
from search.api.caller import CallerRoute, caller, principal
from search.api.schemas import AnswerBody, ProblemBody, SearchQuestion

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

search = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)
operations = APIRouter(tags=["operations"])

Proven = Annotated[Caller, Depends(caller)]


@search.get("/search", summary="Search everything that the caller may see")
async def get_search(request: Request, who: Proven, asked: Annotated[SearchQuestion, Query()]) -> AnswerBody:
    return await _answer(request, who, asked)


@search.post("/search", summary="The same, with the query in the body and so out of logs")
async def post_search(request: Request, who: Proven, asked: SearchQuestion) -> AnswerBody:
    return await _answer(request, who, asked)


async def _answer(request: Request, who: Caller, asked: SearchQuestion) -> AnswerBody:
    asking = await principal(request, who)
    answer = await request.app.state.services.search.answer(asking, asked.question(), datetime.now(UTC))
    return AnswerBody.of(answer)


@operations.get("/healthz", summary="The process runs", response_class=PlainTextResponse)
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@operations.get("/readyz", summary="It may take traffic", responses={503: {"description": "What is missing."}})
async def readyz(request: Request) -> JSONResponse:
    missing = request.app.state.services.readiness.reasons
    return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)


@operations.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
