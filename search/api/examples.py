"""What the OpenAPI document shows as examples: requests and answers of one made-up morning at one made-up company."""

from __future__ import annotations

from typing import Any

from mappings.catalogue import Catalogue
from mappings.parts.filtering import Filter, Moment, Named
from search.explain.explanation import SENTENCES, Outcome, State, Step

Example = dict[str, Any]

QUERY = "搜索中台 评审"
QUERY_ID = "01KBQ4Z7M3X9T2V8C5D1H6N0PR"
MESSAGE_ID = "m-1001"
RECENT_ID = "5b0c7f2e9a41d863"
APP_ID = "a-7"
CURSOR = "AfX0c2VhbGVkLWJ5LXRoZS1zZXJ2aWNl"

_MESSAGE: Example = {
    "vertical": "messages",
    "id": MESSAGE_ID,
    "fields": {
        "conversation_id": "c-7",
        "sender_id": "u-12",
        "sender_name": "张三",
        "sent_at": "2026-03-02T09:15:04.120Z",
        "kind": "text",
    },
}
_DOC: Example = {
    "vertical": "docs",
    "id": "f-31",
    "score": 0.71,
    "title": "<em>搜索</em><em>中台</em>方案 v2",
    "snippet": "本次<em>评审</em>的范围：分词、权限与索引重建。",
    "fields": {"kind": "doc", "owner_id": "u-12", "updated_at": "2026-03-01T11:02:00Z"},
}

ANSWER: Example = {
    "hits": [
        _MESSAGE
        | {"score": 0.83, "title": "搜索中台项目群", "snippet": "明天上午<em>评审</em><em>搜索</em><em>中台</em>方案"},
        _DOC,
    ],
    "sections": {"messages": {"total": 12, "relation": "eq"}, "docs": {"total": 3, "relation": "eq"}},
    "query": {"text": QUERY, "filters": {}, "corrected": None},
    "denied": [],
    "failed": [],
    "partial": False,
    "cursor": None,
    "query_id": QUERY_ID,
    "took_ms": 14,
}

SUGGEST_QUESTION: Example = {"q": "zhangs", "limit": 8}
_SUGGESTED: Example = {"why": None, "fields": {}, "text": None, "token": None}
SUGGESTIONS: Example = {
    "suggestions": [
        _SUGGESTED
        | {
            "kind": "person",
            "vertical": "contacts",
            "id": "u-12",
            "title": "<em>张三</em>",
            "detail": "后端工程师 · 平台架构部",
            "why": "pinyin",
        },
        _SUGGESTED
        | {"kind": "query", "vertical": None, "id": None, "title": "张三 周报", "detail": "", "text": "张三 周报"},
    ],
    "failed": [],
    "partial": False,
    "query_id": QUERY_ID,
    "took_ms": 4,
}

_MESSAGES_TAB: Example = {"name": "messages", "labels": {"zh": "消息", "en": "Messages"}, "tab": 0}
VERTICALS: Example = {
    "verticals": [
        _MESSAGES_TAB
        | {
            "icon": "messages",
            "title": "conversation",
            "kind": None,
            "filters": ["from", "has"],
            "facts": [
                {
                    "field": "sender_name",
                    "labels": {"zh": "发送人", "en": "Sender"},
                    "form": "text",
                    "line": {"zh": "{}", "en": "{}"},
                    "otherwise": "sender_id",
                    "filter": "from",
                }
            ],
            "link": None,
            "picture": None,
        }
    ],
    "denied": [{"name": "apps", "labels": {"zh": "应用", "en": "Apps"}, "tab": 3}],
    "filters": [
        {
            "name": "from",
            "names": ["from", "发送人"],
            "parameter": "from",
            "labels": {"zh": "发送人", "en": "From"},
            "kind": "person",
            "values": [],
        },
        {
            "name": "has",
            "names": ["has", "包含"],
            "parameter": "has",
            "labels": {"zh": "包含", "en": "Has"},
            "kind": "value",
            "values": [
                {
                    "value": "file",
                    "vertical": "messages",
                    "names": ["文件", "附件", "attachment"],
                    "labels": {"zh": "文件", "en": "File"},
                }
            ],
        },
    ],
    "picture_hosts": ["pictures.example.com"],
}


APP: Example = {
    "id": APP_ID,
    "title": "<em>报销</em>助手",
    "snippet": "拍照识别发票，按差旅标准预审",
    "access": "open",
    "fields": {"kind": "mini_program", "category": "财务", "tags": ["发票"], "url": "https://apps.example.com/a-7"},
    "use": {"tenant": 50},
    "rating": 4.3,
    "reason": None,
}
_TOLD: Example = {"query_id": QUERY_ID, "took_ms": 9}
APPS: Example = _TOLD | {
    "apps": [APP],
    "total": {"value": 1, "relation": "eq"},
    "facets": {"category": [{"value": "财务", "count": 1}], "kind": [{"value": "mini_program", "count": 1}]},
    "query": {"text": "报销", "filters": {}, "corrected": None},
    "cursor": None,
}
APP_PAGE: Example = _TOLD | {"app": APP | {"title": "报销助手"}, "description": "拍照识别发票，按差旅标准预审。"}
APP_LIST: Example = _TOLD | {
    "apps": [
        APP | {"title": "报销助手", "reason": {"kind": "similar_to", "text": "与你用的「发票夹」相似", "app_id": "a-3"}}
    ]
}
APPS_REPORT: Example = {
    "apps": [
        {
            **{"id": APP_ID, "name": "报销助手", "category": "财务", "asked": 20, "shown": 200, "opened": 50},
            **{"people": 100, "trend": 0.4, "rating": 4.5, "unopened": False},
        }
    ],
    "unserved": [{"people": 20, "text": "班车"}],
    "made_at": "2026-03-02T02:00:00Z",
}


def _said(id: str, text: str, sent_at: str) -> Example:
    return _MESSAGE | {"id": id, "snippet": text, "fields": _MESSAGE["fields"] | {"sent_at": sent_at}}


SURROUNDINGS: Example = {
    "message": _said(MESSAGE_ID, "明天上午评审搜索中台方案", "2026-03-02T09:15:04.120Z"),
    "before": [_said("m-1000", "方案 v2 已经更新", "2026-03-02T09:12:40Z")],
    "after": [_said("m-1002", "收到，九点半见", "2026-03-02T09:16:11Z")],
    "has_more_before": True,
    "has_more_after": False,
    "title": "搜索中台项目群",
}

CLICK: Example = {"query_id": QUERY_ID, "action": "open", "vertical": "messages", "id": MESSAGE_ID, "position": 0}
SUBMIT: Example = {"query_id": QUERY_ID, "action": "submit"}
RECENT: Example = {"recent": [{"id": RECENT_ID, "text": QUERY, "at": "2026-03-02T09:20:31Z"}]}

EXPLAIN_QUESTION: Example = {"vertical": "messages", "id": MESSAGE_ID, "user": "u-27", "q": QUERY}
_REASON: Example = {"code": "not_a_member", "facts": {"conversation": "c-7"}}


def _step(step: Step, state: State, code: str, **facts: Any) -> Example:
    return {"step": step.value, "state": state.value, "code": code, "text": SENTENCES[code], "facts": facts}


EXPLANATION: Example = {
    "vertical": "messages",
    "id": MESSAGE_ID,
    "user": "u-27",
    "entity": "message",
    "outcome": Outcome.DENIED.value,
    "reason": _REASON | {"text": SENTENCES["not_a_member"]},
    "steps": [
        _step(Step.USER, State.PASSED, "active"),
        _step(Step.INDEX, State.PASSED, "indexed"),
        _step(Step.MODULE, State.PASSED, "module"),
        _step(Step.ACCESS, State.FAILED, "not_a_member", conversation="c-7"),
    ],
}

PROBLEM: Example = {
    "type": "urn:office-search:problem:too-many-requests",
    "title": "Too Many Requests",
    "status": 429,
    "detail": "This caller asks more often than this service allows; wait 7 s and then ask again, less often.",
}


def value_of(catalogue: Catalogue, filter: Filter) -> str:
    """Return a value that the parameter of a filter may get."""
    match filter.meaning:
        case Named("user"):
            return "张三"
        case Named():
            return "搜索中台项目群"
        case Moment():
            return "2026-03-01"
        case _:
            return next((choice.value for choice in catalogue.choices(filter)), "文档")


def question(catalogue: Catalogue) -> Example:
    """Return a search with two filters of this catalogue."""
    filters = {one.parameter_name: value_of(catalogue, one) for one in list(catalogue.filters.values())[:1]}
    return {"q": QUERY, **filters, "sort": "relevance", "limit": 10}
