"""One small company in which what the engine, the caches and the pages do for access decides something each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from proof.around import Place
from proof.asking import Asked, Tally, ask, together
from proof.beginnings import Beginning
from proof.companies import SEARCHED, Change, time_at
from proof.company import Company, Ground
from proof.judge import Wrong
from proof.laboratory import Laboratory
from proof.openings import Opening
from proof.oracle import moment
from proof.questions import Question, Typed
from proof.shop import Advice, AppOf, Visit
from proof.views import comparable
from proof.words import CROWDED, LATIN, near

WORD, OTHER = LATIN[0], LATIN[1]
CALLERS = ("me", "colleague", "guest")
BY_WORD = Question(words=(Typed(WORD),), limit=1)
QUESTIONS = (BY_WORD, *(Question(phrases=((WORD,),), verticals=(one.removeprefix("search."),)) for one in SEARCHED))
AGAIN = 5
"""So many times, after all has arrived, much of it comes once more."""
BEGINNINGS = (Beginning(Typed(WORD)), Beginning(Typed(OTHER)), Beginning(Typed(CROWDED, "slip")), Beginning(None))
PLACES = (Place("joined-5", 2, 0), Place("overheard-1", 0, 1))
DOCS = ("kept", "taken", "moved", "removed", "hidden-1")
OPENINGS = (*(Opening("doc", id) for id in DOCS), Opening("message", "joined-1"), Opening("app", "none"))
VISITS = (
    *(
        Visit(),
        Visit(Typed(WORD)),
        Visit(chosen={"category": OTHER.written}),
        Visit(wish=True),
        Visit(sort="new", limit=1),
    ),
    Advice(),
    *(AppOf(id, similar) for id in ("open", "ask", "elsewhere") for similar in (False, True)),
)
MISTYPED = (Question(words=(Typed(WORD, "slip"),)), Question(words=(Typed(CROWDED, "slip"),)))


def _new(entity: str, id: str, **data: Any) -> Change:
    return Change(entity, id, {"id": id, **data})


def _member(scope: str, principal: str, **times: str) -> Change:
    return Change("member", f"{scope}|{principal}", {"scope": scope, "principal": principal, **times})


def _doc(id: str, title: str = WORD.written, **more: Any) -> Change:
    times = {"created_at": "hour:1", "updated_at": "hour:1"}
    plain = {"title": title, "body": "", "kind": "doc", "owner_id": "nil", "allow": ["tenant:*"], **times}
    return _new("doc", id, **{**plain, **more})


def _app(id: str, allow: Sequence[str] = ("tenant:*",), **more: Any) -> Change:
    plain = {"name": WORD.written, "description": "", "kind": "web", "category": OTHER.written, "tags": ["事假"]}
    places = {"url": f"https://apps.example/{id}", "request_url": f"https://ask.example/{id}"}
    told = {**plain, **places, "allow": list(allow), "department_ids": ["team"], "published_at": "hour:1", **more}
    return _new("app", id, **told)


def _room(id: str, *, public: bool = False, kind: str = "group") -> Change:
    return _new("conversation", id, kind=kind, name=id, history="since_join", public=public, archived=False)


def _user(id: str, status: str = "active") -> Change:
    return _new("user", id, name=OTHER.written, department_ids=["team"], status=status)


_SAID = {"joined": (1, 2, 4, 5, 6), "ending": (1,), "coming": (8,), "overheard": (1, 2), "shut": (1,)}


def _founded() -> Iterator[Change]:
    yield _new("role", "default", name="", modules=["search.messages", "search.contacts"])
    yield _new("role", "team", name="", modules=["search.docs"], department_ids=["team"])
    yield _member("role:team", "department:team")
    yield _new("role", "shop", name="", modules=["discover.apps"], department_ids=["team"])
    yield _member("role:shop", "department:team")
    yield _new("user", "guest", name=OTHER.written, department_ids=[], status="active")
    yield from (_app("open"), _app("ask", [], discoverable=["tenant:*"]), _app("narrowed"), _app("withdrawn"))
    yield _app("elsewhere", department_ids=["elsewhere"])
    yield _app("denied", deny=["user:me"], discoverable=["tenant:*"])
    yield _new("department", "team", name="team")
    yield from (_user("me"), _user("colleague"))
    yield _new("user", "crowded", name=CROWDED.written, department_ids=[], status="active")
    yield from (_room("joined"), _room("ending"), _room("coming"), _room("shut", public=True))
    yield _member("conversation:joined", "user:me", since="hour:4")
    yield _member("conversation:ending", "user:me", until="hour:7")
    yield _member("conversation:coming", "user:me", since="hour:8")
    yield _room("overheard", public=True, kind="direct")
    yield _member("conversation:overheard", "user:colleague")
    for room, hours in _SAID.items():
        for hour in hours:
            said = {"sender_id": "me", "kind": "text", "text": WORD.written, "sent_at": f"hour:{hour}"}
            yield _new("message", f"{room}-{hour}", conversation_id=room, **said)
    for id in ("kept", "taken", "moved", "renamed", "removed"):
        yield _doc(id, department_ids=["team"])


def _crowd() -> Iterator[Change]:
    """People whom nobody sees, with more names near to a mistyped one than the engine would look at by default."""
    for number, name in enumerate(sorted(set(near(CROWDED.slip)))):
        yield _new("user", f"crowd-{number}", name=name, department_ids=[], status="active", visible_to=[])


def _changed() -> Iterator[Change]:
    """What takes something away, each by another clause."""
    yield _doc("taken", department_ids=["team"], allow=[])
    yield _doc("moved", department_ids=["elsewhere"])
    yield _doc("renamed", OTHER.written, department_ids=["team"])
    yield Change("doc", "removed", None)
    yield Change("app", "withdrawn", None)
    yield _app("narrowed", [], discoverable=["user:me"])
    yield Change("message", "overheard-2", None)
    yield _room("shut")
    yield _user("colleague", "disabled")
    yield Change("member", "conversation:joined|user:me", None)


def play(laboratory: Laboratory, grounds: Sequence[Ground]) -> None:
    """Raises Wrong at an answer that is not the oracle's, or that tells of what only the second company has."""
    laboratory.run(_play(laboratory, grounds))


async def _play(laboratory: Laboratory, grounds: Sequence[Ground]) -> None:
    laboratory.now = moment(time_at(6))
    companies = [await ground.company() for ground in grounds]
    companies[1].tell(_doc(f"hidden-{number}", WORD.slip, allow=[]) for number in range(12))
    companies[1].tell(_crowd())
    companies[1].tell(_app(f"hidden-{number}", [], category=WORD.slip) for number in range(3))
    for company in companies:
        await _hears(company, [*_founded()])
    await laboratory.refresh([company.tenant for company in companies])
    for company in companies:
        company.refreshed()
    await _asked(companies, (*QUESTIONS, *MISTYPED, *PLACES, *BEGINNINGS, *OPENINGS, *VISITS), fresh=True)
    for company in companies:
        await _hears(company, [*_changed()])
        for disorder in range(1, AGAIN):
            await company.arrive(disorder)
        # What is drawn by lot above may miss just the event that an older one must not undo.
        await company.replay()
    await _asked(companies, (*QUESTIONS, *PLACES, *BEGINNINGS, *OPENINGS, *VISITS), fresh=False)
    for hour in (7, 8):
        laboratory.now = moment(time_at(hour))
        await _asked(companies, QUESTIONS, fresh=False)


async def _hears(company: Company, changes: Sequence[Change]) -> None:
    company.tell(changes)
    await company.arrive(0)


async def _asked(companies: Sequence[Company], questions: Sequence[Asked], *, fresh: bool) -> None:
    tally = Tally()
    one, other = await together(ask(each, questions, CALLERS, tally, fresh=fresh) for each in companies)
    for user in CALLERS if fresh else ():
        for (question, told), (_, told_there) in zip(one[user], other[user], strict=True):
            if comparable(told) != comparable(told_there):
                raise Wrong(f"{user} can tell the companies apart: {question}\n{told}\n{told_there}")
