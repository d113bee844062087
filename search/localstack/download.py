"""Downloads the artifacts in parallel, resumes interrupted downloads, and accepts only verified files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from search.core.errors import StackError
from search.localstack.artifacts import Artifact

AT_ONCE = 8
ATTEMPTS = 5
LONGEST_PAUSE = 5.0
MIRROR = "OFFICE_SEARCH_MAVEN_URL"


def repository_url() -> str:
    """Return the URL of the Maven repository: a company's mirror, or the one that jgo knows."""
    if mirror := os.environ.get(MIRROR):
        return mirror.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL

    return MAVEN_CENTRAL_URL


def fetch(artifacts: Iterable[Artifact], folder: Path, base_url: str, progress: Callable[[int], None]) -> None:
    """Download `artifacts` to their paths below `folder`.

    `progress` is called with the number of bytes as they come, or a negative number if they are discarded. Raises
    StackError for one that cannot be downloaded, or differs from the lock.
    """
    # The largest first, so that no large one is left to be downloaded alone at the end.
    wanted = sorted(artifacts, key=lambda artifact: -artifact.size)
    with (
        httpx.Client(headers={"Accept-Encoding": "identity"}, timeout=30, follow_redirects=True) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        download = _Download(client, base_url, folder, progress)
        tasks = [pool.submit(download.fetch, artifact) for artifact in wanted]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            download.given_up.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def is_intact(artifact: Artifact, path: Path) -> bool:
    """Return whether the file is the one that the lock describes."""
    if not path.is_file() or path.stat().st_size != artifact.size:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == artifact.sha256


class _CutOffError(Exception):
    """The download was interrupted; trying again resumes it."""


FAILURES = (httpx.HTTPError, httpx.InvalidURL, _CutOffError)


@dataclass
class _Download:
    client: httpx.Client
    base_url: str
    folder: Path
    progress: Callable[[int], None]
    given_up: Event = field(default_factory=Event)

    def fetch(self, artifact: Artifact) -> None:
        target = self.folder / artifact.path
        part = target.with_name(f"{target.name}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        # Twice, because a partial file of an earlier run may be damaged: then it is downloaded from the start.
        for _ in range(2):
            self._insist(artifact, part)
            if is_intact(artifact, part):
                part.replace(target)
                return
            self.progress(-part.stat().st_size)
            part.unlink()
        raise StackError(
            f"{artifact.coordinates} has a wrong checksum and was thrown away: a proxy or mirror alters files. "
            f"Run the same command again, or set {MIRROR} to another Maven repository."
        )

    def _insist(self, artifact: Artifact, part: Path) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(FAILURES),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=0.2, max=LONGEST_PAUSE),
            reraise=True,
        )
        try:
            retrying(self._continue, artifact, part)
        except FAILURES as error:
            raise StackError(
                f"Could not download {artifact.coordinates} ({str(error) or type(error).__name__}). Check the network "
                f"and run the same command again, which resumes, or set {MIRROR} to a Maven mirror within reach."
            ) from error

    def _continue(self, artifact: Artifact, part: Path) -> None:
        """Append to `part` the bytes that are still missing."""
        have = part.stat().st_size if part.exists() else 0
        if have >= artifact.size:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self.client.stream("GET", f"{self.base_url}/{artifact.repository_path}", headers=headers) as response:
            _check(response, artifact)
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            if have and not resumed:
                self.progress(-have)
            with part.open("ab" if resumed else "wb") as handle:
                for chunk in response.iter_raw():
                    handle.write(chunk)
                    self.progress(len(chunk))
                    if self.given_up.is_set():
                        return
        if part.stat().st_size < artifact.size:
            raise _CutOffError("the connection was cut off")


def _check(response: httpx.Response, artifact: Artifact) -> None:
    if response.is_success:
        return
    answer = f"{response.url.host} answered {response.status_code} {response.reason_phrase}"
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise _CutOffError(answer)
    raise StackError(f"{answer} for {artifact.coordinates}. Set {MIRROR} to a Maven repository that has it.")
