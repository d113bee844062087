"""The examples of the OpenAPI document: every call of searchers has them, and each is what its schema allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from search.commands.openapi import document

DOCUMENT: dict[str, Any] = json.loads(document())
CALLS = [
    (f"{method.upper()} {path}", call)
    for path, calls in DOCUMENT["paths"].items()
    if path.startswith("/v1/")
    for method, call in calls.items()
]
every_call = pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def examples(schema: dict[str, Any]) -> list[Any]:
    found: list[Any] = resolved(schema).get("examples", [])
    return found


def schemas_of(call: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a call takes and what it answers when all goes well, each with what it is."""
    for parameter in call.get("parameters", ()):
        yield parameter["name"], parameter["schema"]
    if "requestBody" in call:
        yield "body", call["requestBody"]["content"]["application/json"]["schema"]
    for status, answer in call["responses"].items():
        if status == "200":
            yield status, answer["content"]["application/json"]["schema"]


def fits(example: object, schema: dict[str, Any]) -> bool:
    return jsonschema_rs.is_valid({**schema, "components": DOCUMENT["components"]}, example)


@every_call
def test_everything_that_a_call_takes_and_answers_has_an_example_that_fits(call: dict[str, Any]) -> None:
    for name, schema in schemas_of(call):
        assert examples(schema), f"{name} has no example"
        assert [example for example in examples(schema) if not fits(example, schema)] == [], name


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_the_examples_of_a_schema_fit_it(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}"}
    assert [example for example in examples(schema) if not fits(example, schema)] == []


def test_an_example_that_does_not_fit_is_noticed() -> None:
    [right] = examples({"$ref": "#/components/schemas/AnswerBody"})
    assert not fits(right | {"hits": "none"}, {"$ref": "#/components/schemas/AnswerBody"})


def test_the_examples_are_of_a_company_that_writes_chinese() -> None:
    shown = json.dumps(examples({"$ref": "#/components/schemas/AnswerBody"}), ensure_ascii=False)
    assert "<em>搜索</em>" in shown


def test_the_document_is_the_same_each_time() -> None:
    assert document() == document()
