"""Reasons why a caller may not see or search a document: the contract's access rules by name."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """The rule that refuses. The values are part of the API and must not change."""

    DELETED = "deleted"
    CONVERSATION_UNKNOWN = "conversation_unknown"
    NOT_A_MEMBER = "not_a_member"
    BEFORE_JOINING = "before_joining"
    NOT_PUBLIC = "not_public"
    DENIED = "denied"
    OWNER_ONLY = "owner_only"
    NOBODY_ALLOWED = "nobody_allowed"
    NOT_IN_FOLDER = "not_in_folder"
    ROLE_ELSEWHERE = "role_elsewhere"
    NOT_VISIBLE_TO = "not_visible_to"
    NOT_ALLOWED = "not_allowed"
    NO_MODULE = "no_module"
    MODULE_ELSEWHERE = "module_elsewhere"
