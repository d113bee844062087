"""What it costs to count one request: in memory, in the broker's counters, and in a bucket with compare-and-set."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import uvloop
from limits import parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue
from rich.console import Console
from rich.table import Table

from search.api.rates.counters import CounterStorage
from search.core.settings import BrokerSettings
from search.core.streams.nats.connection import connect
from search.localstack import temporary_stack

REQUESTS = 4000
TOGETHER = 20
LIMIT = parse(f"{10 * REQUESTS} per hour")

Count = Callable[[str], Awaitable[object]]


def windows(storage: Storage) -> Count:
    limiter = SlidingWindowCounterRateLimiter(storage)
    return lambda key: limiter.hit(LIMIT, key)


def compare_and_set(bucket: KeyValue) -> Count:
    """What a counter in a bucket takes: read, write if nobody else has meanwhile, else try again."""

    async def once(key: str) -> bool:
        try:
            entry = await bucket.get(key)
            value, revision = int(entry.value or 0), entry.revision
        except KeyNotFoundError:
            value, revision = 0, 0
        try:
            await bucket.update(key, str(value + 1).encode(), last=revision)
        except KeyWrongLastSequenceError:
            return False
        return True

    async def count(key: str) -> None:
        while not await once(key):
            pass

    return count


async def measure(count: Count, together: int, keys: int) -> tuple[float, float, float]:
    """Milliseconds of one request at the 50th and the 95th percentile, and of processor time."""
    taken: list[float] = []

    async def work(number: int) -> None:
        for _ in range(REQUESTS // together):
            began = time.perf_counter()
            await count(f"key-{number % keys}")
            taken.append(time.perf_counter() - began)

    before = time.process_time()
    await asyncio.gather(*(work(number) for number in range(together)))
    processor = (time.process_time() - before) / len(taken)
    taken.sort()
    return taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.95)] * 1000, processor * 1000


def ways() -> Iterator[tuple[str, int, int]]:
    yield "one at a time", 1, 1
    yield f"{TOGETHER} at once, a key each", TOGETHER, TOGETHER
    yield f"{TOGETHER} at once, one key", TOGETHER, 1


async def run(url: str, console: Console) -> None:
    client = await connect(BrokerSettings.model_construct(), url)
    bucket = await client.jetstream().create_key_value(KeyValueConfig(bucket="rates", storage=StorageType.MEMORY))
    table = Table("counted in", "requests", "p50 ms", "p95 ms", "processor ms")
    for name, count in (
        ("memory", windows(MemoryStorage())),
        ("counter streams", windows(CounterStorage(borrow=lambda: client))),
        ("a bucket", compare_and_set(bucket)),
    ):
        for way, together, keys in ways():
            table.add_row(name, way, *(f"{figure:.2f}" for figure in await measure(count, together, keys)))
    console.print(table)
    await client.close()


if __name__ == "__main__":
    with temporary_stack() as endpoints:
        uvloop.run(run(endpoints.broker_url, Console()))
