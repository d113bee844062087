"""Keeps the version of the analysis true: other terms must mean another version."""

import hashlib
import re

from analyzers import ANALYSIS_VERSION, analyse, analyse_name, normalise
from analyzers.version import CODE

SAMPLE = (
    "明天上午评审搜索中台方案，JIRA-1234与v2.3.1 getUserName()",
    "軟體開發與測試；瞭解ＡＢＣ，2026年3月2日花了100元",
    "Studies reported running at https://a.example/wiki?id=7 by zhang.san@acme.example",
    "コンピュータ 한국어 검색 สวัสดี 👍🏽🇨🇳 Q3报表.xlsx café K8s集群",
)
NAMES = ("单思琪", "万俟佳琪", "MySQL主库运维群", "招商银行", "吕José")

DIGESTS = {"1": "7e97c17d9e84", "2": "cd430bd85330", "3": "cd430bd85330"}


def digest() -> str:
    terms = [[normalise(text), *analyse(text)] for text in SAMPLE]
    return hashlib.sha256(repr([terms, list(map(analyse_name, NAMES))]).encode()).hexdigest()[:12]


def test_the_version_is_short_and_stable():
    assert re.fullmatch("[0-9a-f]{12}", ANALYSIS_VERSION)


def test_other_terms_mean_another_version():
    assert DIGESTS.get(CODE) == digest(), "Terms have changed: raise CODE in analyzers/version.py, add its digest here."
