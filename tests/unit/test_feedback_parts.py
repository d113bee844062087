"""Feedback without an engine: the form of UBI, which clicks count, what becomes a recent search, queues with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import CATALOGUE

from mappings import feedback as stored
from search.access.identity import Caller
from search.access.personal import may_personal
from search.access.scopes import meet, permits
from search.feedback import operations, recents, ubi
from search.feedback.noted import Action, Click, Clicked, Noted
from search.feedback.queue import DROPPED, MOST_OF_ONE, WAIT, Bounded, still_waiting
from search.feedback.ubi import Answered

NOW = datetime(2026, 3, 2, 9, 15, 4, 120_000, UTC)
NOTED = Noted("q-1", "acme", "u-1", None, True, "search", "搜索  中台 ", NOW, [("docs", "x"), ("messages", "x")])
ANSWER = Answered("u-1", None, True, "search", "h", [("docs", "x"), ("messages", "x")], "搜索 中台")


def clicked(action: Action = "open", vertical: str | None = "docs", id: str | None = "x", **more: object) -> Clicked:
    base = Clicked("acme", "u-1", None, True, Click("q-1", action, vertical, id), NOW)
    return replace(base, **more)  # type: ignore[arg-type]


SUBMIT = clicked("submit", None, None)
IDS = st.text("abcXYZ019._-", min_size=1, max_size=8)


class TestForm:
    @given(
        st.builds(
            Noted,
            query_id=IDS,
            tenant=IDS,
            user=IDS,
            app=st.none() | IDS,
            personal=st.booleans(),
            source=st.sampled_from(["search", "suggest", "apps"]),
            text=st.text(max_size=20),
            at=st.just(NOW),
            entities=st.lists(st.tuples(IDS, IDS), max_size=4),
        )
    )
    def test_what_is_stored_of_an_answer_says_what_clicks_need(self, noted: Noted) -> None:
        document = orjson.loads(orjson.dumps(ubi.query_document(noted, "h")))
        expected = Answered(noted.user, noted.app, noted.personal, noted.source, "h", list(noted.entities), "t")
        assert ubi.answered(document, "t") == expected

    def test_every_field_that_is_written_is_declared(self) -> None:
        query, event = ubi.query_document(NOTED, "h"), ubi.event_document(clicked(), ANSWER)
        assert query.keys() <= stored.MAPPINGS[stored.QUERIES]["properties"].keys()
        declared = stored.MAPPINGS[stored.EVENTS]["properties"]
        assert event.keys() <= declared.keys()
        attributes = declared["event_attributes"]["properties"]
        assert event["event_attributes"].keys() == attributes.keys()
        assert all(
            event["event_attributes"][name].keys() <= attributes[name]["properties"].keys()
            for name in ("object", "position")
        )

    def test_what_ubi_requires_is_there(self) -> None:
        assert ubi.query_document(NOTED, "h")["user_query"] == "h"
        for one in (clicked(), SUBMIT):
            event = ubi.event_document(one, ANSWER)
            assert event["action_name"] == one.click.action
            assert event["timestamp"] == "2026-03-02T09:15:04.120Z"
            if attributes := event.get("event_attributes"):
                assert attributes["object"]["object_id"]
                assert isinstance(attributes["position"]["ordinal"], int)

    def test_a_time_of_another_zone_is_told_in_utc(self) -> None:
        assert ubi.stamp(NOW.astimezone(timezone(timedelta(hours=8)))) == ubi.stamp(NOW)

    def test_two_entities_of_one_id_are_told_apart(self) -> None:
        places = [
            ubi.event_document(clicked(vertical=vertical), ANSWER)["event_attributes"]["position"]["ordinal"]
            for vertical in ("docs", "messages")
        ]
        assert places == [1, 2]

    def test_no_index_is_called_like_a_collections(self) -> None:
        taken = [f"{name}{joint}" for name in CATALOGUE.made for joint in ".-"]
        for kind in stored.KINDS:
            assert not stored.index(kind, "acme").startswith(tuple(taken))
            assert stored.tenant_of(stored.alias(kind, "a-1")) == "a-1"


class TestMatching:
    @pytest.mark.parametrize("action", get_args(Action))
    def test_a_click_is_of_an_answer_given_to_this_very_caller(self, action: Action) -> None:
        mine = SUBMIT if action == "submit" else clicked(action)
        assert ubi.is_of(mine, ANSWER)
        assert not ubi.is_of(replace(mine, user="u-2"), ANSWER)
        assert not ubi.is_of(replace(mine, app="notes"), ANSWER)
        assert not ubi.is_of(mine, replace(ANSWER, app="notes"))

    @pytest.mark.parametrize(("vertical", "id"), [("docs", "y"), ("apps", "x"), (None, None)])
    def test_and_names_an_entity_in_it(self, vertical: str | None, id: str | None) -> None:
        assert not ubi.is_of(clicked("open", vertical, id), ANSWER)


class TestRecents:
    @pytest.mark.parametrize(
        ("noted", "text"),
        [
            (NOTED, "搜索 中台"),
            (replace(NOTED, text=" \n"), None),
            (replace(NOTED, source="suggest"), None),
            (replace(NOTED, source="apps"), None),
            (replace(NOTED, personal=False), None),
        ],
    )
    def test_which_questions_may_become_one(self, noted: Noted, text: str | None) -> None:
        assert operations.asked_text(noted) == text

    def test_which_actions_make_it_one(self) -> None:
        making = [one for one in get_args(Action) if recents.meant(clicked(one), ANSWER)]
        assert making == ["submit", "click", "open"]
        assert recents.meant(clicked(personal=False), ANSWER) is None
        assert recents.meant(SUBMIT, replace(ANSWER, personal=False)) is None
        assert recents.meant(SUBMIT, replace(ANSWER, text=None)) is None

    def test_those_that_are_too_old_are_not_told(self) -> None:
        times = [NOW, NOW - timedelta(days=29), NOW - timedelta(days=31)]
        entries = [{"id": str(n), "text": "t", "at": recents.millis(at)} for n, at in enumerate(times)]
        assert [(one.id, one.at) for one in recents.listed({"entries": entries}, NOW)] == [
            ("0", times[0]),
            ("1", times[1]),
        ]


class TestOperations:
    def test_a_text_is_kept_only_while_recents_are_on(self) -> None:
        document = ubi.query_document(NOTED, "h")
        kinds = [
            [one.kind for one in operations.of_answer(NOTED, document, keeps_text=keeps)] for keeps in (True, False)
        ]
        assert kinds == [[stored.QUERIES, stored.ASKED], [stored.QUERIES]]
        assert "中台" not in str(document)

    def test_clicks_of_one_user_change_their_list_once(self) -> None:
        pairs = [(SUBMIT, ANSWER), (clicked(), ANSWER), (clicked("dismiss"), ANSWER)]
        written = list(operations.of_clicks(pairs, lambda: "n", NOW))
        assert [one.id for one in written] == ["q-1/submit", "q-1/open/docs/x", "q-1/dismiss/docs/x", "u-1"]
        assert len(written[-1].body["script"]["params"]["add"]) == 2

    def test_whoever_has_feedback_is_recorded(self) -> None:
        written = list(operations.of_answer(NOTED, ubi.query_document(NOTED, "h"), keeps_text=True))
        [record] = operations.of_searchers(written * 2)
        assert (record.kind, record.verb, record.id) == (stored.SEARCHERS, "create", "u-1")

    @pytest.mark.parametrize(
        ("verb", "status", "outcome"),
        [
            ("index", 201, "done"),
            ("create", 409, "done"),
            ("update", 409, "again"),
            ("index", 404, "again"),
            ("index", 429, "again"),
            ("index", 503, "again"),
            ("index", 400, "refused"),
            ("index", 403, "refused"),
        ],
    )
    def test_what_becomes_of_one(self, verb: str, status: int, outcome: str) -> None:
        one = operations.Operation(stored.QUERIES, "acme", verb, "q", {})  # type: ignore[arg-type]
        assert one.outcome(status) == outcome


def dropped(what: str, reason: str) -> float:
    value: float = DROPPED.labels(what, reason)._value.get()
    return value


class TestQueues:
    def test_a_full_one_drops_what_comes_and_counts_it(self) -> None:
        queue: Bounded[int] = Bounded("answer", 3)
        before = dropped("answer", "full")
        for number in range(5):
            queue.put(number)
        assert dropped("answer", "full") - before == 2
        assert (queue.take(2), queue.take(9), len(queue)) == ([0, 1], [2], 0)

    def test_clicks_wait_for_a_while_and_nobody_crowds_others_out(self) -> None:
        late = clicked(at=NOW - WAIT - timedelta(seconds=1))
        flood: Sequence[Clicked] = [clicked()] * (MOST_OF_ONE + 5)
        other = clicked(user="u-2")
        kept = still_waiting([late, *flood, other], NOW, 1000)
        assert kept == [*flood[:MOST_OF_ONE], other]
        assert len(still_waiting([*flood, other], NOW, 7)) == 7


class TestApps:
    @pytest.mark.parametrize(
        ("app", "scopes", "may"),
        [
            (None, None, True),
            (None, frozenset({"search"}), True),
            ("notes", frozenset({"search"}), False),
            ("notes", None, False),
            ("notes", frozenset({"search", "search.personal"}), True),
        ],
    )
    def test_an_app_needs_the_scope_of_that_name(
        self, app: str | None, scopes: frozenset[str] | None, may: bool
    ) -> None:
        assert may_personal(Caller("acme", "u-1", "m", app, scopes)) is may

    def test_neither_token_nor_registration_alone_gives_it(self) -> None:
        whole, named = frozenset({"search"}), frozenset({"search", "search.personal"})
        assert not permits(meet(whole, named), "search.personal")
        assert "search.personal" not in meet(named, whole)
        assert "search.personal" in meet(named, named)
