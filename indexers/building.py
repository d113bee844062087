"""The right to build a collection's next generation: held by one process, and lost once it gives no sign of life."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import structlog
from opensearchpy.exceptions import OpenSearchException

from indexers.decisions import Build, Decision, Decisions, Overtaken
from indexers.generations import Registry
from search.core.errors import OfficeSearchError

log = structlog.get_logger(__name__)

RENEW_S = 3.0
# A builder may be busy with one large document for many seconds, and the engine away for some.
SILENT_S = 30.0


class Deciding(Protocol):
    """Where decisions are kept, and how one is read anew."""

    @property
    def decisions(self) -> Decisions: ...

    async def decision(self, collection: str) -> Decision: ...


class Lease:
    """A build that this process holds. Whoever takes it over changes the same document, which ends the right at once.

    So a builder that was stopped and goes on later can neither decide for its generation nor harm another one.
    """

    def __init__(self, registry: Deciding, decision: Decision, build: Build) -> None:
        self._registry = registry
        self._decision = decision
        self._build = build
        self._changing = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self.number = build.number
        self.is_lost = False

    def keep(self) -> None:
        """Give signs of life from now on; cancel the task that called this once somebody else has taken over."""
        self._renewing = asyncio.create_task(self._renew(asyncio.current_task()))

    async def decide(self) -> None:
        """Decide that the generation serves from now on. Raise Overtaken if the right to do so is gone."""
        async with self._changing:
            self._stop()
            try:
                await self._registry.decisions.change(self._decision, number=self.number, build=None)
            except OpenSearchException:
                # It may have been stored without an answer; what is stored now is what counts.
                if not await self.is_decided():
                    raise

    async def confirm(self) -> None:
        """Give a sign of life at once. Raise Overtaken if the right is gone."""
        async with self._changing:
            await self._renew_once()

    async def is_decided(self) -> bool:
        return (await self._registry.decision(self._decision.collection)).number == self.number

    async def give_up(self) -> bool:
        """Give the right back; return whether it was still held, so that the generation will never serve."""
        async with self._changing:
            self._stop()
            try:
                await self._registry.decisions.change(self._decision, build=None)
            except Overtaken:
                return False
        return True

    def _stop(self) -> None:
        if self._renewing:
            self._renewing.cancel()

    async def _renew(self, builder: asyncio.Task[object] | None) -> None:
        while not self.is_lost:
            await asyncio.sleep(RENEW_S)
            async with self._changing:
                await self._sign()
        if builder:
            builder.cancel()

    async def _renew_once(self) -> None:
        build = replace(self._build, renewed=time.time())
        self._decision = await self._registry.decisions.change(self._decision, build=build)

    async def _sign(self) -> None:
        try:
            await self._renew_once()
        except (Overtaken, OpenSearchException) as error:
            log.warning("could not give a sign of life of a build", error=repr(error)[:200])
            # An earlier sign may have been stored without an answer.
            with suppress(OpenSearchException):
                found = await self._registry.decision(self._decision.collection)
                self.is_lost = not found.build or found.build.holder != self._build.holder
                self._decision = found


async def take(registry: Registry, collection: str, *, restart: bool, tenant: str | None = None) -> Lease:
    """Take the right to build a collection's next generation, or to fill the index of one `tenant` anew.

    `restart`: take it from a builder that gives no sign of life, or left its build unfinished; whoever does may be sure
    that nothing more comes of that. Raises OfficeSearchError while another lives, and without `restart`, which it does
    not take where one tenant's index was being filled: nothing of that is worth keeping.
    """
    decision = await registry.decision(collection)
    generations = [one for one in await registry.recorded() if one.collection == collection]
    if decision.build:
        await _refuse(registry, decision, decision.build, restart=restart)
    unfinished = [one.name for one in generations if one.number > decision.last and one.state == "building"]
    if unfinished and not restart:
        raise OfficeSearchError(
            f"{unfinished[0]} was begun and not finished, by an older version. If that does not run any more, run "
            f"`office-search reindex {collection} --restart`."
        )
    number = max(decision.last, *(one.number for one in generations)) + 1
    build = Build(number, this_process(), time.time(), time.time(), tenant)
    return Lease(registry, await registry.decisions.change(decision, build=build, last=number), build)


def this_process() -> str:
    """Return a name for one build of this process, for people and to tell it from any other."""
    return f"process {os.getpid()} on {socket.gethostname()}, {uuid4().hex[:8]}"


async def _refuse(registry: Registry, decision: Decision, build: Build, *, restart: bool) -> None:
    """Raise OfficeSearchError unless the build's holder is silent, and a restart is wanted."""
    if build.silent_s() > SILENT_S and await stirs(registry, decision):
        build = replace(build, renewed=time.time())
    sentence = told(decision.collection, build)
    if build.silent_s() <= SILENT_S:
        refused = " It cannot be restarted." if restart else ""
        raise OfficeSearchError(f"{sentence}{refused} Wait until it is done, or end that process first.")
    if not restart and build.tenant is None:
        raise OfficeSearchError(sentence)


def told(collection: str, build: Build) -> str:
    """Return who builds since when, and what to do if that was cut off."""
    since = datetime.fromtimestamp(build.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    what, again = f"{collection}-{build.number:06d} is being built", f"reindex {collection} --restart"
    if build.tenant is not None:
        what = f"The index of {build.tenant} in {collection} is being filled anew"
        again = f"rebuild {collection} --tenant {build.tenant}"
    sentence = f"{what} since {since} by {build.holder}"
    if build.silent_s() <= SILENT_S:
        return f"{sentence}, which lives."
    return (
        f"{sentence}, which has given no sign of life for {build.silent_s():.0f} s. It was cut off: run "
        f"`office-search {again}`."
    )


async def stirs(registry: Deciding, decision: Decision) -> bool:
    """Return whether a builder that seems silent gives a sign of life: its clock, or ours, may be wrong."""
    await asyncio.sleep(2 * RENEW_S)
    return (await registry.decision(decision.collection)).version != decision.version
