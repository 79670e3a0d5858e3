"""Processes that outlive the command that started them.

Owns starting them in sessions of their own, recognizing them again, and ending them with all their
children. A process is its id *and* its start time: an id alone may belong to somebody else by now.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.05


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
        """Ends the process and its whole session; kills what is left after the grace."""
        if not self.alive():
            return
        self._signal(signal.SIGTERM)
        if not _wait(lambda: not self._group_alive(), seconds=grace_seconds):
            self._signal(signal.SIGKILL)
            _wait(lambda: not self._group_alive(), seconds=grace_seconds)

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


def started_at(pid: int) -> str:
    """When a live process started; empty when there is none. A zombie counts as none."""
    try:
        # The command's name is in parentheses and may itself hold some: fields count from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    answer = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "" if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def _groups() -> list[int]:
    """Process groups that have a living member."""
    groups: list[int] = []
    if Path("/proc/self/stat").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if fields[0] != "Z":
                    groups.append(int(fields[2]))
        return groups
    listing = subprocess.run(["ps", "-axo", "pgid=,state="], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        group, state = line.split()
        if not state.startswith("Z"):
            groups.append(int(group))
    return groups


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
