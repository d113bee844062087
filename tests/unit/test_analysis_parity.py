"""Holds the segmenter that works to the one that is the reference."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzers import normalise
from analyzers.charsets import HAN
from analyzers.segment import default_segmenter

DATA = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
SOURCES = (
    "company/changes.messages.ndjson",
    "company/changes.docs.ndjson",
    "company/changes.apps.ndjson",
    "judged/*/docs.jsonl",
    "judged/*/queries.jsonl",
    "jieba_tests/sentences.txt",
    "ud_zh/*.conllu",
)
EVERY = 4
"""One run of Han in so many: the reference takes ten seconds for all of them."""

SENTENCES = [
    "我来到北京清华大学",
    "他来到了网易杭研大厦",
    "小明硕士毕业于中国科学院计算所后在日本京都大学深造",
    "工信处女干事每月经过下属科室都要亲口交代",
    "永和服装饰品有限公司",
    "今天天气不错我们一起去中关村软件园跑步吧",
]


def texts(path: Path) -> Iterator[str]:
    # Not splitlines: a text may hold other line separators.
    for line in path.read_text("utf-8").rstrip("\n").split("\n"):
        if path.suffix in (".txt", ".conllu"):
            yield line.removeprefix("# text = ")
            continue
        fields = json.loads(line)
        fields = fields.get("data") or fields
        yield from (fields[key] for key in ("text", "title", "body", "name", "description") if fields.get(key))


@pytest.fixture(scope="module")
def reference():
    jieba = pytest.importorskip("jieba", exc_type=ImportError)
    jieba.setLogLevel(60)
    return jieba.Tokenizer()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_are_cut_as_jieba_cuts_them(reference, sentence):
    assert default_segmenter()(sentence) == reference.lcut(sentence)


def test_real_texts_are_cut_as_jieba_cuts_them(reference):
    paths = [path for source in SOURCES for path in sorted(DATA.glob(source))]
    if not paths:
        pytest.skip(f"no shared data in {DATA}; set OFFICE_SEARCH_SHARED_DATA")
    runs = {run for path in paths for text in texts(path) for run in re.findall(f"[{HAN}]+", normalise(text))}
    sample = sorted(runs)[::EVERY]
    segmenter = default_segmenter()
    other = [run for run in sample if segmenter(run) != reference.lcut(run)]
    # Two ways to cut are equally likely here and there (常在, 可当): 3 runs in 198,427.
    assert len(other) <= len(sample) / 10_000, other[:5]
