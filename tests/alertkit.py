"""The alerts, what our processes export, and whether an alert would fire on samples that the code itself has made."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).parents[1]
PACKAGES = ("analyzers", "indexers", "mappings", "search")
GROUPS: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES}

# What Prometheus adds to every series.
TARGET = {"job", "instance"}
# What Prometheus makes of each target, and what its client library exports of a process on Linux.
STANDARD = {
    "up",
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
}

Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
"""(name, labels with their values) → value"""

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {">": operator.gt, "==": operator.eq, ">=": operator.ge}


def metrics() -> dict[str, tuple[MetricWrapperBase, str]]:
    """All metrics that the code declares, by name, each with the source of its module."""
    found = {}
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "from prometheus_client import" in source:
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            here = [one for one in vars(module).values() if isinstance(one, MetricWrapperBase)]
            found |= {_name(metric): (metric, source) for metric in here if _name(metric) not in found}
    return found


def exported() -> dict[str, set[str]]:
    """The labels of every series, by its name, without those of the target."""
    series: dict[str, set[str]] = {name: set() for name in STANDARD}
    for name, (metric, _) in metrics().items():
        labels = set(metric._labelnames)
        if isinstance(metric, Histogram):
            series |= {f"{name}_bucket": labels | {"le"}, f"{name}_count": labels, f"{name}_sum": labels}
        else:
            series[name] = labels
    return series


def _name(metric: MetricWrapperBase) -> str:
    assert isinstance(metric, Counter | Gauge | Histogram)
    [described] = metric.describe()
    return f"{described.name}_total" if isinstance(metric, Counter) else str(described.name)


def nodes(expression: promql.Expr) -> list[promql.Expr]:
    """Every part of an expression."""
    found: list[promql.Expr] = []
    promql.walk(expression, pre_visit=found.append)
    return found


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    return [one for one in nodes(expression) if isinstance(one, promql.VectorSelector)]


def samples() -> Series:
    """What would be scraped now."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
    }


def fires(alert: str, before: Series, after: Series) -> list[dict[str, str]]:
    """The labels with which an alert would fire between two scrapes, in the simple forms that most of them have.

    That is `SELECTOR OP NUMBER`, with `rate` or `increase` and with `sum` or `max` around the selector, or without.
    """
    compared = promql.parse(ALERTS[alert]["expr"])
    assert isinstance(compared, promql.BinaryExpr)
    assert isinstance(compared.rhs, promql.NumberLiteral)
    is_true = _COMPARED[str(compared.op)]
    vector = _vector(compared.lhs, before, after)
    return [dict(labels) for labels, value in vector.items() if is_true(value, compared.rhs.val)]


def _vector(node: promql.Expr, before: Series, after: Series) -> dict[frozenset[tuple[str, str]], float]:
    match node:
        case promql.AggregateExpr():
            kept = node.modifier.labels if node.modifier else []
            reduced: dict[frozenset[tuple[str, str]], float] = {}
            put_together = {"sum": operator.add, "max": max}[str(node.op)]
            for labels, value in _vector(node.expr, before, after).items():
                group = frozenset(pair for pair in labels if pair[0] in kept)
                reduced[group] = put_together(reduced[group], value) if group in reduced else value
            return reduced
        case promql.Call():
            assert node.func.name in {"rate", "increase"}
            # As in Prometheus a series that appears only now has not increased.
            found = dict(_selected(node.args[0].vector_selector, after))
            past = dict(_selected(node.args[0].vector_selector, before))
            return {labels: value - past[labels] for labels, value in found.items() if labels in past}
        case promql.VectorSelector():
            return dict(_selected(node, after))
    raise AssertionError(f"{node} is none of the simple forms")


def _selected(selector: promql.VectorSelector, series: Series) -> Iterator[tuple[frozenset[tuple[str, str]], float]]:
    wanted = {(one.name, one.value): one.op for one in selector.matchers.matchers}
    for (name, labels), value in series.items():
        meets = (((label, text) in labels) is (op == promql.MatchOp.Equal) for (label, text), op in wanted.items())
        if name == selector.name and all(meets):
            yield labels, value
