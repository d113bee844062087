"""Asks the API all the time, as everybody, and judges every answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence

import httpx
from chaos.load import TOPIC, USERS
from chaos.settling import Settling
from chaos.sight import Sight, Window, Wrong, judge
from chaos.story import VERTICALS
from chaos.world import LOOK_S, World

from search.access.identity.gateway import sign

PAUSE_S = 0.2
TIMEOUT_S = 30.0
# No deadline of the product is longer; more is no answer that anybody waits for.
SLOW_S = 20.0
ALIKE_S = 60.0
TARGET = f"/v1/search?q={TOPIC}&limit=50&verticals={'%2C'.join(VERTICALS)}"


class Asking:
    """`tally`: how many answers there were, by what they were."""

    def __init__(self, world: World, settling: Settling, seed: int) -> None:
        self.tally: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._world = world
        self._settling = settling
        self._chance = random.Random(seed)

    async def run(self, tenants: Sequence[str]) -> None:
        """Ask for ever; `tenants` may grow. Raise Wrong at an answer that is neither right nor honest."""
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as http:
            while True:
                await self._ask(http, self._chance.choice(tenants), self._chance.choice(USERS))
                await asyncio.sleep(PAUSE_S)

    async def everybody(self, tenants: Sequence[str]) -> None:
        """Everybody is told exactly what they may see, now that nothing is under way any more."""
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as http:
            for tenant in tenants:
                for user in USERS:
                    await self._whole(http, tenant, user)

    async def _whole(self, http: httpx.AsyncClient, tenant: str, user: str) -> None:
        end = time.monotonic() + ALIKE_S
        while True:
            outcome = await self._ask(http, tenant, user)
            if outcome in ("whole", "refused"):
                return
            if time.monotonic() > end:
                raise Wrong(f"{user} of {tenant} gets no whole answer for {ALIKE_S:.0f} s: {outcome}")
            await asyncio.sleep(LOOK_S)

    async def _ask(self, http: httpx.AsyncClient, tenant: str, user: str) -> str:
        window, began = self._settling.window(tenant), time.monotonic()
        headers = sign(self._world.secret, "GET", TARGET, user=user, tenant=tenant)
        try:
            response = await http.get(self._world.url + TARGET, headers=headers)
        except httpx.HTTPError as error:
            if self._world.api_undisturbed_since < began:
                raise Wrong(f"{user} of {tenant}: no answer from an API that nobody disturbed: {error!r}") from error
            outcome = "no API"
        else:
            try:
                outcome = self._judged(response, window, user)
            except Wrong as error:
                raise Wrong(f"{user} of {tenant} is answered {response.status_code}: {error}") from error
            self._note_time(time.monotonic() - began, began, f"{user} of {tenant}")
        self.tally[outcome] += 1
        return outcome

    def _note_time(self, took: float, began: float, who: str) -> None:
        if self._world.api_undisturbed_since < began:
            self.slowest_s = max(self.slowest_s, took)
            if took > SLOW_S:
                raise Wrong(f"{who} waited {took:.1f} s for an answer")

    def _judged(self, response: httpx.Response, window: Window, user: str) -> str:
        sight = Sight(window, user)
        match response.status_code:
            case 200:
                answer = response.json()
                judge(sight, answer)
                return "partial" if answer["partial"] else "whole"
            case 403:
                if not (sight.may_be_refused or sight.may_lack_modules):
                    raise Wrong(f"refused: {response.text}")
                return "refused"
            case 503:
                if "Retry-After" not in response.headers:
                    raise Wrong(f"without Retry-After: {response.text}")
                return "503"
            case _:
                raise Wrong(response.text[:500])
