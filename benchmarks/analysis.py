"""Measures analysis against jieba's own cut, on the same texts in one run, and what it takes of memory and disk."""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import index_size
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
SHORT = 40
"""Characters of a short message."""

# For machines without the shared data: what colleagues write, in random order.
CLAUSES = (
    "明天上午评审搜索中台方案", "请大家提前看一下文档", "预算已经批了", "接口还没联调完", "JIRA-1234今天能提测吗",
    "机房搬迁改到下周三晚上十点", "收到", "我先去开会", "麻烦发一下Q3报表.xlsx", "线上告警192.168.1.10负载95%",
    "这个需求排到下个迭代", "年假怎么申请", "合同HT202586424走完审批了", "辛苦大家", "压测结果比上次好很多",
)  # fmt: skip

# Each step's growth in resident memory, in a process of its own.
MEMORY = """
import json
def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
import hashlib, importlib.metadata, re
start = resident(); steps = {}
import analyzers
steps["import"] = resident() - start
analyzers.analyse("我們在開發 JIRA-1234")
steps["text"] = resident() - start
analyzers.analyse_name("单思琪的银行")
steps["names"] = resident() - start
print(json.dumps(steps))
"""


def read_texts(data: Path) -> list[str]:
    """Return the texts of the company's messages in `data`, or made-up ones where there is no such folder."""
    source = data / "company" / "changes.messages.ndjson"
    if not source.exists():
        dice = random.Random(2026)
        return ["，".join(dice.sample(CLAUSES, dice.randint(1, 3))) + "。" for _ in range(40_000)]
    with source.open(encoding="utf-8") as lines:
        return [text for line in lines if (text := (json.loads(line)["data"] or {}).get("text"))]


def rate(work: Callable[[str], object], texts: Sequence[str], rounds: int = 3) -> float:
    """Return texts per second and core, the best of `rounds`."""

    def once() -> float:
        # Processor time: others may be at work on the same machine.
        started = time.process_time()
        for text in texts:
            work(text)
        return time.process_time() - started

    return len(texts) / min(once() for _ in range(rounds))


def measure(texts: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Yield name, texts per second of ours, and of jieba's own cut on the same texts (0: not comparable)."""
    import jieba

    from analyzers import analyse, analyse_name, normalise
    from analyzers.segment import default_segmenter

    jieba.setLogLevel(60)
    jieba.initialize()
    few = random.Random(1).sample(texts, min(len(texts), 8_000))
    short = [text for text in texts if len(text) <= SHORT]
    reference = rate(jieba.lcut, few, rounds=2)
    yield "segmentation (rjieba / jieba)", rate(default_segmenter(), few), reference
    yield "whole analysis", rate(analyse, few), reference
    few_short = random.Random(1).sample(short, min(len(short), 8_000))
    yield f"whole analysis, up to {SHORT} characters", rate(analyse, short), rate(jieba.lcut, few_short, rounds=1)
    yield "normalisation", rate(normalise, few), 0
    names = ["单思琪", "MySQL主库运维群", "欧阳娜娜", "招商银行服务台"]
    yield "keys of names", rate(analyse_name, names * 250), 0


def measure_memory() -> dict[str, float]:
    """Return MB of resident memory after import, after a first text, and after a first name."""
    run = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    return {step: round(size, 1) for step, size in json.loads(run.stdout).items()}


def main() -> None:
    """Print the table; write it with --json FILE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with company/changes.messages.ndjson")
    parser.add_argument("--no-index", action="store_true", help="leave out the sizes of indices, which need an engine")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    texts = read_texts(options.data)
    table = Table("on one core", "texts/s", "jieba texts/s", "times")
    result: dict[str, Any] = {"texts": len(texts), "characters": sum(map(len, texts)), "rates": {}}
    for name, ours, reference in measure(texts):
        beside = {"jieba_per_s": reference, "ratio": ours / reference} if reference else {}
        table.add_row(name, f"{ours:,.0f}", *(f"{value:,.1f}" for value in beside.values()))
        result["rates"][name] = {"per_s": ours, **beside}
    result["resident_mb"] = measure_memory()
    console = Console()
    console.print(table)
    console.print("resident MB after import, a first text, a first name:", result["resident_mb"])
    if not options.no_index:
        result["index"] = index_size.on_a_temporary_engine(options.data)
        console.print(index_size.table(result["index"]))
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
