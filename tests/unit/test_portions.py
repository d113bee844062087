"""How a batch is parted, and how much of it is in hand."""

from __future__ import annotations

import asyncio
import time

import kit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexers import portions as parting
from indexers.portions import LARGE_BYTES, PORTION_BYTES, Portion, Share, portions


def event(tenant: str, size: int) -> bytes:
    """An event of this many bytes."""
    bare = kit.event("doc", kit.doc("f-1", "t", owner_id="u-1", body=""), tenant=tenant)
    return kit.event("doc", kit.doc("f-1", "t", owner_id="u-1", body="x" * (size - len(bare))), tenant=tenant)


def test_a_batch_as_people_write_it_stays_one() -> None:
    events = [event(tenant, 1000) for tenant in ("a", "b", "a", "c")]
    assert list(portions(events)) == [Portion([0, 1, 2, 3], sum(map(len, events)))]


def test_large_ones_go_alone_and_last() -> None:
    events = [event("a", 1000), event("b", LARGE_BYTES), event("a", 2000)]
    small, large = len(events[0] + events[2]), len(events[1])
    assert list(portions(events)) == [Portion([0, 2], small), Portion([1], large, "b", is_large=True)]


def test_what_is_much_together_goes_by_tenant_and_is_cut() -> None:
    events = [event("a" if number else "b", LARGE_BYTES - 1) for number in range(14)]
    found = list(portions(events))
    assert [(one.tenant, len(one.positions)) for one in found] == [("b", 1), ("a", 10), ("a", 3)]
    assert all(one.size <= PORTION_BYTES and not one.is_large for one in found)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([500, 60_000, 99_999, 100_000, 150_000])), max_size=40)
)
def test_every_event_is_in_one_portion(said: list[tuple[str, int]]) -> None:
    events = [event(tenant, size) for tenant, size in said]
    found = list(portions(events))
    assert sorted(position for one in found for position in one.positions) == list(range(len(events)))
    assert sum(one.size for one in found) == sum(map(len, events))
    assert not [one for one in found if not one.positions]


def test_what_is_no_event_goes_with_the_others() -> None:
    assert list(portions([b"{", b""])) == [Portion([0, 1], 1)]
    assert list(portions([b"x" * LARGE_BYTES])) == [Portion([0], LARGE_BYTES, "", is_large=True)]


class TestShare:
    async def test_one_tenant_s_share_is_not_another_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parting, "TENANT_BYTES", 100)
        share, now = Share(), time.monotonic()
        assert await share.take(Portion([0], 60, "a"), now)
        assert not await share.take(Portion([1], 60, "a"), now)
        assert await share.take(Portion([2], 60, "b"), now)
        share.give(Portion([0], 60, "a"))
        assert await share.take(Portion([1], 60, "a"), now)

    async def test_what_is_larger_than_a_share_is_taken_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parting, "TENANT_BYTES", 100)
        share, now = Share(), time.monotonic()
        assert await share.take(Portion([0], 500, "a"), now)
        assert not await share.take(Portion([1], 1, "a"), now)

    async def test_room_that_comes_in_time_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parting, "TENANT_BYTES", 100)
        share, first = Share(), Portion([0], 60, "a")
        assert await share.take(first, 0)
        asyncio.get_running_loop().call_soon(share.give, first)
        assert await share.take(Portion([1], 60, "a"), time.monotonic() + 5)

    async def test_small_portions_wait_for_each_other(self) -> None:
        share, small = Share(), Portion([0], 10)
        for _ in range(parting.MOST_MIXED):
            assert await share.take(small, 0)
        waiting = asyncio.create_task(share.take(small, 0))
        await asyncio.sleep(0)
        assert not waiting.done()
        # Meanwhile large ones are none of their business.
        share.give(small)
        assert await asyncio.wait_for(waiting, 1)
