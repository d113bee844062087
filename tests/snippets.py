"""The examples of a README as a program, and a service that answers them with the API's own examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

from clientkit import Asked, Reply

from search.api import examples

SERVICE = "https://search.example/"


def program(readme: Path, language: str) -> str:
    """All fenced blocks of this language, one after the other."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", readme.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) > 1
    return "\n".join(blocks)


def answer(asked: Asked) -> Reply:
    bodies = {
        "/v1/search": examples.ANSWER,
        "/v1/suggest": examples.SUGGESTIONS,
        "/v1/messages/m-1001/context?before=5&after=5": {"title": "Not Found", "detail": "There is none."},
        "/v1/apps": examples.APPS,
        "/v1/apps/recommended": examples.APP_LIST,
        "/v1/clicks": None,
    }
    body = bodies[asked.target.partition("?")[0] if "apps" in asked.target else asked.target]
    if body is None:
        return Reply(204, b"")
    return Reply(404 if "context" in asked.target else 200, json.dumps(body).encode())
