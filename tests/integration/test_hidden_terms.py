"""No match depends on a cut of the engine's dictionary: what is hidden never crowds out what is visible."""

from __future__ import annotations

import pytest
from apikit import Api, Company
from opensearchpy import AsyncOpenSearch
from proof.words import CROWDED, near

from search.core.streams.port import Broker


@pytest.fixture
async def crowd(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """Over a thousand hidden people and docs, whose names and titles are nearer to the mistyped word."""
    acme = Company(api, broker, engine, "crowd")
    acme.role(["search.contacts", "search.docs"], id="default")
    acme.user(id="me")
    hidden = sorted(set(near(CROWDED.slip)) - {CROWDED.slip})
    assert len(hidden) > 1000
    for word in hidden:
        acme.user(word, visible_to=[])
        acme.doc("someone", word)
    return acme


async def test_a_visible_name_is_found_by_a_typo_that_many_hidden_names_are_nearer_to(crowd: Company) -> None:
    seen = crowd.user(CROWDED.written)
    await crowd.arrive()
    assert await crowd.finds("me", CROWDED.slip) == {seen}


async def test_a_visible_word_is_offered_as_a_correction_however_many_hidden_ones_are_nearer(crowd: Company) -> None:
    crowd.doc("someone", f"{CROWDED.written} 方案", allow=["tenant:*"])
    await crowd.arrive()
    answer = await crowd.search("me", CROWDED.slip, verticals="docs")
    assert answer["query"]["corrected"] == CROWDED.written
