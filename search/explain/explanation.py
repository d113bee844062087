"""The parts of an explanation: outcome, steps, reason codes with their sentences, and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from search.access.refusal import Refusal


class Outcome(StrEnum):
    """The result in one word."""

    FOUND = "found"
    VISIBLE = "visible"
    DENIED = "denied"
    NOT_INDEXED = "not_indexed"
    DELETED = "deleted"
    NO_MATCH = "no_match"
    BEYOND = "beyond"
    NOT_SEARCHABLE_YET = "not_searchable_yet"
    INDEXED_OTHERWISE = "indexed_otherwise"


class Step(StrEnum):
    """The steps of an explanation, in order; the first that fails decides."""

    USER = "user"
    INDEX = "index"
    MODULE = "module"
    ACCESS = "access"
    TEXT = "text"
    SEARCH = "search"


class State(StrEnum):
    """The result of a step; `not_told`: the viewer may not know it."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TOLD = "not_told"


SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "active": "The user is known and active.",
        "user_unknown": "There is no such user in the tenant, or not within departments of the asker's role.",
        "user_disabled": "The user is disabled, and every search of theirs is refused.",
        "indexed": "It is indexed.",
        "not_indexed": "Nothing of this id is indexed in the tenant, or not within departments of the asker's role.",
        Refusal.DELETED: "It was deleted.",
        "module": "One of the user's roles has the vertical's module for it.",
        Refusal.NO_MODULE: "None of the user's roles has the vertical's module.",
        Refusal.MODULE_ELSEWHERE: "The user's roles have the vertical's module only for departments that it is not in.",
        "access": "The user may see it.",
        "discoverable": "The user may find it and ask for it, as its `discoverable` names them, but not open it.",
        Refusal.CONVERSATION_UNKNOWN: "The conversation is unknown or deleted, so nobody sees anything of it.",
        Refusal.NOT_A_MEMBER: "The user is not a member of the conversation, which is not public.",
        Refusal.BEFORE_JOINING: "It was said before the user joined, and the conversation shows nothing older.",
        Refusal.NOT_PUBLIC: "The user is not a member, and the index does not hold the conversation as public yet.",
        Refusal.DENIED: "Its `deny` names the user, or something that the user is inside of.",
        Refusal.OWNER_ONLY: "Its `allow` is empty, so that only its owner sees it.",
        Refusal.NOBODY_ALLOWED: "Its `allow` is empty, so that nobody sees it.",
        Refusal.NOT_IN_FOLDER: "It is open to a folder alone, in which the user is not.",
        Refusal.ROLE_ELSEWHERE: "Its `allow` names a role of the user's, which counts only within other departments.",
        Refusal.NOT_VISIBLE_TO: "Their `visible_to` names neither the user nor anything that the user is inside of.",
        Refusal.NOT_ALLOWED: "Its `allow` names neither the user nor anything that the user is inside of.",
        "membership_ended": "The membership by which the user would have it has ended, or was removed.",
        "membership_not_begun": "The membership by which the user would have it has not begun yet.",
        "text_not_told": "Whether its text matches is told only to those who may find it themselves.",
        "matches": "It holds what was asked for.",
        "nothing_asked": "The query asks for nothing that could be looked for.",
        "lacking": "It does not hold enough of what was asked for, or fails a condition.",
        "only_misspelt": "Its name is as asked for but for a typo, and something else goes by the name as typed.",
        "found": "The user finds it.",
        "searchable": "Nothing keeps the user from finding it by a query that it matches.",
        "beyond": "The user finds it, but only after many other hits.",
        "not_searchable_yet": "It is written as it is now, but searches see that only after the engine's next refresh.",
        "indexed_otherwise": "Its indexed terms are not those that it would get today; reindex the vertical.",
    }
)
"""By code. A sentence depends on the code alone and never holds a text, name or id of the data."""


@dataclass(frozen=True)
class Facts:
    """The facts behind a reason; None or empty where one does not apply or may not be told.

    `since`: RFC 3339. `behind`: events of all tenants that the step's index has not taken in yet. `rank`: from 1,
    within the vertical. `rank_of_all`: from 1, in the merged list.
    """

    principals: tuple[str, ...] = ()
    conversation: str | None = None
    since: str | None = None
    behind: int | None = None
    conditions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    rank: int | None = None
    rank_of_all: int | None = None

    def given(self) -> dict[str, Any]:
        """Return the facts that apply, by name."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


@dataclass(frozen=True)
class Finding:
    """The result of one step."""

    step: Step
    state: State
    code: str
    facts: Facts = field(default_factory=Facts)

    @property
    def text(self) -> str:
        return SENTENCES[self.code]


@dataclass(frozen=True)
class Explanation:
    """Why a user does or does not find an entity. `entity`: its kind, None if it is not indexed."""

    vertical: str
    id: str
    user: str
    entity: str | None
    findings: Sequence[Finding]

    @property
    def deciding(self) -> Finding:
        """The first step that failed; if none did, the last one that passed."""
        failed = [finding for finding in self.findings if finding.state is State.FAILED]
        passed = [finding for finding in self.findings if finding.state is State.PASSED]
        return failed[0] if failed else passed[-1]

    @property
    def outcome(self) -> Outcome:
        deciding = self.deciding
        if deciding.state is State.PASSED:
            return Outcome.FOUND if deciding.code == "found" else Outcome.VISIBLE
        match deciding.step:
            case Step.TEXT:
                return Outcome.NO_MATCH
            case Step.INDEX | Step.SEARCH:
                return Outcome(deciding.code)
            case _:
                return Outcome.DENIED
