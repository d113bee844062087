"""Made-up tokens in any number: they neither pause the questions about others nor take their turns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from identitykit import Clock, http

from search.access.identity import states, turns
from search.access.identity.breaker import FAILURES
from search.access.identity.endpoint import Endpoint
from search.access.identity.introspection import parse
from search.access.identity.states import KEPT_S, Claims, TokenStates
from search.access.identity.turns import KNOWN_S, LONGEST_LINE, MOST_IN_LANE, MOST_OF_SOURCE, Lane, Turns, source
from search.core.errors import Unavailable

CLAIMS = {"sub": "u-1"}
# Another length than any made-up one here.
GENUINE = "genuine-{:024}"
STRANGER, CLIENT, OTHER = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class Service:
    """An identity service as `TokenStates` asks it: genuine tokens are active, made-up ones wait while it is slow."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.states = TokenStates(self.ask, self.clock, self.clock)
        self.slow = False
        self.asked: list[str] = []
        self.under_way = 0
        self.let_go = asyncio.Event()

    async def ask(self, token: str) -> Claims | None:
        self.asked.append(token)
        if token.startswith("genuine"):
            return CLAIMS
        if self.slow:
            self.under_way += 1
            await self.let_go.wait()
        return None

    async def says(self, token: str, peer: str = CLIENT) -> bool:
        return await self.states.claims(token, peer) is not None

    async def busy(self, token: str, peer: str = CLIENT) -> None:
        with pytest.raises(Unavailable):
            await self.says(token, peer)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    # Longer than any test: nobody gives up unless a test means it.
    monkeypatch.setattr(turns, "WAIT_S", 60)
    return Service()


@asynccontextmanager
async def flood(service: Service, count: int, *, peers: list[str], form: str = "made-up-{}") -> AsyncIterator[None]:
    """That many made-up tokens at once, none of which is answered while this lasts."""
    service.slow = True
    sent = [
        asyncio.create_task(service.says(form.format(number), peers[number % len(peers)])) for number in range(count)
    ]
    await asyncio.sleep(0.05)
    yield
    service.slow = False
    service.let_go.set()
    for answer in await asyncio.gather(*sent, return_exceptions=True):
        assert answer is False or isinstance(answer, Unavailable)


MANY = [f"192.0.2.{number}" for number in range(10, 30)]


class TestTurns:
    async def test_a_known_token_is_asked_about_again_whatever_strangers_send(self, service: Service) -> None:
        assert await service.says(GENUINE.format(1))
        service.clock.seconds += KEPT_S
        async with flood(service, 1000, peers=[*MANY, CLIENT]):
            assert await service.says(GENUINE.format(1))
        assert service.asked.count(GENUINE.format(1)) == 2

    async def test_a_new_genuine_token_is_asked_about_whatever_strangers_send_from_elsewhere(
        self, service: Service
    ) -> None:
        async with flood(service, 1000, peers=[STRANGER]):
            assert await service.says(GENUINE.format(1))

    async def test_one_that_looks_like_those_that_were_active_passes_even_from_the_same_address(
        self, service: Service
    ) -> None:
        """As behind a proxy: there all have one address."""
        assert await service.says(GENUINE.format(1), STRANGER)
        async with flood(service, 1000, peers=[STRANGER, *MANY]):
            assert await service.says(GENUINE.format(2), STRANGER)

    async def test_tokens_made_up_to_that_length_leave_it_to_other_addresses(self, service: Service) -> None:
        assert await service.says(GENUINE.format(1))
        async with flood(service, 1000, peers=[STRANGER], form="made-up-{:024}"):
            assert await service.says(GENUINE.format(2))

    async def test_a_source_has_so_many_turns_at_a_time_and_so_long_a_line(self, service: Service) -> None:
        async with flood(service, 1000, peers=[STRANGER]):
            assert service.under_way == MOST_OF_SOURCE
            assert len(service.states._asking) == MOST_OF_SOURCE + LONGEST_LINE
            await service.busy("one-more", STRANGER)

    async def test_all_strangers_together_have_so_many(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        async with flood(service, 1000, peers=MANY):
            assert service.under_way == MOST_IN_LANE
            monkeypatch.setattr(turns, "WAIT_S", 0.1)
            await service.busy("one-more", OTHER)

    async def test_whoever_waits_in_line_gets_a_turn_when_there_is_room(self, service: Service) -> None:
        async with flood(service, MOST_OF_SOURCE, peers=[STRANGER]):
            waiting = asyncio.create_task(service.says(GENUINE.format(1), STRANGER))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            service.let_go.set()
            assert await waiting

    async def test_nothing_is_left_of_a_flood(self, service: Service) -> None:
        async with flood(service, 1000, peers=MANY):
            pass
        assert service.states._asking == service.states._turns._lines == {}
        assert await service.says(GENUINE.format(1))

    async def test_made_up_tokens_do_not_push_out_what_is_known(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(states, "MOST_KEPT", 3)
        service.states = TokenStates(service.ask, service.clock, service.clock)
        assert await service.says(GENUINE.format(1))
        for number in range(10):
            assert not await service.says(f"made-up-{number}")
        assert await service.says(GENUINE.format(1))
        assert service.asked.count(GENUINE.format(1)) == 1

    def test_a_token_that_was_active_long_ago_is_a_strangers_again(self) -> None:
        clock = Clock()
        given = Turns(clock)
        assert given.lane(b"k", "token") is Lane.STRANGE
        given.was_active(b"k", "token")
        assert given.lane(b"k", "token") is Lane.KNOWN
        assert given.lane(b"l", "other") is Lane.LIKELY
        clock.seconds += KNOWN_S
        assert given.lane(b"k", "token") is Lane.STRANGE

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            ("", "", True),
            ("no address", "none either", False),
        ],
    )
    def test_a_source_is_what_one_sender_has_one_of(self, one: str, other: str, same: bool) -> None:
        assert (source(one) == source(other)) is same


ACTIVE = json.dumps({"active": True, **CLAIMS}).encode()


class TestFailures:
    """What the service answers to made-up tokens, over a real connection; to genuine ones it says that they are."""

    @pytest.fixture
    async def answers(self) -> AsyncIterator[list[bytes]]:
        self.clock = Clock()
        answers: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
            writer.write(http(ACTIVE) if b"genuine" in body else answers[0])
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            endpoint = Endpoint("THE_URL", f"http://127.0.0.1:{port}/")

            async def ask(token: str) -> Claims | None:
                return parse(await endpoint.ask("POST", {}, deadline_s=3, most_bytes=1000, form={"token": token}))

            self.states = TokenStates(ask, self.clock, self.clock)
            yield answers

    @pytest.mark.parametrize("status", [400, 413, 414, 422, 431])
    async def test_a_token_that_the_service_cannot_take_is_not_active(self, answers: list[bytes], status: int) -> None:
        answers.append(http(b"{}", f"{status} No"))
        for number in range(2 * FAILURES):
            assert await self.states.claims(f"made-up-{number}") is None
        assert await self.states.claims("genuine") == CLAIMS
        # Remembered, as what is said of any token that is not active.
        answers[0] = http(ACTIVE)
        assert await self.states.claims("made-up-0") is None
        self.clock.seconds += KEPT_S
        assert await self.states.claims("made-up-0") == CLAIMS

    @pytest.mark.parametrize(
        "answer",
        [http(b"{}", f"{status} No") for status in (301, 401, 403, 404, 405, 429)] + [http(b"<html>"), http(b"{}")],
    )
    async def test_an_answer_that_says_nothing_of_the_token_is_no_verdict_and_pauses_nothing(
        self, answers: list[bytes], answer: bytes
    ) -> None:
        answers.append(answer)
        for number in range(2 * FAILURES):
            with pytest.raises(Unavailable):
                await self.states.claims(f"made-up-{number}")
        assert await self.states.claims("genuine") == CLAIMS

    @pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", *(http(b"{}", f"{n} No") for n in (408, 500, 503))])
    async def test_a_service_that_is_away_is_left_alone(self, answers: list[bytes], answer: bytes) -> None:
        answers.append(answer)
        for number in range(FAILURES):
            with pytest.raises(Unavailable):
                await self.states.claims(f"made-up-{number}")
        with pytest.raises(Unavailable):
            await self.states.claims("genuine")
