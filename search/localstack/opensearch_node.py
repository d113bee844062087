"""The managed OpenSearch node: its configuration, its command line and its check for readiness."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import httpx
from rich.console import Console

from search.localstack import processes
from search.localstack.account import Account
from search.localstack.artifacts import load_lock
from search.localstack.java import java_home, java_version
from search.localstack.layout import program
from search.localstack.ports import LOOPBACK
from search.localstack.readable import readable
from search.localstack.state import Running

# Absolute sizes: percentages of a large disk would make indices read-only with many gigabytes still free.
CONFIG = {
    "node.name": "office-search",
    "network.host": LOOPBACK,
    "discovery.type": "single-node",
    "action.auto_create_index": False,
    "cluster.routing.allocation.disk.watermark.low": "1gb",
    "cluster.routing.allocation.disk.watermark.high": "512mb",
    "cluster.routing.allocation.disk.watermark.flood_stage": "256mb",
}

LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
appender.console.filter.threshold.type = ThresholdFilter
appender.console.filter.threshold.level = warn
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:opensearch.logs.base_path}/opensearch.log
appender.file.filePattern = ${sys:opensearch.logs.base_path}/opensearch-%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 16MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
rootLogger.appenderRef.file.ref = file
"""

# OpenSearch's own jvm.options, as far as they concern a small node of one machine.
JVM = (
    "-Xss1m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-OmitStackTraceInFastThrow",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "--enable-native-access=ALL-UNNAMED",
)


class OpenSearchNode:
    """An OpenSearch node with its data, logs and configuration in the folder `home`."""

    name = "opensearch"
    usual_port = 9200

    def __init__(self, home: Path, cache: Path, heap: str, console: Console) -> None:
        self.home, self.cache, self.heap, self.console = home, cache, heap, console
        self.log = home / "logs" / "opensearch.log"
        self.out = home / "opensearch.out"
        # A name of its own tells this node from another one on the same port.
        self.cluster = f"office-search-{hashlib.sha256(bytes(home)).hexdigest()[:8]}"

    def start(self, port: int, token: str, account: Account | None) -> Running:
        command = self._command(*self.programs(account), as_root=os.geteuid() == 0 and account is None)
        self._configure(port)
        return processes.start(command, port, self.home, self.out, account)

    def programs(self, account: Account | None) -> tuple[Path, Path]:
        """Return the folders of OpenSearch and of Java, downloaded, and copied to where `account` can use them."""
        java = java_home()
        return (
            program(load_lock(), self.cache, self.console),
            readable(java, "bin/java", self.cache, f"java-{java_version(java)}", account),
        )

    def answers(self, port: int, token: str) -> bool:
        """Return whether the node accepts requests and has all its shards."""
        health = f"http://{LOOPBACK}:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"
        try:
            response = httpx.get(health, timeout=5, trust_env=False)
            return response.is_success and response.json()["cluster_name"] == self.cluster
        except (httpx.TransportError, ValueError, KeyError):
            return False

    def url(self, port: int) -> str:
        return f"http://{LOOPBACK}:{port}"

    def _configure(self, port: int) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        for folder in ("config", "data", "logs", "tmp"):
            (self.home / folder).mkdir(mode=0o700, exist_ok=True)
        own = {
            "cluster.name": self.cluster,
            "http.port": port,
            "path.data": str(self.home / "data"),
            "path.logs": str(self.home / "logs"),
        }
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in (CONFIG | own).items()]
        (self.home / "config" / "opensearch.yml").write_text("".join(lines), encoding="utf-8")
        (self.home / "config" / "log4j2.properties").write_text(LOGGING, encoding="utf-8")

    def _command(self, program: Path, java: Path, *, as_root: bool) -> tuple[str, ...]:
        agent = next((program / "agent").glob("opensearch-agent-[0-9]*.jar"))
        return (
            str(java / "bin" / "java"),
            f"-Xms{self.heap}",
            f"-Xmx{self.heap}",
            f"-XX:+Use{_collector(self.heap)}GC",
            *JVM,
            *(self._without_native_calls() if as_root else ()),
            f"-Djava.io.tmpdir={self.home / 'tmp'}",
            f"-XX:ErrorFile={self.home / 'logs' / 'hs_err.log'}",
            f"-javaagent:{agent}",
            f"-Dopensearch.path.home={program}",
            f"-Dopensearch.path.conf={self.home / 'config'}",
            "-cp",
            f"{program / 'lib'}/*",
            "org.opensearch.bootstrap.OpenSearch",
        )

    def _without_native_calls(self) -> tuple[str, ...]:
        # The node refuses to run as root, but without native calls it cannot find out that it does.
        self.console.print(
            "No unprivileged user reaches the stack's folders: OpenSearch runs as root, without native calls."
        )
        return ("-Djna.noclasspath=true", f"-Djna.boot.library.path={self.home / 'tmp'}")


def _collector(heap: str) -> str:
    """Return the garbage collector for a heap such as `512m` or `4g`.

    The serial one saves a small node 180 MB and a fifth of its time; in a large heap its pauses are long.
    """
    megabytes = int(heap[:-1]) * (1024 if heap.endswith("g") else 1)
    return "G1" if megabytes >= 2048 else "Serial"
