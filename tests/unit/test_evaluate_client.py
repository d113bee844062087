"""How questions are asked and what counts as an answer, against canned ones."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from search.access.identity.gateway import GatewayMode
from search.access.identity.request import Headers, RequestLines
from search.core.errors import ConfigurationError, OfficeSearchError, Unavailable
from search.evaluate import api_client
from search.evaluate.api_client import ApiClient
from search.evaluate.figures import Played
from search.evaluate.play import play_known_items, play_negatives, spread
from search.evaluate.questions import KnownItem, Negative, PlayedQuestion, Target

SECRET = "a-secret-of-the-evaluation-tests!!"
WHOLE: dict[str, Any] = {"hits": [], "denied": [], "failed": [], "partial": False}
HIDDEN = {"vertical": "docs", "id": "d-1"}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "PAUSES_S", (0.0, 0.0))


def question(q: str = "王芳", **more: Any) -> PlayedQuestion:
    return PlayedQuestion.model_validate({"id": "q-1", "tenant": "acme", "user": "u-1", "q": q, **more})


def item() -> KnownItem:
    return KnownItem(id="q-1", tenant="acme", user="u-1", q="预算", want=(Target(**HIDDEN),), kind="doc_title")


def negative(number: int = 1, **more: Any) -> Negative:
    base = {"id": f"n-{number}", "tenant": "acme", "user": "u-1", "q": "预算", "must_not": [HIDDEN], "rule": "doc_deny"}
    return Negative.model_validate({**base, **more})


def client(handler: Callable[[httpx.Request], httpx.Response], url: str = "http://search.test/") -> ApiClient:
    return ApiClient(url, SECRET, transport=httpx.MockTransport(handler))


def saying(*answers: httpx.Response) -> ApiClient:
    """One answer after the other."""
    waiting: Iterator[httpx.Response] = iter(answers)
    return client(lambda _: next(waiting))


@pytest.mark.parametrize("q", ["王芳", "a&b=c+d %", '"未闭合', "~!*()';:@,/?#[]{}", "\u3000全角　", "🙂", ""])
async def test_questions_arrive_as_asked_and_signed_by_their_user(q: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=WHOLE)

    async with client(answer) as service:
        await service.search(question(q, tenant="globex", user="u-7"))
    [request] = seen
    assert dict(request.url.params) == {"q": q, "limit": "50"}
    lines = RequestLines("GET", request.url.raw_path, Headers(request.headers.raw), b"")
    caller = await GatewayMode(lambda: [SECRET.encode()], api_client.time.time).prove(lines)
    assert (caller.tenant, caller.user) == ("globex", "u-7")


async def test_half_an_answer_is_asked_for_again() -> None:
    half = httpx.Response(200, json={**WHOLE, "partial": True, "failed": ["docs"]})
    async with saying(half, httpx.Response(503, text="not ready"), httpx.Response(200, json=WHOLE)) as service:
        assert (await service.search(question())).status == 200


async def test_a_service_that_limits_its_callers_is_given_the_time_that_it_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(api_client.asyncio, "sleep", sleep)
    often = httpx.Response(429, headers={"Retry-After": "7"}, json={"detail": "wait 7 s"})
    async with saying(often, httpx.Response(200, json=WHOLE)) as service:
        assert (await service.search(question())).status == 200
    assert slept == [7]


async def test_half_an_answer_that_stays_so_ends_the_run() -> None:
    half = httpx.Response(200, json={**WHOLE, "partial": True, "failed": ["docs"]})
    async with client(lambda _: half) as service:
        with pytest.raises(Unavailable, match=r"q-1: no whole answer came after 3 tries: these verticals failed: docs"):
            await service.search(question())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(500, text="oops"), "q-1: the service answered 500: oops"),
        (httpx.Response(422, json={"detail": "q: too long"}), "q-1: the service answered 422"),
        (httpx.Response(401, json={"detail": "no match"}), "refused the credentials .no match.; OFFICE_SEARCH_GATEWAY"),
        (httpx.Response(200, text="<html>"), "not as the search service does"),
        (httpx.Response(200, json=[]), "not as the search service does"),
    ],
)
async def test_what_is_no_answer_ends_the_run(answer: httpx.Response, reason: str) -> None:
    async with client(lambda _: answer) as service:
        with pytest.raises(OfficeSearchError, match=reason):
            await service.search(question())


async def test_a_service_that_is_not_there_ends_the_run() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with client(answer) as service:
        assert not await service.ready()
        with pytest.raises(Unavailable, match="does not answer"):
            await service.search(question())


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://search.test", "http://", ""])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a service"):
        ApiClient(url, SECRET)


async def test_a_known_item_that_is_refused_ends_the_run() -> None:
    async with saying(httpx.Response(403, json={"detail": "unknown user"})) as service:
        with pytest.raises(OfficeSearchError, match="u-1 was refused"):
            await play_known_items(service.search, [item()], lambda: None)


async def test_a_negative_that_is_refused_without_reason_is_no_proof() -> None:
    async with saying(httpx.Response(403, json={})) as service:
        with pytest.raises(OfficeSearchError, match="was refused"):
            await play_negatives(service.search, [negative()], lambda: None)


async def test_a_server_that_fails_is_no_refusal() -> None:
    async with client(lambda _: httpx.Response(500)) as service:
        with pytest.raises(OfficeSearchError, match="the service answered 500"):
            await play_negatives(service.search, [negative(expect=403)], lambda: None)


async def test_known_items_are_ranked_and_timed() -> None:
    answer = {**WHOLE, "hits": [{"vertical": "docs", "id": "d-9"}, HIDDEN]}
    async with saying(httpx.Response(200, json=answer)) as service:
        [played] = await play_known_items(service.search, [item()], lambda: None)
    assert played == Played("doc_title", 2, played.ms)
    assert played.ms > 0


async def test_leaks_come_in_the_order_of_the_questions() -> None:
    answer = {**WHOLE, "hits": [HIDDEN]}
    advanced: list[None] = []
    async with client(lambda _: httpx.Response(200, json=answer)) as service:
        leaked = await play_negatives(
            service.search, [negative(number) for number in range(20)], lambda: advanced.append(None)
        )
    assert [leak.id for leak in leaked] == [f"n-{number}" for number in range(20)]
    assert len(advanced) == 20


def test_the_warm_up_takes_questions_from_all_over() -> None:
    items = [item()] * 100
    assert len(spread(items, 25)) == 25
    assert len(spread(items[:3], 25)) == 3
