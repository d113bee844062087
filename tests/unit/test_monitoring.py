"""deploy/alerts.yml and deploy/grafana.json ask for what the code exports; each alert can fire and says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import alertkit
import promql_parser as promql
import pytest
import yaml
from alertkit import ALERTS, RULES, TARGET

from indexers.refusals import Fate
from mappings import directory
from mappings.catalogue import Catalogue
from search.api import routes

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana.json").read_text(encoding="utf-8"))
ROWS = [panel for panel in BOARD["panels"] if panel["type"] == "row"]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
TARGETS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
EXPORTED = alertkit.exported()

EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    # Grafana puts four scrapes' time there.
    (title, target["expr"].replace("$__rate_interval", "1m"))
    for title, target in TARGETS
]
expression = pytest.mark.parametrize("text", [text for _, text in EXPRESSIONS], ids=[name for name, _ in EXPRESSIONS])
alert = pytest.mark.parametrize("alert", ALERTS)

# Values of labels that the module of the metric does not write down itself.
VALUES = {
    "fate": {fate.name.lower() for fate in Fate},
    "route": {route.path for route in routes.search(Catalogue.installed()).routes},  # type: ignore[attr-defined]
    "collection": {directory.NAME},
    "job": {"office-search"},
    "status": {"401", "500"},
}


def section(title: str) -> str:
    """A section of docs/operations.md, with those below it."""
    return OPERATIONS.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def given_labels(node: promql.Expr) -> set[str]:
    """The labels that the result of an expression may have."""
    match node:
        case promql.AggregateExpr():
            assert node.modifier is None or node.modifier.type == promql.AggModifierType.By
            return set(node.modifier.labels) if node.modifier else set()
        case promql.VectorSelector():
            return EXPORTED[node.name] | TARGET
        case promql.BinaryExpr():
            left = given_labels(node.lhs)
            is_left = isinstance(node.rhs, promql.NumberLiteral) or str(node.op) == "and"
            return left if is_left else left & given_labels(node.rhs)
        case promql.Call() if node.func.name != "absent":
            gone = {"le"} if node.func.name == "histogram_quantile" else set()
            return {label for arg in node.args for label in given_labels(arg)} - gone
        case promql.MatrixSelector():
            return given_labels(node.vector_selector)
    return set()


class TestExpressions:
    @expression
    def test_each_names_series_and_labels_that_are_exported(self, text: str) -> None:
        parsed = promql.parse(text)
        for selector in alertkit.selectors(parsed):
            assert selector.name in EXPORTED
            asked = {one.name for one in selector.matchers.matchers}
            assert asked <= EXPORTED[selector.name] | TARGET, f"{selector.name} has no such label"
        for one in alertkit.nodes(parsed):
            if isinstance(one, promql.AggregateExpr) and one.modifier:
                assert set(one.modifier.labels) <= given_labels(one.expr), f"{one.prettify()} has no such label"

    @expression
    def test_each_value_of_a_label_is_one_that_the_code_gives(self, text: str) -> None:
        for selector in alertkit.selectors(promql.parse(text)):
            name = re.sub("_(bucket|count|sum)$", "", str(selector.name))
            _, source = alertkit.metrics().get(name, (None, ""))
            for one in selector.matchers.matchers:
                is_exact = one.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual)
                assert not is_exact or f'"{one.value}"' in source or one.value in VALUES[one.name]

    @expression
    def test_each_counter_is_asked_for_its_rate_and_no_gauge_is(self, text: str) -> None:
        parsed = promql.parse(text)
        calls = [one for one in alertkit.nodes(parsed) if isinstance(one, promql.Call)]
        rated = {str(one.args[0].vector_selector.name) for one in calls if one.func.name in ("rate", "increase")}
        counters = {
            str(one.name)
            for one in alertkit.selectors(parsed)
            if re.search("_(total|bucket|count|sum)$", str(one.name))
        }
        assert rated == counters


class TestAlerts:
    @alert
    def test_it_is_whole(self, alert: str) -> None:
        rule = ALERTS[alert]
        assert re.fullmatch(r"OfficeSearch([A-Z][a-z]+)+", alert)
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        assert all(text.strip() and "\n" not in text for text in rule["annotations"].values())
        assert promql.parse_duration(rule.get("for", "1s")).total_seconds() <= 900

    @alert
    def test_it_fires_on_a_condition_not_on_whatever_there_is(self, alert: str) -> None:
        outer = promql.parse(ALERTS[alert]["expr"])
        is_condition = isinstance(outer, promql.BinaryExpr) and str(outer.op) in (">", "==", "and")
        assert is_condition or isinstance(outer, promql.Call)

    @alert
    def test_its_texts_use_labels_that_it_has(self, alert: str) -> None:
        rule = ALERTS[alert]
        used = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        assert used <= given_labels(promql.parse(rule["expr"]))

    def test_no_two_have_one_name(self) -> None:
        assert len(ALERTS) == len(RULES)
        assert len({group["name"] for group in alertkit.GROUPS}) == len(alertkit.GROUPS)

    def test_each_has_its_paragraph_and_each_paragraph_its_alert(self) -> None:
        assert re.findall(r"^### (\S+)$", section("Alerts"), re.MULTILINE) == list(ALERTS)
        for name, rule in ALERTS.items():
            assert rule["annotations"]["runbook"] == f"docs/operations.md#{name.lower()}"

    def test_paragraphs_say_something_and_send_nobody_to_an_alert_that_is_not_there(self) -> None:
        _, *paragraphs = re.split(r"^### \S+\n", section("Alerts"), flags=re.MULTILINE)
        assert min(len(paragraph.split()) for paragraph in paragraphs) > 20
        assert set(re.findall(r"OfficeSearch[A-Z]\w+", OPERATIONS)) == set(ALERTS)

    def test_the_scrape_configuration_makes_the_job_that_they_ask_for(self) -> None:
        [shown] = re.findall(r"```yaml\n(.*?)```", section("Alerts"), re.DOTALL)
        prometheus = yaml.safe_load(shown)
        assert prometheus["rule_files"] == ["alerts.yml"]
        assert {one["job_name"] for one in prometheus["scrape_configs"]} == VALUES["job"]


class TestDocuments:
    def test_every_metric_is_explained(self) -> None:
        assert set(alertkit.metrics()) - set(re.findall(r"`(office_search_\w+)`", section("Health"))) == set()

    def test_every_metric_that_is_named_is_exported(self) -> None:
        named = set()
        for document in (ROOT / "docs").glob("*.md"):
            named |= set(re.findall(r"\boffice_search_[a-z_]+", document.read_text(encoding="utf-8")))
        # The Python client's package.
        named.discard("office_search_client")
        assert named - set(EXPORTED) - set(alertkit.metrics()) == set()


class TestDashboard:
    def test_it_shows_every_metric(self) -> None:
        parsed = [promql.parse(text) for _, text in EXPRESSIONS[len(RULES) :]]
        shown = {str(selector.name) for one in parsed for selector in alertkit.selectors(one)}
        assert set(alertkit.metrics()) - {re.sub("_(bucket|count|sum)$", "", name) for name in shown} == set()

    def test_its_rows_are_in_order(self) -> None:
        assert [row["title"] for row in ROWS] == ["Answers", "Access", "Indexing", "Engine and broker", "Health"]

    def test_it_asks_the_data_source_that_is_chosen(self) -> None:
        [variable] = BOARD["templating"]["list"]
        assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
        chosen = {"type": "prometheus", "uid": "${datasource}"}
        assert all(one["datasource"] == chosen for one in (*PANELS, *(target for _, target in TARGETS)))

    def test_panels_have_ids_and_places_of_their_own(self) -> None:
        assert BOARD["schemaVersion"] >= 42
        ids = [panel["id"] for panel in BOARD["panels"]]
        assert len(set(ids)) == len(ids)
        taken: set[tuple[int, int]] = set()
        for place in (panel["gridPos"] for panel in BOARD["panels"]):
            across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
            cells = {(x, y) for x in across for y in down}
            assert across.stop <= 24
            assert not cells & taken
            taken |= cells

    @pytest.mark.parametrize("target", [target for _, target in TARGETS], ids=[title for title, _ in TARGETS])
    def test_a_legend_uses_labels_that_there_are(self, target: dict[str, Any]) -> None:
        given = given_labels(promql.parse(target["expr"].replace("$__rate_interval", "1m")))
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= given
