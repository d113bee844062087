"""The steps of an explanation, rule by rule: what is decided, and which facts of it are told to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from filterkit import rules
from kit import VERTICALS

from mappings.vertical import Vertical
from search.access.bypass import Stored
from search.access.principal import Principal, Rule, ScopedRole
from search.access.reader import Reader
from search.access.refusal import Refusal
from search.access.standing import Standing, UserAccess
from search.core.errors import Forbidden
from search.explain import checks
from search.explain.explanation import SENTENCES, Explanation, Facts, Finding, Outcome, State, Step
from search.explain.subject import Subject
from search.explain.viewer import MODULE, Admin, Operator, require

MESSAGES, CONTACTS, DOCS, APPS = (VERTICALS[name] for name in ("messages", "contacts", "docs", "apps"))
WITHIN_D = (ScopedRole("role:s", frozenset({"d"})),)

KNOWN = rules(
    c=Rule("group", public=False, since_join=False, archived=False),
    late=Rule("group", public=False, since_join=True, archived=False),
    p=Rule("group", public=True, since_join=False, archived=False),
)


def person(user: str, *names: str, **more: Any) -> Principal:
    """Somebody with every module, unless told otherwise."""
    modules = dict.fromkeys([MODULE, *(vertical.module for vertical in VERTICALS.values())])
    plain = Principal("acme", user, frozenset({"tenant:*", f"user:{user}", *names}), (), modules, {}, KNOWN)
    return replace(plain, **more)


def access(
    now: Principal, ignoring_expiry: Principal | None = None, ignoring_start: Principal | None = None
) -> UserAccess:
    return UserAccess(now, ignoring_expiry or now, ignoring_start or now)


def subject(vertical: Vertical, document: Mapping[str, Any], id: str = "x") -> Subject:
    entity = document.get("entity") or next(iter(vertical.entities))
    return Subject(vertical, str(entity), id, Stored(id, (1, 1), 1, document))


READER = cast(Reader, object())  # nothing here reads


def admin(*names: str, **more: Any) -> Admin:
    return Admin(person("admin", *names, **more), READER)


OPERATOR = Operator("acme", READER)
ALLOWED_TO_ADMIN = {"owner": "v", "allow": ["user:admin", "group:h"]}


class TestUser:
    @pytest.mark.parametrize(
        ("standing", "code"),
        [
            (None, "user_unknown"),
            (Standing((), None), "user_disabled"),
            (Standing((), access(person("u"))), "active"),
        ],
    )
    def test_known_and_active(self, standing: Standing | None, code: str) -> None:
        found = checks.user(admin(), standing, 3)
        assert (found.code, found.facts) == (code, Facts(behind=3))

    @pytest.mark.parametrize(
        ("departments", "code"), [(["d"], "active"), (["d", "e"], "user_unknown"), ([], "user_unknown")]
    )
    def test_one_outside_of_a_scoped_admin_s_departments_is_unknown(self, departments: list[str], code: str) -> None:
        scoped = admin(modules={MODULE: WITHIN_D})
        assert checks.user(scoped, Standing(departments, access(person("u"))), 0).code == code
        disabled = "user_disabled" if code == "active" else code
        assert checks.user(scoped, Standing(departments, None), 0).code == disabled


class TestIndex:
    def test_indexed_deleted_or_not_there(self) -> None:
        assert checks.index(None, 5) == Finding(Step.INDEX, State.FAILED, "not_indexed", Facts(behind=5))
        assert checks.index(subject(DOCS, {"tombstone": True}), 0).code == "deleted"
        assert checks.index(subject(DOCS, ALLOWED_TO_ADMIN), 0).code == "indexed"


class TestModule:
    @pytest.mark.parametrize(
        ("modules", "code"),
        [
            ({}, Refusal.NO_MODULE),
            ({DOCS.module: WITHIN_D}, Refusal.MODULE_ELSEWHERE),
            ({DOCS.module: None}, "module"),
        ],
    )
    def test_whether_a_role_gives_it(self, modules: Any, code: str) -> None:
        assert (
            checks.module(access(person("u", modules=modules)), subject(DOCS, {"department_ids": ["e"]})).code == code
        )

    def test_a_role_that_the_user_has_left_or_will_have(self) -> None:
        without, having = person("u", modules={}), person("u")
        assert checks.module(access(without, ignoring_expiry=having), subject(DOCS, {})).code == "membership_ended"
        assert checks.module(access(without, ignoring_start=having), subject(DOCS, {})).code == "membership_not_begun"


class TestAccess:
    @pytest.mark.parametrize(
        ("vertical", "document", "code"),
        [
            (DOCS, {"owner": "v", "allow": ["group:g"]}, "access"),
            (DOCS, {"owner": "v", "allow": ["group:h"]}, Refusal.NOT_ALLOWED),
            (APPS, {"allow": []}, Refusal.NOBODY_ALLOWED),
            (CONTACTS, {"entity": "user", "owner": "v", "allow": []}, Refusal.NOT_VISIBLE_TO),
            (CONTACTS, {"entity": "conversation", "allow": []}, Refusal.CONVERSATION_UNKNOWN),
            (MESSAGES, {"conversation_id": "c", "sent_at": 1}, Refusal.NOT_A_MEMBER),
        ],
    )
    def test_the_rule_of_searches_decides(self, vertical: Vertical, document: dict[str, Any], code: str) -> None:
        assert checks.access(admin(), access(person("u", "group:g")), subject(vertical, document)).code == code

    def test_a_membership_that_would_have_admitted(self) -> None:
        document = {"owner": "v", "allow": ["group:h"]}
        inside = person("u", "group:h")
        assert (
            checks.access(admin(), access(person("u"), ignoring_expiry=inside), subject(DOCS, document)).code
            == "membership_ended"
        )
        later = checks.access(admin(), access(person("u"), ignoring_start=inside), subject(DOCS, document))
        assert later.code == "membership_not_begun"

    def test_one_that_would_have_admitted_but_for_deny_is_not_the_reason(self) -> None:
        document = {"owner": "v", "allow": ["group:h"], "deny": ["user:u"]}
        found = checks.access(
            admin(), access(person("u"), ignoring_expiry=person("u", "group:h")), subject(DOCS, document)
        )
        assert found.code == Refusal.DENIED


class TestFacts:
    """Of an entity that an admin could not find by a search of their own, the code is all that they are told."""

    DOCUMENTS: Sequence[tuple[Vertical, dict[str, Any]]] = (
        (DOCS, {"owner": "v", "allow": ["group:h", "user:w"], "deny": ["group:g"]}),
        (DOCS, {"owner": "v", "allow": ["group:h", "user:w"]}),
        (DOCS, {"owner": "v", "allow": ["group:once"]}),
        (DOCS, {"owner": "v", "allow": ["folder:f"]}),
        (CONTACTS, {"entity": "user", "owner": "v", "allow": ["group:h"]}),
        (CONTACTS, {"entity": "conversation", "allow": ["conversation:x"]}),
        (MESSAGES, {"conversation_id": "c", "sent_at": 1}),
        (MESSAGES, {"conversation_id": "late", "sent_at": 1}),
    )
    USER = access(person("u", "group:g", joined={"late": 7}), ignoring_expiry=person("u", "group:g", "group:once"))

    @pytest.mark.parametrize(("vertical", "document"), DOCUMENTS)
    def test_none_of_what_is_hidden(self, vertical: Vertical, document: dict[str, Any]) -> None:
        found = checks.access(admin(), self.USER, subject(vertical, document))
        assert (found.state, found.facts) == (State.FAILED, Facts())

    @pytest.mark.parametrize(("vertical", "document"), DOCUMENTS)
    def test_none_either_where_the_admin_may_see_it_but_not_search_for_it(
        self, vertical: Vertical, document: dict[str, Any]
    ) -> None:
        sees = admin("group:h", "group:once", "folder:f", joined={"c": None, "late": None}, modules={MODULE: None})
        assert checks.access(sees, self.USER, subject(vertical, document)).facts == Facts()

    def test_the_principal_that_denies(self) -> None:
        document = {"owner": "v", "allow": ["user:admin"], "deny": ["group:g", "group:other", "user:w"]}
        assert checks.access(admin(), self.USER, subject(DOCS, document)).facts == Facts(principals=("group:g",))

    def test_but_no_conversation_of_others(self) -> None:
        document = {"owner": "v", "allow": ["user:admin"], "deny": ["conversation:c", "conversation:p"]}
        user = access(person("u", "conversation:c", "conversation:p"))
        assert checks.access(admin(), user, subject(DOCS, document)).facts == Facts(principals=("conversation:p",))
        assert checks.access(admin(joined={"c": None}), user, subject(DOCS, document)).facts == Facts(
            principals=(
                "conversation:c",
                "conversation:p",
            )
        )

    def test_the_scope_that_the_user_is_no_longer_inside(self) -> None:
        document = {"owner": "v", "allow": ["user:admin", "group:once", "group:h"]}
        found = checks.access(admin(), self.USER, subject(DOCS, document))
        assert (found.code, found.facts) == ("membership_ended", Facts(principals=("group:once",)))

    def test_the_conversation_and_the_time_of_joining(self) -> None:
        reads = admin(joined={"c": None, "late": None})
        outside = checks.access(reads, self.USER, subject(MESSAGES, {"conversation_id": "c", "sent_at": 1}))
        assert outside.facts == Facts(conversation="c")
        before = checks.access(reads, self.USER, subject(MESSAGES, {"conversation_id": "late", "sent_at": 1}))
        assert before.facts == Facts(conversation="late", since="1970-01-01T00:00:00.000007+00:00")

    def test_whom_it_is_open_to_is_for_the_operator_alone(self) -> None:
        assert checks.access(admin(), self.USER, subject(DOCS, ALLOWED_TO_ADMIN)).facts == Facts()
        assert checks.access(OPERATOR, self.USER, subject(DOCS, ALLOWED_TO_ADMIN)).facts == Facts(
            principals=(
                "user:admin",
                "group:h",
            )
        )


class TestWhoMayAsk:
    def test_without_the_module_nobody(self) -> None:
        with pytest.raises(Forbidden, match=MODULE):
            require(person("a", modules={"admin.status": None}), DOCS)

    def test_within_departments_about_what_names_departments(self) -> None:
        scoped = person("a", modules={MODULE: WITHIN_D})
        for vertical in (CONTACTS, DOCS, APPS):
            require(scoped, vertical)
        with pytest.raises(Forbidden, match="departments"):
            require(scoped, MESSAGES)
        require(person("a"), MESSAGES)


class TestOutcome:
    @staticmethod
    def outcome(*findings: tuple[Step, State, str]) -> Outcome:
        return Explanation("docs", "x", "u", "doc", [Finding(*finding) for finding in findings]).outcome

    def test_the_first_step_that_fails_decides(self) -> None:
        user = (Step.USER, State.FAILED, "user_unknown")
        index = (Step.INDEX, State.FAILED, "not_indexed")
        assert self.outcome(user, index) == Outcome.DENIED
        assert self.outcome((Step.USER, State.PASSED, "active"), index) == Outcome.NOT_INDEXED

    @pytest.mark.parametrize(
        ("step", "code", "outcome"),
        [
            (Step.INDEX, "deleted", Outcome.DELETED),
            (Step.MODULE, "no_module", Outcome.DENIED),
            (Step.ACCESS, "not_allowed", Outcome.DENIED),
            (Step.TEXT, "lacking", Outcome.NO_MATCH),
            (Step.TEXT, "only_misspelt", Outcome.NO_MATCH),
            (Step.SEARCH, "beyond", Outcome.BEYOND),
            (Step.SEARCH, "not_searchable_yet", Outcome.NOT_SEARCHABLE_YET),
            (Step.SEARCH, "indexed_otherwise", Outcome.INDEXED_OTHERWISE),
        ],
    )
    def test_of_each_step(self, step: Step, code: str, outcome: Outcome) -> None:
        assert self.outcome((Step.USER, State.PASSED, "active"), (step, State.FAILED, code)) == outcome

    def test_where_none_fails_it_is_found_or_visible(self) -> None:
        may = (Step.ACCESS, State.PASSED, "access")
        assert self.outcome(may, (Step.SEARCH, State.PASSED, "found")) == Outcome.FOUND
        assert self.outcome(may, (Step.SEARCH, State.PASSED, "searchable")) == Outcome.VISIBLE
        assert self.outcome(may, (Step.TEXT, State.NOT_TOLD, "text_not_told")) == Outcome.VISIBLE

    def test_every_refusal_has_its_sentence(self) -> None:
        assert set(Refusal) <= SENTENCES.keys()
        assert len(set(SENTENCES.values())) == len(SENTENCES)
        assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in SENTENCES.values())
