"""The local stack, OpenSearch and NATS together: starts, stops and describes it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.errors import StackError
from search.localstack import processes
from search.localstack.account import Account, lesser_account
from search.localstack.files import exclusive
from search.localstack.last_words import last_words
from search.localstack.nats_server import NatsServer
from search.localstack.opensearch_node import OpenSearchNode
from search.localstack.places import default_cache, make_passable
from search.localstack.ports import LOOPBACK, choose_port
from search.localstack.progress import spinner
from search.localstack.sentences import one_sentence
from search.localstack.service_status import ServiceStatus, status_of
from search.localstack.state import Running, State, load_state

PATIENCE = 300.0
# With less free space the engine would soon refuse to write.
LEAST_SPACE = 512 << 20
LITTLE_SPACE = 2 << 30
LOCK = "lock"
PORT_TAKEN = re.compile(r"already in use|failed to bind", re.IGNORECASE)


class Stack:
    """One engine and one broker that keep everything in the folder `home`."""

    def __init__(
        self,
        home: Path,
        cache: Path | None = None,
        heap: str = "512m",
        *,
        console: Console | None = None,
        usual_ports: bool = True,
    ) -> None:
        self.home = home.expanduser().resolve()
        self.cache = (cache or default_cache()).expanduser().resolve()
        self.console = console or Console(stderr=True)
        self._usual_ports = usual_ports
        self._engine = OpenSearchNode(self.home / "opensearch", self.cache, heap, self.console)
        self._broker = NatsServer(self.home / "nats", self.cache)
        self._services: dict[str, OpenSearchNode | NatsServer] = {
            each.name: each for each in (self._engine, self._broker)
        }
        self._state_file = self.home / "state.json"

    def up(self) -> Endpoints:
        """Start what does not run and wait until both answer. Raises StackError with the reason if that fails."""
        with one_sentence(f"start the stack in {self.home}"):
            make_passable(self.home)
            make_passable(self.cache)
            with self._alone():
                return self._endpoints(self._up(self._load()))

    def down(self) -> bool:
        """Stop both; their data stay. Return whether anything was running."""
        if not self.home.exists():
            return False
        with one_sentence(f"stop the stack in {self.home}"), self._alone():
            services = self._load().services
            found = [running for running in services.values() if processes.find(running)]
            for running in found:
                processes.stop(running)
            self._save(State(services={}))
            return bool(found)

    def erase(self) -> None:
        """Stop both and remove everything that they have stored; other files in the home stay."""
        self.down()
        if not self.home.exists():
            return
        with one_sentence(f"erase {self.home}"):
            for folder in (service.home for service in self._services.values()):
                if folder.exists():
                    shutil.rmtree(folder)
            (self.home / LOCK).unlink(missing_ok=True)
            if not any(self.home.iterdir()):
                self.home.rmdir()

    def status(self) -> list[ServiceStatus]:
        """Return the status of engine and broker, in this order."""
        services = self._load().services
        return [status_of(each, services.get(name)) for name, each in self._services.items()]

    def endpoints(self) -> Endpoints | None:
        """Return the endpoints; None unless both run."""
        state = self._load()
        return None if self._missing(state) else self._endpoints(state)

    def _up(self, state: State) -> State:
        missing = self._missing(state)
        account = self._prepare() if missing else None
        with suppress(_PortTakenError):
            return self._start(missing, state, account, usual=True)
        return self._start(missing, state, account, usual=False)

    def _prepare(self) -> Account | None:
        """Do everything slow before the start, so that both can then start side by side. Return the account to use."""
        free = shutil.disk_usage(self.home).free
        if free < LEAST_SPACE:
            raise StackError(
                f"Only {free >> 20} MB are free on the disk of {self.home}, and OpenSearch needs {LEAST_SPACE >> 20}: "
                "free some space, or set OFFICE_SEARCH_HOME to another disk."
            )
        if free < LITTLE_SPACE:
            self.console.print(f"Only {free >> 20} MB are free: OpenSearch takes no more writes once they are 256.")
        account = lesser_account(self.home, self.cache)
        self._engine.programs(account)
        return account

    def _start(self, names: list[str], state: State, account: Account | None, *, usual: bool) -> State:
        before = state.services
        others = {name: running for name, running in before.items() if name not in names}
        started: dict[str, Running] = {}
        try:
            for name in names:
                port = choose_port(self._usual_port(name, state) if usual else None)
                with processes.noted():
                    started[name] = self._services[name].start(port, state.token, account)
                state = replace(state, services=others | started)
                self._save(state)
            self._wait(state)
        except BaseException:
            # A stack that runs only in part would be in the way of the next try.
            for running in started.values():
                processes.stop(running)
            # What is known from before stays, for its port: clients still use it.
            self._save(replace(state, services=others | {name: before[name] for name in names if name in before}))
            raise
        return state

    def _wait(self, state: State) -> None:
        waiting = self._silent(state.services, state)
        if not waiting:
            return
        deadline = time.monotonic() + PATIENCE
        with spinner(self.console, "Starting OpenSearch and NATS"):
            while waiting := self._silent(waiting, state):
                if time.monotonic() > deadline:
                    logs = " and ".join(str(self._services[name].log) for name in waiting)
                    raise StackError(f"No answer within {PATIENCE:.0f} s: run `office-search down` and read {logs}.")
                time.sleep(0.1)

    def _silent(self, names: Iterable[str], state: State) -> list[str]:
        """Return those that do not answer yet. Raises StackError if one has ended."""
        silent = []
        for name in names:
            running, service = state.services[name], self._services[name]
            if processes.find(running) is None:
                words = last_words(service.out)
                text = f"{name} ended while it started: {words or 'it said nothing'} (more in {service.out})."
                raise _PortTakenError(text) if PORT_TAKEN.search(words) else StackError(text)
            if not service.answers(running.port, state.token):
                silent.append(name)
        return silent

    def _missing(self, state: State) -> list[str]:
        found = {name for name, running in state.services.items() if processes.find(running)}
        return [name for name in self._services if name not in found]

    def _usual_port(self, name: str, state: State) -> int | None:
        # After a crash the old port, as clients still use it.
        if name in state.services:
            return state.services[name].port
        return self._services[name].usual_port if self._usual_ports else None

    def _endpoints(self, state: State) -> Endpoints:
        engine, broker = (state.services[name].port for name in self._services)
        return Endpoints(self._engine.url(engine), f"nats://{state.token}@{LOOPBACK}:{broker}")

    def _load(self) -> State:
        with one_sentence(f"read the state of the stack in {self.home}"):
            return load_state(self._state_file) or State()

    def _save(self, state: State) -> None:
        if state.services:
            state.save(self._state_file)
        else:
            self._state_file.unlink(missing_ok=True)

    def _alone(self) -> AbstractContextManager[None]:
        waiting = f"Waiting for another command on {self.home}…"
        return exclusive(self.home / LOCK, lambda: self.console.print(waiting))


class _PortTakenError(StackError):
    """Another program took the port between the check and the start."""
