"""The directory's copies are never stale: whatever was written before a question counts in its answer."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import kit
import pytest
from kit import CATALOGUE
from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons
from indexers.generations import Registry
from indexers.indices import Indices
from indexers.projections import DirectoryEntries
from indexers.tenants import Tenants
from mappings.directory import ENTITIES
from mappings.events import decode
from search.access.directory import SHARED, Directory
from search.access.principal import Principal
from search.core.endpoints import Endpoints
from search.core.errors import Forbidden, Unavailable
from search.core.settings import Settings

STREAM = {entity: stream for stream, entities in ENTITIES.items() for entity in entities}
_versions = itertools.count(1)


@dataclass
class Clock:
    """A time in microseconds that stands still unless a test moves it."""

    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Written:
    """Writes the directory as the indexers do, each change at once; no broker in between."""

    engine: AsyncOpenSearch
    indices: Indices
    tenant: str = "acme"
    clock: Clock = field(default_factory=Clock)

    async def tell(self, entity: str, *states: dict[str, object], deleted: bool = False) -> None:
        verb = "deleted" if deleted else "upserted"
        raw = [kit.event(entity, state, tenant=self.tenant, version=next(_versions), verb=verb) for state in states]
        changes = [decode(one, ENTITIES[STREAM[entity]]) for one in raw]
        await self.indices.ensure(self.tenant)
        operations = DirectoryEntries(STREAM[entity]).operations(enumerate(changes))
        index = self.indices.generation.index(self.tenant)
        answer = await self.engine.bulk(body=b"".join(operation.lines(index) for operation in operations))
        assert not answer["errors"], answer

    async def user(self, id: str, *departments: str, **more: object) -> None:
        await self.tell("user", kit.user(id, id, department_ids=list(departments), **more))

    async def member(self, scope: str, principal: str, **more: object) -> None:
        await self.tell("member", kit.member(scope, principal, **more))

    async def leave(self, scope: str, principal: str) -> None:
        await self.tell("member", kit.member(scope, principal), deleted=True)

    def directory(self, keep: int = 2000) -> Directory:
        return Directory(self.engine, self.clock, keep)

    async def again(self) -> None:
        """The index is made anew under its old name, as after a disaster that took the record of it too."""
        await self.gone()
        self.indices.forget(self.tenant)

    async def gone(self) -> None:
        """As if nothing had ever been written."""
        name = self.indices.generation.name
        await self.engine.indices.delete(index=f"{name}-*")
        await self.engine.delete(index="tenants", id=name)
        await Tenants(self.engine).begin(name, ())


@pytest.fixture(scope="module")
async def registry(world: Endpoints, engine: AsyncOpenSearch) -> Registry:
    registry = Registry(engine, CATALOGUE)
    await registry.prepare()
    return registry


@pytest.fixture
async def written(registry: Registry, engine: AsyncOpenSearch, settings: Settings) -> AsyncIterator[Written]:
    """An empty directory."""
    made = Written(engine, Indices(engine, registry, await registry.serving("directory"), settings.indices, Lexicons()))
    yield made
    await made.gone()


def groups(caller: Principal) -> set[str]:
    return {name for name in caller.names if name.startswith("group:")}


async def test_a_tenant_that_nobody_has_written_yet_has_no_users(written: Written) -> None:
    with pytest.raises(Forbidden):
        await written.directory().principal("acme", "u")


async def test_what_was_written_counts_at_once(written: Written) -> None:
    directory = written.directory()
    await written.user("u")
    assert groups(await directory.principal("acme", "u")) == set()
    await written.member("group:a", "user:u")
    assert groups(await directory.principal("acme", "u")) == {"group:a"}
    await written.member("group:b", "group:a")
    assert groups(await directory.principal("acme", "u")) == {"group:a", "group:b"}
    await written.leave("group:a", "user:u")
    assert groups(await directory.principal("acme", "u")) == set()


async def test_an_older_version_that_comes_late_changes_nothing(written: Written) -> None:
    directory = written.directory()
    await written.user("u")
    late = next(_versions)
    await written.leave("group:a", "user:u")
    event = kit.event("member", kit.member("group:a", "user:u"), tenant="acme", version=late)
    [operation] = DirectoryEntries("changes.access").operations([(0, decode(event, ENTITIES["changes.access"]))])
    await written.engine.bulk(body=operation.lines("directory-000001-acme"))
    assert groups(await directory.principal("acme", "u")) == set()


async def test_a_disabled_or_deleted_user_is_refused_at_once(written: Written) -> None:
    directory = written.directory()
    for id in ("disabled", "deleted"):
        await written.user(id)
        assert (await directory.principal("acme", id)).user == id
    await written.user("disabled", status="disabled")
    await written.tell("user", {"id": "deleted"}, deleted=True)
    for id in ("disabled", "deleted"):
        with pytest.raises(Forbidden):
            await directory.principal("acme", id)


async def test_rules_of_conversations_count_at_once(written: Written) -> None:
    directory = written.directory()
    await written.user("u")
    await written.tell("conversation", kit.conversation("c", public=True))
    assert (await directory.principal("acme", "u")).reads("c", 0)
    await written.tell("conversation", kit.conversation("c"))
    assert not (await directory.principal("acme", "u")).reads("c", 0)
    await written.member("conversation:c", "user:u", since="1970-01-01T00:00:00.5Z")
    assert (await directory.principal("acme", "u")).reads("c", 0)
    await written.tell("conversation", kit.conversation("c", history="since_join"))
    caller = await directory.principal("acme", "u")
    assert [caller.reads("c", moment) for moment in (499_999, 500_000)] == [False, True]
    await written.tell("conversation", {"id": "c"}, deleted=True)
    assert not (await directory.principal("acme", "u")).reads("c", 500_000)


async def test_the_departments_above_count_at_once(written: Written) -> None:
    directory = written.directory()
    await written.user("u", "d")
    await written.tell("department", {"id": "d", "name": "d", "parent_id": "top"}, {"id": "top", "name": "top"})
    await written.member("group:all", "department:top")
    assert groups(await directory.principal("acme", "u")) == {"group:all"}
    await written.tell("department", {"id": "d", "name": "d"})
    assert groups(await directory.principal("acme", "u")) == set()


class TestTheClock:
    async def test_memberships_begin_and_end_by_time_alone(self, written: Written) -> None:
        """Without any event, and although nothing else is read again: since ≤ now < until."""
        directory, clock = written.directory(), written.clock
        await written.user("u")
        await written.member("group:a", "user:u", since="1970-01-01T00:00:02Z", until="1970-01-01T00:00:05Z")
        await written.member("group:b", "group:a", until="1970-01-01T00:00:03Z")
        seen = {}
        for clock.now in (1_999_999, 2_000_000, 2_999_999, 3_000_000, 4_999_999, 5_000_000):
            seen[clock.now] = groups(await directory.principal("acme", "u"))
        assert seen == {
            1_999_999: set(),
            2_000_000: {"group:a", "group:b"},
            2_999_999: {"group:a", "group:b"},
            3_000_000: {"group:a"},
            4_999_999: {"group:a"},
            5_000_000: set(),
        }

    async def test_a_role_s_modules_too(self, written: Written) -> None:
        directory, clock = written.directory(), written.clock
        await written.user("u")
        await written.tell("role", kit.role("r", ["search.docs"]))
        await written.member("role:r", "user:u", until="1970-01-01T00:00:02Z")
        assert (await directory.principal("acme", "u")).may_call("search.docs")
        clock.now = 2_000_000
        assert not (await directory.principal("acme", "u")).may_call("search.docs")


class TestCopies:
    async def test_nothing_is_read_whole_again_that_has_not_changed(
        self, written: Written, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory = written.directory()
        await written.user("u")
        await written.member("group:a", "user:u")
        first = await directory.principal("acme", "u")
        reads: list[list[str]] = []
        mget = written.engine.mget

        async def counted(*, body: dict[str, list[dict[str, object]]], index: str, request_timeout: float) -> object:
            reads.append([str(document["_id"]) for document in body["docs"] if document["_source"]])
            return await mget(body=body, index=index, request_timeout=request_timeout)

        monkeypatch.setattr(written.engine, "mget", counted)
        assert await directory.principal("acme", "u") is first
        assert reads == [["incarnation"]]
        await written.member("group:b", "group:a")
        await directory.principal("acme", "u")
        assert reads[1:] == [["incarnation"], ["group:a"], ["group:b"]]

    async def test_an_index_made_anew_is_another_one(self, written: Written) -> None:
        """The same documents under the same sequence numbers, with other contents."""
        directory = written.directory()
        for group, others in (("group:a", "group:b"), ("group:c", "group:d")):
            await written.user("u")
            await written.member(group, "user:u")
            await written.member(others, group)
            assert groups(await directory.principal("acme", "u")) == {group, others}
            await written.again()
        with pytest.raises(Forbidden):
            await directory.principal("acme", "u")

    async def test_they_are_bounded(self, written: Written) -> None:
        keep = 3
        directory = written.directory(keep)
        names = [f"u-{number}" for number in range(12)]
        for name in names:
            await written.user(name)
            await written.member(f"group:{name}", f"user:{name}")
        for name in names * 2:
            assert groups(await directory.principal("acme", name)) == {f"group:{name}"}
        [kept] = directory._tenants.values()
        assert len(kept.principals) == len(kept.closures) == keep
        assert len(kept.parsed) <= keep + len(SHARED)

    async def test_one_caller_s_closure_may_be_larger_than_what_is_kept(self, written: Written) -> None:
        directory = written.directory(keep=2)
        await written.user("u")
        for number in range(40):
            await written.member(f"group:{number}", f"group:{number - 1}" if number else "user:u")
        for _ in range(2):
            assert len(groups(await directory.principal("acme", "u"))) == 40

    async def test_of_tenants_that_do_not_exist_nothing_is_kept(self, written: Written) -> None:
        directory = written.directory()
        for number in range(5):
            with pytest.raises(Forbidden):
                await directory.principal(f"t-{number}", "u")
        assert directory._tenants == {}

    async def test_tenants_are_kept_apart(self, written: Written) -> None:
        directory = written.directory()
        other = Written(written.engine, written.indices, tenant="other")
        for at, group in ((written, "group:a"), (other, "group:b")):
            await at.user("u")
            await at.member(group, "user:u")
        assert groups(await directory.principal("acme", "u")) == {"group:a"}
        assert groups(await directory.principal("other", "u")) == {"group:b"}


# An oracle of its own: plain sets, asked anew each time.


@dataclass
class Model:
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parents: dict[str | None, str | None] = field(default_factory=dict)
    departments: dict[str, list[str]] = field(default_factory=dict)

    def names(self, user: str) -> set[str]:
        found = {f"user:{user}"}
        for mine in self.departments[user]:
            above: str | None = mine
            while above in self.parents and f"department:{above}" not in found:
                found.add(f"department:{above}")
                above = self.parents[above]
        todo = list(found)
        while todo:
            new = self.members[todo.pop()] - found
            found |= new
            todo += new
        return found | {"tenant:*"}


USERS = ("u-1", "u-2", "u-3", "u-4")
DEPARTMENTS = ("d-1", "d-2", "d-3")
GROUPS = ("g-1", "g-2", "g-3", "g-4", "g-5")
PRINCIPALS = [
    f"{kind}:{id}" for kind, ids in (("user", USERS), ("department", DEPARTMENTS), ("group", GROUPS)) for id in ids
]


async def change(written: Written, model: Model, chance: random.Random) -> None:
    """One random change, to the directory and to the model."""
    match chance.randrange(8):
        case 0:
            user, into = chance.choice(USERS), chance.sample(DEPARTMENTS, chance.randrange(3))
            model.departments[user] = into
            await written.user(user, *into)
        case 1:
            department, parent = chance.choice(DEPARTMENTS), chance.choice([None, *DEPARTMENTS])
            model.parents[department] = parent
            await written.tell("department", {"id": department, "name": "d", "parent_id": parent})
        case 2:
            department = chance.choice(DEPARTMENTS)
            model.parents.pop(department, None)
            await written.tell("department", {"id": department}, deleted=True)
        case kind:
            inner = chance.choice(
                [
                    *(f"user:{id}" for id in USERS),
                    *(f"department:{id}" for id in DEPARTMENTS),
                    *(f"group:{id}" for id in GROUPS),
                ]
            )
            outer = f"group:{chance.choice(GROUPS)}"
            if kind < 6:
                model.members[inner].add(outer)
                await written.member(outer, inner)
            else:
                model.members[inner].discard(outer)
                await written.leave(outer, inner)


async def test_after_any_change_everybody_s_principals_are_the_model_s(written: Written) -> None:
    """Two directories, one of which forgets almost everything, over 250 changes."""
    chance, model = random.Random(7), Model()
    directories = [written.directory(), written.directory(keep=2)]
    for user in USERS:
        model.departments[user] = []
        await written.user(user)
    for step in range(250):
        await change(written, model, chance)
        user = chance.choice(USERS)
        for directory in directories:
            assert (await directory.principal("acme", user)).names == model.names(user), step


async def test_under_writes_at_the_same_time_no_answer_is_older_than_its_question(written: Written) -> None:
    """Each group of a chain joins the next, then links are cut from the end on; several ask all the while."""
    directory = written.directory()
    await written.user("u")
    await written.member("group:0", "user:u")
    length = 60
    joined, cut = 0, length
    finished = False

    async def join_and_cut() -> None:
        nonlocal joined, cut, finished
        for joined in range(1, length):
            await written.member(f"group:{joined}", f"group:{joined - 1}")
        for number in range(length - 2, 0, -2):
            await written.leave(f"group:{number}", f"group:{number - 1}")
            cut = number
        finished = True

    async def ask() -> int:
        answers = 0
        while not finished:
            there, gone = joined, cut
            reached = len(groups(await directory.principal("acme", "u")))
            # `joined` names the one that is being written; nothing is cut before the last has joined.
            assert there <= reached or joined == length - 1
            assert reached <= gone
            answers += 1
        return answers

    _, *answered = await asyncio.gather(join_and_cut(), *(ask() for _ in range(4)))
    assert sum(answered) > 50


class TestOtherMembers:
    @staticmethod
    async def others(written: Written, caller: str, ids: Iterable[str]) -> dict[str, str]:
        directory = written.directory()
        return await directory.other_members(await directory.principal("acme", caller), ids)

    async def direct(self, written: Written, id: str, *members: str) -> None:
        await written.tell("conversation", kit.conversation(id, kind="direct"))
        for member in members:
            await written.member(f"conversation:{id}", f"user:{member}")

    async def test_the_one_on_the_other_side(self, written: Written) -> None:
        await written.user("u")
        await self.direct(written, "c", "u", "v")
        await self.direct(written, "alone", "u")
        await self.direct(written, "three", "u", "v", "w")
        await self.direct(written, "crowd", "u", *(f"v-{number}" for number in range(9)))
        assert await self.others(written, "u", ["c", "alone", "three", "crowd"]) == {"c": "v"}

    async def test_of_a_conversation_that_the_caller_is_not_in_nobody_is_told(self, written: Written) -> None:
        await written.user("u")
        await self.direct(written, "c", "v", "w")
        await self.direct(written, "left", "u", "v")
        await written.leave("conversation:left", "user:u")
        assert await self.others(written, "u", ["c", "left", "unknown"]) == {}

    async def test_whoever_left_is_no_longer_the_other(self, written: Written) -> None:
        await written.user("u")
        await self.direct(written, "c", "u", "v")
        await written.leave("conversation:c", "user:v")
        assert await self.others(written, "u", ["c"]) == {}


async def test_an_engine_that_does_not_answer_is_no_empty_directory(settings: Settings) -> None:
    from search.core.engine import connect

    engine = connect(settings.engine, "http://127.0.0.1:9")
    try:
        with pytest.raises(Unavailable):
            await Directory(engine, Clock()).principal("acme", "u")
    finally:
        await engine.close()


async def test_a_closed_index_is_no_empty_directory(written: Written) -> None:
    await written.user("u")
    await written.engine.indices.close(index="directory-000001-acme")
    with pytest.raises(Unavailable):
        await written.directory().principal("acme", "u")
