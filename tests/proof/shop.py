"""What is asked of the app store, and what the oracle says of its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from proof.companies import APPS, NOBODY, SECRETS
from proof.judge import Body, HitJudge, Refusal, Wrong, everything_counts, same
from proof.matching import Verdict, time_of, verdict
from proof.oracle import Data, Key, Sight
from proof.questions import MOST_HITS, Question, Typed
from proof.words import WISHED, WISHES, WORDS

DENIED = Refusal("You may not use the app store: none of your roles has the module discover.apps.")
MISSING = Refusal("There is no such app, or you may not find it.")
FACETS = ("category", "kind", "developer")
ORDERS = ("relevance", "relevance", "popular", "trending", "new")


@dataclass(frozen=True)
class Visit:
    """A word, a wish, or neither; what is chosen by facet; walked page by page where `limit` is below MOST_HITS."""

    word: Typed | None = None
    wish: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)
    sort: str = "relevance"
    limit: int = MOST_HITS

    @property
    def path(self) -> str:
        return "/v1/apps"

    @property
    def params(self) -> Mapping[str, Any]:
        order = {} if self.sort == "relevance" else {"sort": self.sort}
        return {"q": self.text, "limit": self.limit, **self.chosen, **order}

    @property
    def text(self) -> str:
        return WISHED if self.wish else self.word.text if self.word else ""


@dataclass(frozen=True)
class AppOf:
    """One app by its id: its page or, with `similar`, what is like it."""

    id: str
    similar: bool = False

    @property
    def path(self) -> str:
        return f"/v1/apps/{self.id}/similar" if self.similar else f"/v1/apps/{self.id}"

    @property
    def params(self) -> Mapping[str, Any]:
        return {"limit": 20} if self.similar else {}


@dataclass(frozen=True)
class Advice:
    """What is recommended, of a company whose use nobody knows: new apps alone."""

    path: str = "/v1/apps/recommended"

    @property
    def params(self) -> Mapping[str, Any]:
        return {"limit": 50}


_one_of = st.sampled_from
_word = st.none() | st.builds(Typed, _one_of(WORDS), _one_of(("written", "written", "pinyin", "slip")))
_chosen = st.fixed_dictionaries({}, optional={"category": _one_of(WORDS).map(str), "kind": _one_of(("web", "bot"))})
_wish = _one_of((True, False, False))
visit = st.builds(Visit, _word, _wish, st.just({}) | _chosen, _one_of(ORDERS), _one_of((MOST_HITS, MOST_HITS, 2)))
app_of = st.builds(AppOf, _one_of((*APPS, *SECRETS, NOBODY)), st.booleans())
AtStore = Visit | AppOf | Advice


@dataclass(frozen=True)
class StoreJudge:
    """Judges one answer to one caller. `settled`: whether a search has already seen an entity as it is now."""

    sight: Sight
    settled: Callable[[Key], bool] = everything_counts

    @property
    def fresh(self) -> bool:
        return self.settled is everything_counts

    def check(self, asked: AtStore, answer: Body | Refusal) -> None:
        """Raises Wrong."""
        if "discover.apps" not in self.sight.modules:
            same("the refusal", answer, DENIED)
        elif isinstance(asked, AppOf):
            self._check_app(asked, answer)
        elif isinstance(asked, Advice) and not isinstance(answer, Refusal):
            self._check_advice(answer)
        elif isinstance(answer, Refusal):
            raise Wrong("a refusal of a caller who may ask")
        else:
            self._check_visit(asked, answer)

    # One app

    def _check_app(self, asked: AppOf, answer: Body | Refusal) -> None:
        is_there = self.sight.discovers(asked.id)
        if not is_there or isinstance(answer, Refusal):
            same("the refusal", answer, None if is_there else MISSING)
        elif asked.similar:
            found = self._entities(answer)
            same("the app itself among those like it", asked.id in found, False)
            name = self.sight.company["app", asked.id]["name"]
            for app in answer["apps"]:
                same("why", (app["reason"]["app_id"], name in app["reason"]["text"]), (asked.id, True))
                self._check_shown(app, Question())
            mine = self.sight.company["app", asked.id]["category"]
            alike = {id for id, data in self._all() if data["category"] == mine and id != asked.id}
            missing = {id for id in alike if self.settled(("app", id))} - set(found)
            same("apps of its category that are missing", missing if len(found) < 20 else set(), set())
        else:
            same("the app", answer["app"]["id"], asked.id)
            same("the description", answer["description"], self.sight.company["app", asked.id]["description"])
            self._check_shown(answer["app"], Question())

    # Many apps

    def _check_advice(self, answer: Body) -> None:
        found = self._entities(answer)
        new = {id for id, _ in self._all() if self.settled(("app", id))}
        same("new apps, none of which is recommended", set() if found else new, set())
        for app in answer["apps"]:
            same("why", (app["reason"]["kind"], app["reason"]["app_id"]), ("new", None))
            self._check_shown(app, Question())

    def _check_visit(self, asked: Visit, answer: Body) -> None:
        found = self._entities(answer)
        must, may = self._verdicts(asked, asked.chosen)
        same("apps that may not be", set(found) - may, set())
        same("apps that are missing", {id for id in must if self.settled(("app", id))} - set(found), set())
        same("the text of the query", answer["query"]["text"], asked.text)
        words = [] if asked.word is None or asked.wish else [asked.word]
        for app in answer["apps"]:
            self._check_shown(app, Question(words=words))
        if not self.fresh:
            return
        same("the total", answer["total"], {"value": len(found), "relation": "eq"})
        same("the cursor behind the last app", answer["cursor"], None)
        for name in FACETS:
            self._check_facet(asked, name, answer["facets"][name])
        if asked.sort == "new":
            times = [time_of("app", self.sight.company["app", id]) or 0 for id in found]
            same("dates", times, sorted(times, reverse=True))

    def _check_facet(self, asked: Visit, name: str, told: Sequence[Mapping[str, Any]]) -> None:
        others = {facet: value for facet, value in asked.chosen.items() if facet != name}
        must, may = (self._counted(name, ids) for ids in self._verdicts(asked, others))
        counts = {one["value"]: one["count"] for one in told}
        same(f"values of {name} that nothing has", [value for value, count in counts.items() if count < 1], [])
        wrong = {value: count for value, count in counts.items() if not must[value] <= count <= may[value]}
        same(f"counts of {name}", (wrong, {value for value in must if value not in counts}), ({}, set()))
        same(f"the order of {name}", [*counts.values()], sorted(counts.values(), reverse=True))

    def _counted(self, name: str, ids: set[str]) -> Counter[str]:
        apps = [self.sight.company["app", id] for id in ids]
        return Counter(app[name] for app in apps if app.get(name))

    def _verdicts(self, asked: Visit, chosen: Mapping[str, str]) -> tuple[set[str], set[str]]:
        """The ids of apps that must be found, and those that may."""
        must, may = set(), set()
        for id, data in self._all():
            if any(data.get(name) != value for name, value in chosen.items()):
                continue
            found = self._verdict(asked, id, data)
            must |= {id} if found is Verdict.MUST else set()
            may |= {id} if found else set()
        return must, may

    def _verdict(self, asked: Visit, id: str, data: Data) -> Verdict:
        if asked.wish:
            return Verdict.MUST if WISHES.intersection(data.get("tags") or ()) else Verdict.NEVER
        return verdict(self.sight, Question(words=[asked.word]), "app", id) if asked.word else Verdict.MUST

    def _all(self) -> list[tuple[str, Data]]:
        """The apps that the caller may find in the store."""
        there = ((id, data) for (entity, id), data in self.sight.company.items() if entity == "app")
        return [(id, data) for id, data in there if self.sight.discovers(id)]

    def _entities(self, answer: Body) -> list[str]:
        found = [app["id"] for app in answer["apps"]]
        same("apps that come twice", len(found) - len(set(found)), 0)
        for id in found:
            if not self.sight.discovers(id):
                raise Wrong(f"app {id}, which the caller may not find")
        return found

    def _check_shown(self, app: Mapping[str, Any], question: Question) -> None:
        access = {} if app["access"] == "open" else {"access": app["access"]}
        hit = {"vertical": "apps", **app, "fields": {**app["fields"], **access}}
        same("use of which nobody was told", (app["use"], app["rating"]), ({}, None))
        HitJudge(self.sight, question, hit, self.fresh).check()
