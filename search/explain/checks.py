"""The steps of an explanation that need no search: user, index, module and access; pure.

They use the same rules (`search.access.filter`) as searches do.
"""

from __future__ import annotations

from collections.abc import Callable

from mappings.entities import EPOCH, MICROSECOND
from search.access.filter import departments_of, may_open, met, module_refusal, refusal
from search.access.principal import Principal
from search.access.refusal import Refusal
from search.access.standing import Standing, UserAccess
from search.explain.explanation import Facts, Finding, State, Step
from search.explain.subject import Subject
from search.explain.viewer import Viewer

ENDED, NOT_BEGUN = "membership_ended", "membership_not_begun"


def user(viewer: Viewer, standing: Standing | None, behind: int | None) -> Finding:
    """Return whether the user is known and active; a user out of the viewer's reach counts as unknown.

    `behind`: how many events the directory has not taken in yet; None if not known.
    """
    facts = Facts(behind=behind)
    if standing is None or not viewer.reaches(standing.department_ids):
        return Finding(Step.USER, State.FAILED, "user_unknown", facts)
    if standing.access is None:
        return Finding(Step.USER, State.FAILED, "user_disabled", facts)
    return Finding(Step.USER, State.PASSED, "active", facts)


def index(subject: Subject | None, behind: int | None) -> Finding:
    """Return whether the entity is indexed and not deleted.

    `behind`: how many events the vertical's index has not taken in yet; None if not known.
    """
    facts = Facts(behind=behind)
    if subject is None:
        return Finding(Step.INDEX, State.FAILED, "not_indexed", facts)
    if subject.deleted:
        return Finding(Step.INDEX, State.FAILED, Refusal.DELETED, facts)
    return Finding(Step.INDEX, State.PASSED, "indexed", facts)


def module(who: UserAccess, subject: Subject) -> Finding:
    """Return whether one of the user's roles has the vertical's module for this entity."""
    departments = departments_of(subject.document)
    why = _why(who, lambda caller: module_refusal(caller, subject.vertical.module, departments))
    return Finding(Step.MODULE, State.FAILED, why) if why else Finding(Step.MODULE, State.PASSED, "module")


def access(viewer: Viewer, who: UserAccess, subject: Subject) -> Finding:
    """Return whether the user may see the entity.

    If the viewer could not find the entity themself, only the deciding rule is told, and nothing of its content.
    """
    why = _why(who, lambda caller: refusal(caller, subject.vertical, subject.id, subject.document))
    if why is None:
        opens = may_open(who.now, subject.vertical, subject.document)
        return Finding(Step.ACCESS, State.PASSED, "access" if opens else "discoverable")
    finds = viewer.finds(subject.vertical, subject.id, subject.document)
    return Finding(Step.ACCESS, State.FAILED, why, _facts(viewer, who, subject, why) if finds else Facts())


def _why(who: UserAccess, rule: Callable[[Principal], Refusal | None]) -> str | None:
    """Return what `rule` says about the user now; None if it does not refuse.

    If it would not refuse with memberships that have ended, or have not begun, that is the reason instead.
    """
    why = rule(who.now)
    if why is None:
        return None
    if rule(who.ignoring_expiry) is None:
        return ENDED
    return NOT_BEGUN if rule(who.ignoring_start) is None else why


def _facts(viewer: Viewer, who: UserAccess, subject: Subject, why: str) -> Facts:
    """Return the facts of a refusal: the conversation, or those deciding principals that the viewer may be told."""
    document = subject.document
    if subject.vertical.in_conversations:
        id: str = document["conversation_id"]
        return Facts(conversation=id, since=_joined(who.now, id) if why == Refusal.BEFORE_JOINING else None)
    match why:
        case Refusal.DENIED:
            deciding = met(who.now, document, "deny")
        case "membership_ended":
            deciding = met(who.ignoring_expiry, document, "allow")
        case "membership_not_begun":
            deciding = met(who.ignoring_start, document, "allow")
        case _:
            deciding = list(document.get("allow", ())) if viewer.reads_allow else []
    return Facts(principals=tuple(name for name in deciding if viewer.may_name(name)))


def _joined(caller: Principal, conversation_id: str) -> str | None:
    since = caller.joined[conversation_id]
    return None if since is None else (EPOCH + since * MICROSECOND).isoformat()
