"""The file of registered apps: both forms say the same, and a faulty one says what is wrong without quoting it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.access.identity.registered_apps import App, Registry, reader
from search.core.errors import ConfigurationError

OLD, NEW = "old-hunter2-" * 3, "new-hunter2-" * 3
REGISTRY = {
    "notes": App((OLD.encode(), NEW.encode()), frozenset({"search.docs", "admin.explain"})),
    "com.example.whole": App((NEW.encode(),), frozenset({"search"})),
    "nothing": App((NEW.encode(),), frozenset()),
    "none-listed": App((NEW.encode(),), frozenset()),
}
TOML = f"""
[notes]
secrets = ["{OLD}", "{NEW}"]
scopes = ["search.docs", "admin.explain"]

["com.example.whole"]
secrets = ["{NEW}"]
scopes = ["search"]

[nothing]
secrets = ["{NEW}"]
scopes = []

[none-listed]
secrets = ["{NEW}"]
"""
JSON = json.dumps(
    {
        "notes": {"secrets": [OLD, NEW], "scopes": ["search.docs", "admin.explain"]},
        "com.example.whole": {"secrets": [NEW], "scopes": ["search"]},
        "nothing": {"secrets": [NEW], "scopes": []},
        "none-listed": {"secrets": [NEW]},
    }
)


def read(text: str | bytes, name: str = "apps.toml") -> Registry:
    return reader(Path(name))(text if isinstance(text, bytes) else text.encode())


def test_both_forms_say_the_same() -> None:
    assert read(TOML) == read(JSON, "apps.json") == REGISTRY


def test_an_app_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(REGISTRY)


FAULTY_TOML = {
    "empty": ("", "at least 1 item"),
    "no TOML": ("[notes", "end of document"),
    "not UTF-8": (b"\xff" + TOML.encode(), "position 0"),
    "an app is no table": (f'notes = "{OLD}"', "valid dictionary"),
    "a bad id": (f'["no tes"]\nsecrets = ["{OLD}"]', "match pattern"),
    "no secrets": ("[notes]\nscopes = []", "app 1: secrets: Field required"),
    "an empty list of secrets": ("[notes]\nsecrets = []", "app 1: secrets: List should have at least 1"),
    "three secrets": (f'[notes]\nsecrets = ["{OLD}", "{NEW}", "{OLD}2"]', "secrets: List should have at most 2"),
    "a secret alone": (f'[notes]\nsecrets = "{OLD}"', "secrets: Input should be a valid list"),
    "a weak secret": (f'[a]\nsecrets = ["{OLD}"]\n[b]\nsecrets = ["hunter2"]', "app 2 has 7 bytes"),
    "a public key": (f'[notes]\nsecrets = ["-----BEGIN {OLD}"]', "PEM"),
    "a scope that is none": (f'[notes]\nsecrets = ["{OLD}"]\nscopes = ["search.*"]', "app 1: scopes: "),
    "a field that is none": (f'[notes]\nsecrets = ["{OLD}"]\nscope = ["search"]', "Extra inputs"),
    "twice": (f'[notes]\nsecrets = ["{OLD}"]\n[notes]\nsecrets = ["{NEW}"]', "line 3"),
    "a secret in the place of a name": (f'["{OLD} "]\nsecrets = ["{OLD}"]', "match pattern"),
    "a secret in the place of a field": (f'[notes]\nsecrets = ["{OLD}"]\n"{NEW}" = 1', "Extra inputs"),
}
FAULTY_JSON = {
    "empty": ("", "line 1"),
    "a list": (f'["{OLD}"]', "valid dictionary"),
    "twice": (f'{{"notes": {{"secrets": ["{OLD}"]}}, "notes": {{"secrets": ["{NEW}"]}}}}', "twice"),
    "deep": ("[" * 100_000, "parsed"),
}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("apps.toml", *FAULTY_TOML[fault]) for fault in FAULTY_TOML]
    + [("apps.json", *FAULTY_JSON[fault]) for fault in FAULTY_JSON],
)
def test_a_faulty_file_says_what_is_wrong_and_no_secret(name: str, content: str | bytes, says: str) -> None:
    with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_APPS_FILE") as caught:
        read(content, name)
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_garbage_is_a_configuration_error_and_nothing_else(raw: bytes) -> None:
    for name in ("apps.toml", "apps.json"):
        with pytest.raises(ConfigurationError):
            read(raw, name)


def test_other_forms_are_not_guessed_at() -> None:
    with pytest.raises(ConfigurationError, match=r"\.toml or \.json"):
        reader(Path("apps.yaml"))
