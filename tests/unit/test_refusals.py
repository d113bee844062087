"""Every refusal of the engine's bulk API has its fate, and requests that are refused as a whole are cut in parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opensearchpy.exceptions import ConnectionTimeout, TransportError

from indexers import bulk
from indexers.projections import Operation, document_operation
from indexers.refusals import BY_TYPE, Fate, of_operation, of_request, of_single

# As the engine's source gives each error its status.
ANSWERS = {
    "a block of an operator's": (403, "cluster_block_exception", Fate.RETRY),
    "a disk that is almost full": (429, "cluster_block_exception", Fate.RETRY),
    "no indices are made": (403, "index_create_block_exception", Fate.RETRY),
    "a closed index": (400, "index_closed_exception", Fate.RETRY),
    "a full queue": (429, "rejected_execution_exception", Fate.RETRY),
    "too little memory": (429, "circuit_breaking_exception", Fate.RETRY),
    "no primary": (503, "unavailable_shards_exception", Fate.RETRY),
    "no shard": (503, "no_shard_available_action_exception", Fate.RETRY),
    "a shard that has moved": (404, "shard_not_found_exception", Fate.RETRY),
    "a shard that begins": (404, "illegal_index_shard_state_exception", Fate.RETRY),
    "a slow cluster": (503, "process_cluster_event_timeout_exception", Fate.RETRY),
    "no manager": (503, "cluster_manager_not_discovered_exception", Fate.RETRY),
    "a node that leaves": (500, "node_closed_exception", Fate.RETRY),
    "a full disk": (500, "i_o_exception", Fate.RETRY),
    "no permission": (403, "security_exception", Fate.RETRY),
    "no index": (404, "index_not_found_exception", Fate.REMAKE),
    "an older version": (409, "version_conflict_engine_exception", Fate.STALE),
    "a field of another type": (400, "mapper_parsing_exception", Fate.DEAD),
    "a document that cannot be read": (400, "document_parsing_exception", Fate.DEAD),
    "a field that is not there": (400, "strict_dynamic_mapping_exception", Fate.DEAD),
    "a term that is too long": (400, "illegal_argument_exception", Fate.DEAD),
    "a script that fails": (400, "script_exception", Fate.DEAD),
    "unknown, the document's": (400, "brand_new_exception", Fate.DEAD),
    "unknown, not allowed": (403, "brand_new_exception", Fate.RETRY),
    "unknown, too many": (429, "brand_new_exception", Fate.RETRY),
    "unknown, missing": (404, "brand_new_exception", Fate.RETRY),
    "unknown, the engine's": (500, "brand_new_exception", Fate.RETRY),
    "unknown, unavailable": (503, "brand_new_exception", Fate.RETRY),
}


@pytest.mark.parametrize(("status", "type", "fate"), ANSWERS.values(), ids=list(ANSWERS))
def test_what_becomes_of_an_operation(status: int, type: str, fate: Fate) -> None:
    assert of_operation(status, type, scripted=False) is fate


def test_a_scripted_update_that_lost_every_race_is_not_stale() -> None:
    assert of_operation(409, "version_conflict_engine_exception", scripted=True) is Fate.RETRY


WHOLE = {
    "no answer": (ConnectionTimeout("TIMEOUT", "slow", None), Fate.RETRY, Fate.RETRY),
    "a cluster's block": (TransportError(403, "cluster_block_exception", {}), Fate.RETRY, Fate.RETRY),
    "wrong credentials": (TransportError(401, "Unauthorized", {}), Fate.RETRY, Fate.RETRY),
    "a wrong address": (TransportError(404, "<html>", {}), Fate.RETRY, Fate.RETRY),
    "a proxy that takes TLS for something else": (TransportError(400, "<html>", {}), Fate.RETRY, Fate.RETRY),
    "too much for its memory": (TransportError(429, "circuit_breaking_exception", {}), Fate.SPLIT, Fate.RETRY),
    "too large": (TransportError(413, "", {}), Fate.SPLIT, Fate.DEAD),
    "a line that cannot be read": (TransportError(400, "illegal_argument_exception", {}), Fate.SPLIT, Fate.DEAD),
    "a fault of the engine's": (TransportError(500, "null_pointer_exception", {}), Fate.RETRY, Fate.RETRY),
}


@pytest.mark.parametrize(("error", "fate", "alone"), WHOLE.values(), ids=list(WHOLE))
def test_what_becomes_of_a_request(error: TransportError, fate: Fate, alone: Fate) -> None:
    assert (of_request(error), of_single(error)) == (fate, alone)


def test_the_table_is_complete_for_what_the_tests_know() -> None:
    assert {type for _, type, _ in ANSWERS.values() if type != "brand_new_exception"} <= BY_TYPE.keys()


class Engine:
    """Refuses requests of more than so many bytes, and those that hold a word."""

    def __init__(self, most_bytes: int, poison: bytes = b"\0") -> None:
        self.sizes: list[int] = []
        self._most_bytes, self._poison = most_bytes, poison

    @property
    def transport(self) -> Engine:
        return self

    async def perform_request(self, method: str, url: str, body: bytes) -> dict[str, Any]:
        self.sizes.append(len(body))
        if len(body) > self._most_bytes:
            raise TransportError(413, "", {})
        if self._poison in body:
            raise TransportError(400, "illegal_argument_exception", {})
        return {}


class Indices:
    generation = SimpleNamespace(name="docs-000001", collection="docs", index=lambda tenant: f"docs-000001-{tenant}")

    async def ensure(self, tenant: str) -> None:
        return


def operations(*texts: str) -> list[Operation]:
    return [document_operation("acme", f"f-{n}", 1, {"text": text}, (n,)) for n, text in enumerate(texts)]


async def written(engine: Engine, *texts: str) -> list[bool]:
    """Which of these the engine will never take."""
    outcomes = await bulk.write(engine, Indices(), operations(*texts))  # type: ignore[arg-type]
    return [outcome is not None for outcome in outcomes]


async def test_too_large_a_request_is_cut_until_it_passes() -> None:
    engine = Engine(most_bytes=1000)
    assert await written(engine, *["x" * 100] * 40) == [False] * 40
    assert len(engine.sizes) < 40


async def test_one_that_is_too_large_alone_is_a_dead_letter_and_the_others_pass() -> None:
    assert await written(Engine(most_bytes=1000), "a", "x" * 2000, "b") == [False, True, False]


async def test_one_that_spoils_its_request_is_found() -> None:
    engine = Engine(most_bytes=10**9, poison=b"poison")
    assert await written(engine, *"abc", "poison", *"def") == [False] * 3 + [True] + [False] * 3
