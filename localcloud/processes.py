"""Processes that outlive the command that started them.

Owns starting them in sessions of their own, recognizing them again, and ending them with all their
children. A process is its id *and* its start time: an id alone may belong to somebody else by now.
Both are read from /proc, so Linux only; `check_system` says so.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcloud.errors import CloudError

_POLL_SECONDS: Final = 0.05
_PROC: Final = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process that we started."""

    role: str
    pid: int
    started: str
    """Opaque; equal for the same process only."""

    def alive(self) -> bool:
        return started_at(self.pid) == self.started

    def stop(self, *, grace_seconds: float = 5.0) -> None:
        """Ends the process and its whole group, also where it is gone itself; kills what is left after the grace."""
        if not self._ours():
            return
        self._signal(signal.SIGTERM)
        if not _wait(lambda: not self._group_alive(), seconds=grace_seconds):
            self._signal(signal.SIGKILL)
            _wait(lambda: not self._group_alive(), seconds=grace_seconds)

    def _ours(self) -> bool:
        """Whether the id is still our process's, or our group's: no process gets the id of a group that lives."""
        return self.alive() or not started_at(self.pid)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _group_alive(self) -> bool:
        _reap(self.pid)
        if self.alive():
            return True
        return any(group == self.pid for group in _groups())


def check_system(proc: Path = _PROC) -> None:
    """Raises `CloudError` where processes cannot be told apart."""
    if not (proc / "self" / "stat").exists():
        raise CloudError(
            "this system is not supported",
            why=f"the local cloud needs Linux: {proc} is missing",
            do="run it on Linux, for example in WSL 2, a virtual machine or a container",
        )


def _fields(pid: int | str) -> list[str]:
    """/proc/<pid>/stat from the state on (proc_pid_stat(5)); empty when there is no such process."""
    try:
        # The command's name is in parentheses and may itself hold some: fields count from the last one.
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _living(fields: list[str]) -> bool:
    return bool(fields) and fields[0] != "Z"


def started_at(pid: int) -> str:
    """When a live process started; empty when there is none. A zombie counts as none."""
    fields = _fields(pid)
    return fields[19] if _living(fields) else ""


def _groups() -> list[int]:
    """Process groups that have a living member."""
    everybody = [_fields(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    return [int(fields[2]) for fields in everybody if _living(fields)]


def _reap(pid: int) -> None:
    """Takes a child's exit status, so that it does not linger; somebody else's child is left alone."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _wait(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(_POLL_SECONDS)
    return condition()


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Ctrl-C and its kin take effect at the end: between a process's birth and its note nothing may come in,
    or it would be nobody's."""
    caught: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda number, _frame: caught.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt


def start(role: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path) -> Process:
    """Starts a process that stays when we end; its output goes to `log`."""
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Popen would warn about a child that is still running when it is collected; that is the point here.
    child.returncode = 0
    return Process(role=role, pid=child.pid, started=started_at(child.pid))
