"""The names and values of the query language's operators, in both languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal

OperatorName = Literal["from", "in", "type", "before", "after", "has"]

OPERATORS: Mapping[str, OperatorName] = {
    "from": "from",
    "in": "in",
    "type": "type",
    "before": "before",
    "after": "after",
    "has": "has",
    "发送人": "from",
    "群聊": "in",
    "类型": "type",
    "早于": "before",
    "晚于": "after",
    "包含": "has",
}

_TYPES: Mapping[str, frozenset[str]] = {
    name: frozenset(kinds.split())
    for names, kinds in (
        ("doc 文档 document", "doc"),
        ("sheet 表格 excel xls xlsx spreadsheet", "sheet"),
        ("slide 幻灯片 演示 ppt pptx slides", "slide"),
        ("wiki 知识库", "wiki"),
        ("pdf", "pdf"),
        ("message 消息", "text file card image system"),
        ("text 文本", "text"),
        ("file 文件", "file"),
        ("card 卡片", "card"),
        ("image 图片 照片", "image"),
        ("user 人 用户 联系人 同事 person people", "user"),
        ("department 部门", "department"),
        ("conversation 会话", "conversation"),
        ("group 群 群聊 群组", "group"),
        ("channel 频道", "channel"),
        ("direct 单聊 私聊", "direct"),
        ("app 应用", "mini_program web bot service_account"),
        ("mini_program miniprogram 小程序", "mini_program"),
        ("web 网页", "web"),
        ("bot 机器人", "bot"),
        ("service_account 服务号", "service_account"),
    )
    for name in names.split()
}

FEATURES: Mapping[str, str] = {
    name: feature
    for names, feature in (
        ("file 文件 附件 attachment", "file"),
        ("link 链接 url", "link"),
        ("image 图片 照片", "image"),
    )
    for name in names.split()
}


def type_values(value: str) -> frozenset[str]:
    """The kinds that a value of `type:` means; an unknown one means the kind of just that name."""
    name = _folded(value)
    return _TYPES.get(name, frozenset({name}))


def has_value(value: str) -> str:
    """The feature that a value of `has:` means; an unknown one means the feature of just that name."""
    name = _folded(value)
    return FEATURES.get(name, name)


def _folded(value: str) -> str:
    """`ＰＤＦ` and `Mini Program` as the tables have them."""
    return unicodedata.normalize("NFKC", value).strip().lower().replace(" ", "_")
