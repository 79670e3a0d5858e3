"""What tests of both release tools share: commands as processes of their own, requests one by one, continuous load."""

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.aws import Clients
from localcloud.state import PROJECT, Cloud, State

SECONDS: Final = 180.0
"""Longest wait for anything."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str
    error: str


@dataclass
class Load:
    """What continuous requests met."""

    versions: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass
class Running:
    """A local cloud in which somebody releases. `clients`: of that cloud."""

    state: State
    cloud: Cloud
    clients: Clients
    _runs: list["subprocess.Popen[str]"] = field(default_factory=list, init=False)

    def start(self, *arguments: str, program: tuple[str, ...] = ("-m", "delivery")) -> "subprocess.Popen[str]":
        """A command as people run it, in a process of its own."""
        run = subprocess.Popen(
            [sys.executable, *program, *arguments, "--local", "--state", str(self.state.root)],
            cwd=PROJECT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._runs.append(run)
        return run

    def end(self, run: "subprocess.Popen[str]") -> Ended:
        """Waits for it."""
        try:
            output, error = run.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            run.kill()
            raise AssertionError(f"it does not end: {run.communicate()}") from None
        return Ended(run.returncode, output, error)

    def end_runs(self) -> None:
        """Nothing of a test that failed goes on."""
        for run in self._runs:
            if run.poll() is None:
                run.kill()
                run.communicate()
        self._runs.clear()

    def client(self, service: str) -> Any:
        return self.clients.client(service)

    def get(self, path: str, headers: Mapping[str, str]) -> str:
        """What one request is answered with. Raises for anything but 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=60)
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {body}")
            return body
        finally:
            connection.close()


@contextmanager
def under_load(ask: Callable[[], str], clients: int = 2) -> Iterator[Load]:
    """Requests one after the other from each client, for as long as the block runs."""
    load, stop = Load(), threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            try:
                load.versions[ask()] += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                load.failures.append(repr(error))
            time.sleep(0.01)

    threads = [threading.Thread(target=go_on) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()
