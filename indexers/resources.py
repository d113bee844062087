"""What indexing works with, put together once where a process begins."""

from __future__ import annotations

from dataclasses import dataclass

from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons
from indexers.generations import Registry
from indexers.preparing import Decode
from indexers.workers import Workers
from mappings.catalogue import Catalogue
from search.core.settings import Settings
from search.core.streams.port import Broker


@dataclass(frozen=True)
class Resources:
    """The write side's connections and its knowledge of what there is.

    `workers`: the processes that analyse texts; None where that is done at once, in this one.
    """

    engine: AsyncOpenSearch
    broker: Broker
    registry: Registry
    settings: Settings
    lexicons: Lexicons
    decode: Decode
    workers: Workers | None = None

    @property
    def catalogue(self) -> Catalogue:
        return self.registry.catalogue
