"""A stack of its own, really started: in use, killed, started again, and erased without a trace.

The tests share it, and each brings it up for itself, which takes time in the first and after a kill only.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import nats
import psutil
import pytest
from kit import wait_until
from rich.console import Console

from search.core.errors import StackError
from search.localstack import ServiceStatus, Stack, ports

QUIET = Console(quiet=True)
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    # Not pytest's own folder, which is closed to the user that root drops to.
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    made = Stack(home, heap="256m", console=QUIET)
    yield made
    pids = [each.pid for each in made.status()]
    made.erase()
    assert not home.exists()
    assert not any(pid and psutil.pid_exists(pid) for pid in pids)


def by_name(stack: Stack) -> dict[str, ServiceStatus]:
    return {each.name: each for each in stack.status()}


def process(stack: Stack, name: str) -> psutil.Process:
    pid = by_name(stack)[name].pid
    assert pid is not None
    return psutil.Process(pid)


def kill(stack: Stack, name: str) -> None:
    process(stack, name).send_signal(signal.SIGKILL)
    wait_until(lambda: by_name(stack)[name].state != "running")


def test_ports_that_others_take_after_our_look_are_avoided(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as taken:
        for port in (9200, 4222):
            if ports.is_free(port):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
        monkeypatch.setattr(ports, "is_free", lambda _port: True)
        endpoints = stack.up()
    assert not endpoints.opensearch_url.endswith(":9200")
    assert not endpoints.broker_url.endswith(":4222")
    assert {each.state for each in stack.status()} == {"running"}


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    endpoints = stack.up()
    before = [each.pid for each in stack.status()]
    assert Stack(stack.home, console=QUIET).up() == endpoints == stack.endpoints()
    assert [each.pid for each in stack.status()] == before


def test_status_tells_memory_address_and_log(stack: Stack) -> None:
    endpoints = stack.up()
    engine, broker = stack.status()
    assert engine.url == endpoints.opensearch_url
    assert broker.url
    assert broker.url.partition("://")[2] == endpoints.broker_url.partition("@")[2]
    for each in (engine, broker):
        assert each.rss
        assert each.rss > MIB
        assert each.log.stat().st_size > 0


def test_both_listen_on_loopback_only(stack: Stack) -> None:
    stack.up()
    for name in ("opensearch", "nats"):
        listening = [each for each in process(stack, name).net_connections() if each.status == psutil.CONN_LISTEN]
        assert listening
        assert {each.laddr.ip.removeprefix("::ffff:") for each in listening} == {"127.0.0.1"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_lends_them_a_lesser_user(stack: Stack) -> None:
    stack.up()
    assert 0 not in {process(stack, name).uids().real for name in ("opensearch", "nats")}


def test_what_holds_the_token_is_private(stack: Stack) -> None:
    stack.up()
    for name in ("state.json", "nats/nats.conf"):
        assert (stack.home / name).stat().st_mode & 0o077 == 0
    assert (stack.home / "opensearch").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_the_broker_wants_its_token(stack: Stack, token: str | None) -> None:
    port = int(stack.up().broker_url.rpartition(":")[2])
    hello = json.dumps({"verbose": False} if token is None else {"verbose": False, "auth_token": token})
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection, connection.makefile("rb") as lines:
        assert lines.readline().startswith(b"INFO ")
        connection.sendall(f"CONNECT {hello}\r\nPING\r\n".encode())
        assert lines.readline() == b"-ERR 'Authorization Violation'\r\n"


def test_an_index_is_never_made_by_accident(stack: Stack) -> None:
    answer = httpx.post(f"{stack.up().opensearch_url}/typo/_doc", json={"a": 1})
    assert answer.status_code == httpx.codes.NOT_FOUND


def test_what_was_written_survives_a_killed_node_and_a_restart(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stack.up()
    event = os.urandom(6 * MIB)
    httpx.put(f"{before.opensearch_url}/kept", timeout=30).raise_for_status()
    httpx.put(f"{before.opensearch_url}/kept/_doc/1", json={"said": "before"}).raise_for_status()
    asyncio.run(publish(before.broker_url, event))

    kill(stack, "opensearch")
    assert {name: each.state for name, each in by_name(stack).items()} == {"opensearch": "crashed", "nats": "running"}
    assert stack.endpoints() is None
    with monkeypatch.context() as failing:
        failing.setattr(Stack, "_wait", killed_while_it_starts)
        with pytest.raises(StackError, match="ended while it started"):
            stack.up()
    assert stack.up() == before, "clients still use the old ports"

    assert stack.down() is True
    assert {each.state for each in stack.status()} == {"stopped"}

    after = stack.up()
    assert httpx.get(f"{after.opensearch_url}/kept/_doc/1").json()["_source"] == {"said": "before"}
    assert asyncio.run(last_event(after.broker_url)) == event


def killed_while_it_starts(stack: Stack, state: object) -> None:
    raise StackError("opensearch ended while it started: it said nothing.")


async def publish(broker: str, event: bytes) -> None:
    client = await nats.connect(broker)
    stream = client.jetstream()
    await stream.add_stream(name="kept", subjects=["kept"])
    await stream.publish("kept", event, timeout=30)
    await client.close()


async def last_event(broker: str) -> bytes | None:
    client = await nats.connect(broker)
    found = await client.jetstream().get_last_msg("kept", "kept")
    await client.close()
    return found.data


def test_after_a_crash_it_comes_back_where_clients_look(stack: Stack) -> None:
    before = stack.up()
    node = process(stack, "opensearch").pid
    kill(stack, "nats")
    assert by_name(stack)["nats"].state == "crashed"
    assert stack.up() == before
    assert process(stack, "opensearch").pid == node


def test_a_node_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "home", heap="1m", console=QUIET)
    with pytest.raises(StackError, match=r"^opensearch ended while it started: Too small maximum heap \(more in "):
        stack.up()
    assert {each.state for each in stack.status()} == {"stopped"}
    assert not [each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(each.info["cmdline"])]
