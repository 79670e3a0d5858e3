"""The process that an engine lives in: `python -m localcloud.engines.keeper`, its order as JSON on standard input.

Owns the life of the engine's servers and of the TLS fronts before them. It ends when its standard input does, that is
when whoever started it ends, however that happens; its servers are killed by the kernel when it is killed itself. So no
engine outlives its owner.

Each further line is a command: `start` the servers, `kill` them (as a power failure would), `open` another front; each
is answered by one line, `ok` or `error: ...`. A server that ends without a command is started again if the order says
so, as RDS and ElastiCache do; the fronts keep their addresses meanwhile.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TextIO

from localcloud.engines import front, unprivileged
from localcloud.errors import CloudError
from localcloud.state import PROJECT

_STOP_SECONDS: Final = 5.0
_REVIVE_SECONDS: Final = 1.0
_QUICK_SECONDS: Final = 10.0
"""A server that ends sooner after its start has failed to start."""
_QUICK_FAILURES: Final = 15
"""In a row, then it stays away. PostgreSQL fails for as long as a killed server's last query runs."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A program of an engine."""

    command: list[str]
    stop_signal: int = signal.SIGTERM
    unprivileged: bool = False
    prepare: list[str] = field(default_factory=list)
    """A command that has to succeed before the first start."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """A TLS endpoint and the plain port behind it."""

    kind: str
    host: str
    port: int
    target_host: str
    target_port: int
    certificate: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a keeper keeps."""

    folder: str
    servers: list[Server]
    fronts: list[Front]
    revive: bool = False
    """Whether a server that ends by itself is started again."""


class Keeper:
    """The owner's side: the keeper's process and its commands."""

    def __init__(self, name: str, order: Order, *, log: Path) -> None:
        """Starts servers and fronts. Raises `CloudError` when one of them does not start."""
        self._name, self._order, self._log = name, order, log
        self._child: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Starts what does not run. Raises `CloudError` when that fails."""
        if self._child is not None and self._child.poll() is None:
            self._ask("start")
            return
        self.stop()
        self._child = self._spawn()
        try:
            self._ask(json.dumps(asdict(self._order)))
        except CloudError:
            self.stop()
            raise
        servers = [replace(server, prepare=[]) for server in self._order.servers]
        self._order = replace(self._order, servers=servers)

    def _spawn(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "localcloud.engines.keeper"],
                # Only what every program needs: an engine must not find AWS settings or a PGDATA.
                env={key: os.environ[key] for key in ("PATH", "LOCALCLOUD_STATE") if key in os.environ}
                | {"LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def open(self, front: Front) -> None:
        """Opens a further endpoint, for as long as the keeper lives and after each start."""
        self._ask(f"open {json.dumps(asdict(front))}")
        self._order.fronts.append(front)

    def kill(self) -> None:
        """Kills the servers; the fronts stay and close every connection."""
        self._ask("kill")

    def stop(self) -> None:
        """Ends servers, fronts and the process."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        # A keeper that was killed has not read all of it.
        with contextlib.suppress(OSError):
            child.stdin.close()
        try:
            child.wait(_STOP_SECONDS + 2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()

    @property
    def pid(self) -> int:
        """Of the keeper's process; 0 when it is stopped."""
        return self._child.pid if self._child is not None else 0

    def failure(self, why: str) -> CloudError:
        """The error for an engine that does not do what it should, with its last words."""
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        last = f", its last line: {lines[-1][-300:]}" if lines else ""
        return CloudError(f"{self._name} does not start", why=f"{why}{last}", do=f"read {self._log}")

    def _ask(self, line: str) -> None:
        if self._child is None:
            raise CloudError(f"{self._name} is stopped", why="it was stopped before", do="start it first")
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            print(line, file=self._child.stdin, flush=True)
            answer = self._child.stdout.readline().strip()
        except OSError:
            answer = ""
        if answer != "ok":
            raise self.failure(answer or "its process ended")


class _Servers:
    """Inside the keeper's process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        """What shall run: a server that is killed by command is not among them."""
        self._since: dict[int, float] = {}
        self._failures: dict[int, int] = {}

    def _run(self, command: list[str], *, drop: bool) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self._order.folder,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            preexec_fn=unprivileged.before_exec(drop=drop),
        )

    def prepare(self) -> None:
        for server in self._order.servers:
            if server.prepare:
                child = self._run(server.prepare, drop=server.unprivileged)
                if child.wait() != 0:
                    raise RuntimeError(f"{Path(server.prepare[0]).name} ended with status {child.returncode}")

    def start(self) -> None:
        for number, server in enumerate(self._order.servers):
            running = self._running.get(number)
            if running is None or running.poll() is not None:
                self._failures[number] = 0
                self._launch(number, server)

    def _launch(self, number: int, server: Server) -> None:
        self._since[number] = time.monotonic()
        self._running[number] = self._run(server.command, drop=server.unprivileged)

    def revive(self) -> None:
        """Starts what has ended by itself, until it fails to start again and again."""
        for number, child in list(self._running.items()):
            status = child.poll()
            if status is None:
                continue
            server = self._order.servers[number]
            name = f"{Path(server.command[0]).name} ({number})"
            quick = time.monotonic() - self._since[number] < _QUICK_SECONDS
            self._failures[number] = self._failures[number] + 1 if quick else 0
            if self._failures[number] > _QUICK_FAILURES:
                del self._running[number]
                _log(f"{name} ended with status {status}, after {_QUICK_FAILURES} quick restarts: it is given up")
                continue
            _log(f"{name} ended with status {status} and is started again")
            try:
                self._launch(number, server)
            except (OSError, subprocess.SubprocessError) as error:
                del self._running[number]
                _log(f"{name} cannot be started and is given up: {error}")

    def end(self, *, gracefully: bool) -> None:
        running = {n: child for n, child in self._running.items() if child.poll() is None}
        self._running.clear()
        for number, child in running.items():
            child.send_signal(self._order.servers[number].stop_signal if gracefully else signal.SIGKILL)
        for child in running.values():
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _log(text: str) -> None:
    print(f"keeper: {text}", file=sys.stderr, flush=True)


async def _revive(servers: _Servers) -> None:
    while True:
        await asyncio.sleep(_REVIVE_SECONDS)
        servers.revive()


async def _keep(order: Order, source: TextIO) -> None:
    loop = asyncio.get_running_loop()
    servers = _Servers(order)
    ended = asyncio.Event()

    fronts: list[asyncio.Server] = []

    async def open_front(entry: Front) -> None:
        target = (entry.target_host, entry.target_port)
        server = await front.serve(
            entry.kind, host=entry.host, port=entry.port, target=target, certificate=entry.certificate
        )
        fronts.append(server)

    async def command(line: str) -> None:
        name, _, argument = line.partition(" ")
        try:
            match name:
                case "start":
                    servers.start()
                case "kill":
                    servers.end(gracefully=False)
                case "open":
                    await open_front(Front(**json.loads(argument)))
            print("ok", flush=True)
        except OSError as error:
            print(f"error: {error}", flush=True)

    def readable() -> None:
        line = source.readline()
        if line:
            running.append(asyncio.ensure_future(command(line.strip())))
        else:
            ended.set()

    running: list[asyncio.Task[None]] = []

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        servers.prepare()
        servers.start()
        for entry in order.fronts:
            await open_front(entry)
        print("ok", flush=True)
        loop.add_reader(source, readable)
        if order.revive:
            running.append(asyncio.ensure_future(_revive(servers)))
        await ended.wait()
    except (OSError, RuntimeError) as error:
        print(f"error: {error}", flush=True)
    finally:
        for server in fronts:
            server.close()
        servers.end(gracefully=True)


def _order(content: dict[str, Any]) -> Order:
    return Order(
        folder=content["folder"],
        servers=[Server(**entry) for entry in content["servers"]],
        fronts=[Front(**entry) for entry in content["fronts"]],
        revive=content["revive"],
    )


def main() -> None:
    line = sys.stdin.readline()
    if line:
        asyncio.run(_keep(_order(json.loads(line)), sys.stdin))


if __name__ == "__main__":
    main()
