"""What becomes of an operation that the engine refuses: one table over all that its bulk API can say."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType

from opensearchpy.exceptions import ConnectionError as EngineConnectionError
from opensearchpy.exceptions import OpenSearchException, TransportError


class Fate(Enum):
    """What to do with what was refused."""

    RETRY = "hold it and send it again: engine or index cannot take it now, whatever it is"
    REMAKE = "make its index, then send it again"
    SPLIT = "send the request again in smaller parts; what is refused alone is a dead letter"
    STALE = "nothing: a higher version is stored already"
    DEAD = "give it to the dead letters: no engine will ever take this document"


_NOW_NOT = (
    # The index or the cluster is blocked: by an operator, by a disk that is almost full (403, 429).
    "cluster_block_exception",
    "index_create_block_exception",
    # Closed by an operator, who will open it again or give it up by deleting it (400).
    "index_closed_exception",
    # Too much work (429).
    "rejected_execution_exception",
    "circuit_breaking_exception",
    "cluster_manager_throttling_exception",
    # The shard is somewhere else, or nowhere yet (404, 500, 503).
    "unavailable_shards_exception",
    "no_shard_available_action_exception",
    "shard_not_found_exception",
    "illegal_index_shard_state_exception",
    "index_shard_closed_exception",
    "index_shard_not_started_exception",
    "index_shard_recovering_exception",
    "shard_not_in_primary_mode_exception",
    "primary_shard_missing_exception",
    "retry_on_primary_exception",
    "retry_on_replica_exception",
    "no_longer_primary_shard_exception",
    "already_closed_exception",
    "engine_exception",
    "engine_creation_failure_exception",
    "refresh_failed_engine_exception",
    "flush_failed_engine_exception",
    # The cluster has no manager, or it is slow; a node leaves (503, 500).
    "process_cluster_event_timeout_exception",
    "cluster_manager_not_discovered_exception",
    "master_not_discovered_exception",
    "not_cluster_manager_exception",
    "not_master_exception",
    "failed_to_commit_cluster_state_exception",
    "node_closed_exception",
    "node_disconnected_exception",
    "node_not_connected_exception",
    "connect_transport_exception",
    "send_request_transport_exception",
    "receive_timeout_transport_exception",
    "remote_transport_exception",
    "timeout_exception",
    "task_cancelled_exception",
    # The disk (500).
    "translog_exception",
    "i_o_exception",
    "file_system_exception",
    # Permissions are of the index, not of the document (401, 403).
    "security_exception",
    "authorization_exception",
)
_NEVER = (
    "mapper_parsing_exception",
    "document_parsing_exception",
    "strict_dynamic_mapping_exception",
    "mapper_exception",
    "illegal_argument_exception",
    "parsing_exception",
    "parse_exception",
    "x_content_parse_exception",
    "json_parse_exception",
    "not_x_content_exception",
    "named_object_not_found_exception",
    "number_format_exception",
    "date_time_parse_exception",
    "action_request_validation_exception",
    "validation_exception",
    "invalid_type_name_exception",
    "invalid_index_name_exception",
    "routing_missing_exception",
    "document_missing_exception",
    "document_source_missing_exception",
    "script_exception",
    "general_script_exception",
    "max_bytes_length_exceeded_exception",
)
BY_TYPE = MappingProxyType(
    dict.fromkeys(_NOW_NOT, Fate.RETRY)
    | dict.fromkeys(_NEVER, Fate.DEAD)
    | {"index_not_found_exception": Fate.REMAKE, "version_conflict_engine_exception": Fate.STALE}
)
"""The fate of one operation by the type of its error. Where a type is not here, its status decides: `BY_STATUS`."""

BY_STATUS = MappingProxyType(dict.fromkeys((401, 403, 404, 408, 421, 423, 425, 429), Fate.RETRY) | {409: Fate.STALE})
"""Of types unknown here. Another 4xx is the document's own fault. Any 5xx is the engine's, and retried without an end:
to give up on a good event loses it, to hold it only waits, where metric and log say so."""

BLOCKS = frozenset({"cluster_block_exception", "index_create_block_exception"})
"""Refused at once and without work, so asking again soon costs little and finds out soon that the block has ended."""

OF_INDEX = BLOCKS | {
    "index_closed_exception",
    "index_not_found_exception",
    "unavailable_shards_exception",
    "no_shard_available_action_exception",
    "security_exception",
}
"""What may be one index's trouble for long, while every other can be written."""


def of_operation(status: int, error_type: str, *, scripted: bool) -> Fate:
    """Return what becomes of one operation of a request that was answered.

    `scripted`: a scripted update, which after a conflict is not stale but has lost every race.
    """
    fate = BY_TYPE.get(error_type) or BY_STATUS.get(status) or (Fate.RETRY if status >= 500 else Fate.DEAD)
    return Fate.RETRY if fate is Fate.STALE and scripted else fate


def of_request(error: OpenSearchException) -> Fate:
    """Return what becomes of all operations of a request that was refused as a whole: RETRY or SPLIT.

    Of credentials, addresses and proxies that are wrong no document knows, so nothing of that makes a dead letter.
    """
    if isinstance(error, EngineConnectionError) or not isinstance(error, TransportError):
        return Fate.RETRY
    if error.status_code == 413 or error.error == "circuit_breaking_exception":
        return Fate.SPLIT
    # Only in the engine's own words: a proxy that takes TLS for something else says 400 to everything.
    is_document_s = error.status_code == 400 and BY_TYPE.get(error.error) is Fate.DEAD
    return Fate.SPLIT if is_document_s else Fate.RETRY


def of_single(error: OpenSearchException) -> Fate:
    """Return what becomes of an operation whose request, with nothing else in it, was refused as a whole."""
    fate = of_request(error)
    is_full = isinstance(error, TransportError) and error.error == "circuit_breaking_exception"
    return Fate.RETRY if is_full else Fate.DEAD if fate is Fate.SPLIT else fate


def is_of_tenant(error: OpenSearchException) -> bool:
    """Return whether that an index cannot be made is its tenant's trouble alone, and others may go on."""
    return of_request(error) is not Fate.RETRY or word(error) in OF_INDEX


def word(error: OpenSearchException) -> str:
    """Return the engine's own word for a refused request, or what kind of no answer it was."""
    if isinstance(error, TransportError) and isinstance(error.status_code, int):
        said = str(error.error)
        return said if said.isidentifier() else f"status_{error.status_code}"
    return type(error).__name__
