"""Make anew what the clients have from the OpenAPI document, or only say what is not current. Run by `make clients`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from datamodel_code_generator import InputFileType, LiteralType, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import Formatter, PythonVersion

from search.commands.openapi import document

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "clients/openapi.json"
MODELS = ROOT / "clients/python/src/office_search_client/models.py"
TYPES = ROOT / "clients/typescript/src/schema.d.ts"

# What the clients' calls take and answer. What somebody asks may hold nothing else; answers may, in a later version.
ASKED = ("SearchQuestion", "SuggestQuestion", "ClickBody")
ANSWERED = (
    "AnswerBody",
    "SuggestionsBody",
    "VerticalsBody",
    "SurroundingsBody",
    "RecentBody",
    "AppsBody",
    "AppPageBody",
    "AppListBody",
    "RecommendedListBody",
)
TOLD_BY_THE_SERVICE = {"examples", "title", "maxLength", "minLength", "maximum", "minimum", "maxItems", "pattern"}
SUFFIX = "Body"
OTHER_NAMES = {"SearchQuestion": "Question"}
HEADER = '"""What is asked and answered, generated from the OpenAPI document by `make clients`; not to be edited."""'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is not current")
    parser.add_argument("--only", choices=("document", "python", "typescript"), help="this part alone")
    chosen = parser.parse_args()
    makers = {"document": (DOCUMENT, document), "python": (MODELS, models), "typescript": (TYPES, types)}
    stale = []
    for name, (file, make) in makers.items():
        if chosen.only not in (None, name):
            continue
        made = make()
        if not file.is_file() or file.read_text(encoding="utf-8") != made:
            stale.append(file.relative_to(ROOT).as_posix())
            if not chosen.check:
                file.write_text(made, encoding="utf-8")
    if chosen.check and stale:
        print(f"Not current, run `make clients`: {', '.join(stale)}", file=sys.stderr)
        return 1
    return 0


def models() -> str:
    """Return the Python client's models."""
    schemas = json.loads(document())["components"]["schemas"]
    asked, answered = reached(schemas, ASKED), reached(schemas, ANSWERED)
    kept = {name: plain(schemas[name], closed=name in asked) for name in schemas if name in asked | answered}
    told = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}, "components": {"schemas": kept}}
    made = generate(
        json.dumps(renamed(told), ensure_ascii=False),
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        custom_file_header=HEADER,
        enum_field_as_literal=LiteralType.All,
        base_class="office_search_client.base.Model",
        formatters=[Formatter.RUFF_CHECK, Formatter.RUFF_FORMAT],
        settings_path=ROOT / "pyproject.toml",
        strict_nullable=True,
        use_annotated=True,
        use_field_description=True,
        use_schema_description=True,
        use_standard_collections=True,
        use_union_operator=True,
        use_inline_field_description=True,
        use_single_line_docstring=True,
        disable_timestamp=True,
    )
    return f"{str(made).strip()}\n"


def reached(schemas: dict[str, Any], names: tuple[str, ...]) -> set[str]:
    """Return these schemas by name, and all that they refer to."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(schemas[name])
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for one in value for name in references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"].rpartition("/")[2]] if "$ref" in value else []
    return own + [name for one in value.values() for name in references(one)]


def plain(schema: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    """Return a schema without its examples, its titles, which are only names again, and its limits, which may grow.

    One that is not `closed` loses its lists of values: a later version may answer with another one.
    """
    found: dict[str, Any] = _without(schema, TOLD_BY_THE_SERVICE | (set() if closed else {"enum", "const"}))
    return found


def _without(value: Any, keys: AbstractSet[str]) -> Any:
    if isinstance(value, list):
        return [_without(one, keys) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: one for name, one in value.items() if name not in keys or name == "properties"}
    # A member may be called like a keyword, such as `title`.
    return {
        name: {member: _without(one[member], keys) for member in one} if name == "properties" else _without(one, keys)
        for name, one in kept.items()
    }


def renamed(told: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose schemas are called by what they are: AnswerBody is an Answer."""
    schemas = told["components"]["schemas"]
    names = {name: OTHER_NAMES.get(name, name.removesuffix(SUFFIX)) for name in schemas}
    if len(set(names.values())) < len(names):
        raise SystemExit(f"Two schemas differ only by their ending {SUFFIX}: {', '.join(sorted(names))}.")
    text = json.dumps(told, ensure_ascii=False)
    for name, new in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{new}"')
    found: dict[str, Any] = json.loads(text)
    found["components"]["schemas"] = {names[name]: one for name, one in found["components"]["schemas"].items()}
    return found


def types() -> str:
    """Return the TypeScript client's types. Exits with a sentence where there is no Node.js."""
    if subprocess.run([sys.executable, ROOT / "scripts/node_modules.py"], check=False).returncode:
        raise SystemExit("The TypeScript types were not made.")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(document(), encoding="utf-8")
        command = ["npx", "openapi-typescript", str(source), "--output", str(made), "--default-non-nullable=false"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return made.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
