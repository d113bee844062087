"""Writes `artifacts.lock` anew when OpenSearch is upgraded: `python -m search.localstack.relock`."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext, PythonResolver

from search.localstack.artifacts import LOCK

OPENSEARCH = "3.6.0"
GROUP = "org.opensearch"
# What the node needs beyond its core, and the class that each module starts with.
MODULES = {
    "transport-netty4-client": "org.opensearch.transport.Netty4ModulePlugin",
    "lang-painless": "org.opensearch.painless.PainlessModulePlugin",
    "reindex-client": "org.opensearch.index.reindex.ReindexModulePlugin",
    "mapper-extras-client": "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "search-pipeline-common": "org.opensearch.search.pipeline.common.SearchPipelineCommonModulePlugin",
}
# The layout's folders, and the coordinates whose runtime dependencies fill them.
ROOTS = {
    "lib": [f"{GROUP}:opensearch:{OPENSEARCH}", f"{GROUP}:opensearch-plugin-classloader:{OPENSEARCH}"],
    "agent": [f"{GROUP}:opensearch-agent:{OPENSEARCH}"],
    **{f"modules/{name}": [f"{GROUP}.plugin:{name}:{OPENSEARCH}"] for name in MODULES},
}


def resolve(maven: MavenContext, roots: list[str]) -> dict[str, Any]:
    """Return jgo's artifacts of the roots and of what they need at run time, by `group:artifact`."""
    wanted = [maven.create_dependency(root) for root in roots]
    # Depth 1: log4j-core is optional to OpenSearch's pom, yet its main class cannot start without.
    _, nodes = PythonResolver(lenient=True).get_dependency_list(wanted, optional_depth=1)
    found = [dependency.artifact for dependency in (*wanted, *(node.dep for node in nodes))]
    # Classified jars are netty's QUIC libraries, one per platform; HTTP/3 is not used here.
    return {f"{each.groupId}:{each.artifactId}": each for each in found if not each.classifier}


def entry(folder: str, artifact: Any) -> dict[str, object]:
    jar: Path = artifact.resolve()
    return {
        "coordinates": f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}",
        "path": f"{folder}/{artifact.filename}",
        "sha256": hashlib.sha256(jar.read_bytes()).hexdigest(),
        "size": jar.stat().st_size,
    }


def entries(maven: MavenContext) -> Iterable[dict[str, object]]:
    core: dict[str, Any] = {}
    for folder, roots in ROOTS.items():
        found = resolve(maven, roots)
        core = core or found
        for name in sorted(found):
            # A module sees the core's classes, and OpenSearch refuses one that brings them again.
            if found is core or name not in core:
                yield entry(folder, found[name])


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        artifacts = list(entries(MavenContext(repo_cache=Path(scratch), timeout=60)))
    lock = {"opensearch": OPENSEARCH, "modules": MODULES, "artifacts": artifacts}
    LOCK.write_text(json.dumps(lock, indent=1) + "\n", encoding="utf-8")
    size = sum(int(str(each["size"])) for each in artifacts)
    sys.stdout.write(f"{LOCK.name}: {len(artifacts)} artifacts, {size / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
