"""A made-up company of any size, written straight into an engine as the indexers would have written it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from opensearchpy import AsyncOpenSearch
from rich.progress import Progress

from analyzers import Lexicons
from indexers.generations import Registry
from indexers.indices import Indices
from indexers.projections import DirectoryEntries, Documents
from mappings import directory
from mappings.catalogue import Catalogue
from mappings.entities import EPOCH, MICROSECOND
from mappings.events import Change, validate
from mappings.vertical import Vertical
from search.core.settings import IndicesSettings

TENANT = "large"
BATCH = 2_000
DISTINCT_TEXTS = 20_000
MESSAGES_BEGIN = 1_767_225_600_000_000
"""2026-01-01 in microseconds; messages are a second apart."""
SINCE_JOIN = 4
"""One conversation in so many shows nothing from before somebody joined."""

_SAID = """
预算 方案 评审 客户 排期 上线 合同 周报 接口 培训 报销 审批 需求 测试 缺陷 发布 回滚 监控 告警 数据库
索引 搜索 权限 角色 部门 会议 纪要 日程 请假 考勤 绩效 招聘 面试 薪资 福利 采购 库存 物流 订单 支付
退款 发票 税务 审计 法务 隐私 安全 漏洞 加密 备份 恢复 迁移 扩容 性能 延迟 吞吐 缓存 队列 消息 推送
通知 文档 模板 评论 版本 草稿 归档 标签 分类 推荐 排序 召回 模型 训练 标注 实验 指标 看板 报表 增长
留存 转化 渠道 投放 预热 复盘 目标 里程碑 风险 依赖 阻塞 联调 验收 交付 运维 值班 巡检 机房 网络 域名
证书 网关 容器 集群 镜像 脚本 配置 灰度 压测 埋点 日志 追踪 设计 原型 交互 视觉 组件 规范 前端 后端
移动端 小程序
"""
WORDS = _SAID.split()


CATALOGUE = Catalogue.installed()
ROOM = {"room": {"type": "integer"}}
"""A conversation's number, which the product's index does not have and bitmaps need."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. `callers`: (conversations that each is in, how many such callers)."""

    messages: int
    conversations: int
    callers: Mapping[int, int]


def caller(conversations: int, number: int) -> str:
    """The id of the n-th caller who is in so many conversations."""
    return f"u-{conversations}-{number}"


class Builder:
    """Writes it; everything random is drawn from one seed."""

    def __init__(self, engine: AsyncOpenSearch, settings: IndicesSettings, size: Size, progress: Progress) -> None:
        self._engine = engine
        self._settings = settings
        self._size = size
        self._progress = progress
        self._dice = random.Random(2026)

    async def build(self) -> None:
        registry = Registry(self._engine, CATALOGUE)
        await registry.prepare()
        for name in (*CATALOGUE.verticals, directory.NAME):
            serving = await registry.serving(name)
            await Indices(self._engine, registry, serving, self._settings, Lexicons()).ensure(TENANT)
        await self._engine.indices.put_mapping(index=f"messages.{TENANT}", body={"properties": ROOM})
        await self._write("who is inside what", directory.NAME, self._directory(), self._members())
        for vertical, states, count in self._documents():
            await self._write(vertical.name, vertical.name, documents(vertical, states), count)
        await self._write("messages", "messages", self._messages(), self._size.messages)
        await self._engine.indices.refresh(index=f"*.{TENANT}")

    def _members(self) -> int:
        return sum(one * many for one, many in self._size.callers.items()) + self._size.conversations

    def _directory(self) -> Iterator[tuple[int, bytes]]:
        modules = [vertical.module for vertical in CATALOGUE.verticals.values()]
        role = change("role", {"id": "default", "name": "default", "modules": modules})
        yield from self._entries("changes.access", [role])
        rooms = [change("conversation", room) for room in self._conversations()]
        yield from self._entries("changes.contacts", rooms)
        for conversations, count in self._size.callers.items():
            for number in range(count):
                id = caller(conversations, number)
                yield from self._entries("changes.contacts", [change("user", user(id))])
                yield from self._entries("changes.access", self._joins(id, conversations))

    def _joins(self, id: str, conversations: int) -> Sequence[Change]:
        """A quarter of them with a time of its own, somewhere among the messages."""
        rooms = self._dice.sample(range(self._size.conversations), conversations)
        states = [
            {"scope": f"conversation:c-{room}", "principal": f"user:{id}", "since": moment(self._some_time())}
            for room in rooms
        ]
        return [change("member", state) for state in states]

    def _some_time(self) -> int:
        return MESSAGES_BEGIN + self._dice.randrange(self._size.messages * 1_000_000)

    def _entries(self, stream: str, changes: Sequence[Change]) -> Iterator[tuple[int, bytes]]:
        for operation in DirectoryEntries(stream).operations(enumerate(changes)):
            yield len(operation.sources), operation.lines(f"{directory.NAME}.{TENANT}")

    def _conversations(self) -> Iterator[dict[str, Any]]:
        for number in range(self._size.conversations):
            history = "since_join" if number % SINCE_JOIN == 0 else "all"
            name = "".join(self._dice.sample(WORDS, 2)) + "群"
            kind = {"kind": "group", "history": history, "public": False, "archived": False}
            yield {"id": f"c-{number}", "name": name, **kind}

    def _documents(self) -> Iterator[tuple[Vertical, Iterable[tuple[str, dict[str, Any]]], int]]:
        """Groups, docs and apps, so that a search of everything has something to find everywhere."""
        rooms = (("conversation", room) for room in self._conversations())
        yield CATALOGUE.verticals["contacts"], rooms, self._size.conversations
        yield CATALOGUE.verticals["docs"], (("doc", doc(self._dice, number)) for number in range(20_000)), 20_000
        yield CATALOGUE.verticals["apps"], (("app", app(self._dice, number)) for number in range(500)), 500

    def _messages(self) -> Iterator[tuple[int, bytes]]:
        """Texts are analysed once each; conversations differ in size as real ones do."""
        vertical = CATALOGUE.verticals["messages"]
        texts = [self._text() for _ in range(DISTINCT_TEXTS)]
        analysed = [self._analysed(vertical, text) for text in texts]
        weights = [self._dice.paretovariate(1.2) for _ in range(self._size.conversations)]
        rooms = self._dice.choices(range(self._size.conversations), weights, k=self._size.messages)
        for number, room in enumerate(rooms):
            document = analysed[number % DISTINCT_TEXTS]
            sent = MESSAGES_BEGIN + number * 1_000_000
            place = {"id": f"m-{number}", "conversation_id": f"c-{room}"}
            original = {**document["original"], **place, "sent_at": moment(sent)}
            whole = {**document, "conversation_id": f"c-{room}", "room": room, "sent_at": sent, "original": original}
            action = {"index": {"_index": f"messages.{TENANT}", "_id": f"m-{number}"}}
            yield 1, orjson.dumps(action) + b"\n" + orjson.dumps(whole) + b"\n"

    def _text(self) -> str:
        return "，".join("".join(self._dice.sample(WORDS, self._dice.randint(2, 4))) for _ in range(3))

    def _analysed(self, vertical: Vertical, text: str) -> Mapping[str, Any]:
        state = {
            "id": "m", "conversation_id": "c", "sender_id": "u-0", "sent_at": moment(0), "kind": "text", "text": text
        }  # fmt: skip
        return vertical.document("message", vertical.entities["message"].model_validate(state), state)

    async def _write(self, label: str, name: str, operations: Iterable[tuple[int, bytes]], total: int) -> None:
        """`operations`: (how many things it stands for, its bulk lines)."""
        task = self._progress.add_task(label, total=total)
        batch: list[bytes] = []
        done = 0
        for count, lines in operations:
            batch.append(lines)
            done += count
            if len(batch) == BATCH:
                await self._send(batch)
                self._progress.update(task, completed=done)
                batch = []
        await self._send(batch)
        self._progress.update(task, completed=total)

    async def _send(self, batch: Sequence[bytes]) -> None:
        if batch:
            answer = await self._engine.bulk(body=b"".join(batch))
            if answer["errors"]:
                raise RuntimeError(f"The engine refused an operation: {answer['items'][0]}")


def documents(vertical: Vertical, states: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[int, bytes]]:
    projection = Documents(vertical, Lexicons())
    for entity, state in states:
        for operation in projection.operations([(0, change(entity, state))]):
            yield 1, operation.lines(f"{vertical.name}.{TENANT}")


def change(entity: str, state: dict[str, Any]) -> Change:
    checked: Any = validate(CATALOGUE.models[entity], state)
    return Change(TENANT, entity, checked.id, 1, checked, state)


def moment(microseconds: int) -> str:
    return (EPOCH + microseconds * MICROSECOND).isoformat()


def user(id: str) -> dict[str, Any]:
    return {"id": id, "name": "某人", "department_ids": [], "status": "active", "visible_to": ["tenant:*"]}


def doc(dice: random.Random, number: int) -> dict[str, Any]:
    body = "。".join("".join(dice.sample(WORDS, 5)) for _ in range(5))
    return {
        "id": f"f-{number}", "kind": "doc", "title": "".join(dice.sample(WORDS, 2)), "body": body, "owner_id": "u-0",
        "allow": ["tenant:*"], "created_at": moment(MESSAGES_BEGIN), "updated_at": moment(MESSAGES_BEGIN),
    }  # fmt: skip


def app(dice: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": f"a-{number}", "name": "".join(dice.sample(WORDS, 2)), "description": "".join(dice.sample(WORDS, 6)),
        "kind": "web", "category": "office", "allow": ["tenant:*"], "published_at": moment(MESSAGES_BEGIN),
    }  # fmt: skip
