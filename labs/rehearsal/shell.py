"""A student's shell: bash, one for a guide, commands in their order.

Owns the process and everything it starts: nothing of it outlives the block. A command that fails, and a variable that
nobody set, end the shell (`set -euo pipefail`), so a guide's commands cannot fail quietly.
"""

import contextlib
import os
import queue
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

LONGEST_SECONDS: Final = 300.0
"""For one fence in the local cloud; the slowest, a `cdk deploy`, takes a tenth of it."""
_GRACE_SECONDS: Final = 5.0
_STRICT: Final = "set -euo pipefail\n"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of some commands. `status` is None when they took too long."""

    status: int | None
    output: str
    seconds: float


class Shell:
    """A context manager around one bash. `folder`: where it starts."""

    def __init__(self, environment: Mapping[str, str], *, folder: Path) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="labs-shell-"))
        self._mark = f"-- {secrets.token_hex(8)} --"
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [shutil.which("bash") or "bash", "--noprofile", "--norc"],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._type(_STRICT)

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, commands: str, *, longest_seconds: float = LONGEST_SECONDS) -> Outcome:
        """Types the commands and waits for their end. After a failure the shell is gone."""
        began = time.monotonic()
        script = self._scratch / "commands.sh"
        script.write_text(f"{commands}\n", encoding="utf-8")
        # Sourced, so that variables and folders stay; with an empty input, so that no program eats the next commands.
        self._type(f". '{script}' </dev/null\nprintf '%s\\n' '{self._mark}'\n")
        heard: list[str] = []
        while True:
            left = began + longest_seconds - time.monotonic()
            try:
                line = self._lines.get(timeout=max(left, 0))
            except queue.Empty:
                self.close()
                return Outcome(status=None, output="".join(heard), seconds=time.monotonic() - began)
            if line is None:
                status = self._process.wait()
                return Outcome(status=status, output="".join(heard), seconds=time.monotonic() - began)
            text, found, _ = line.rpartition(self._mark)
            heard.append(text if found else line)
            if found:
                return Outcome(status=0, output="".join(heard), seconds=time.monotonic() - began)

    def close(self) -> None:
        """Ends the shell with all that it started; what does not listen is killed."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        # Programs in the foreground keep bash from ending, so the pipe's end tells when all are gone.
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _alive(self) -> bool:
        self._process.poll()
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _type(self, text: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the shell has ended; `run` hears that
            self._process.stdin.write(text)
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)
