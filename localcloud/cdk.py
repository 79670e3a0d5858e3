"""Runs of the pinned CDK CLI.

Owns the command lines, the log of each run and its end: a run belongs to a session of its own, ends
when the emulator does, and is ended with all its children when we are interrupted.
"""

import hashlib
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from localcloud import emulator, environment, progress
from localcloud.errors import CloudError
from localcloud.processes import Process, interrupts_wait, started_at
from localcloud.state import PROJECT, Cloud, State

_CLI: Final = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"

_INPUTS: Final = ("app.py", "cdk.json", "cdk.out.gitignore", "requirements.txt", "package-lock.json")
_LONGEST: Final = 600
"""Characters of a complaint."""

Listener = Callable[[progress.Event], None]


class Run:
    """One run of the CLI, in the background until `wait`."""

    def __init__(
        self, state: State, cloud: Cloud, arguments: Sequence[str], *, log: Path, folder: Path = PROJECT
    ) -> None:
        self._state, self._cloud, self.log = state, cloud, log
        if not _CLI.exists():
            raise CloudError(
                "the CDK CLI is not installed", why=f"{_CLI} does not exist", do="run `make setup` (npm ci) first"
            )
        self._child = subprocess.Popen(
            [str(environment.node()), str(_CLI), *arguments],
            env=environment.tool(state, cloud),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._process = Process(role="cdk", pid=self._child.pid, started=started_at(self._child.pid))
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self.log.open("w", encoding="utf-8") as log:
            for line in self._child.stdout:
                log.write(line)
                log.flush()
                self._lines.put(line)
        self._lines.put(None)

    def wait(self, listener: Listener | None = None, *, needs_emulator: bool = True) -> int:
        """Exit status. Raises `CloudError` when the emulator ends before the run does."""
        follower = progress.Progress()
        while True:
            try:
                line = self._lines.get(timeout=0.5)
            except queue.Empty:
                if needs_emulator and not emulator.alive(self._cloud):
                    self.stop()
                    raise emulator.died(self._state, self._cloud) from None
                continue
            if line is None:
                return self._child.wait()
            event = follower.read(line)
            if event is not None and listener is not None:
                listener(event)

    def stop(self) -> None:
        """Ends the run and everything it started."""
        if self._child.poll() is None:
            self._process.stop(grace_seconds=2)
            self._child.wait()

    def complaint(self) -> str:
        """What the log says about why the run failed, in one line."""
        return complaint(self.log.read_text(errors="replace"))


def complaint(log: str) -> str:
    """The first error of a run's output, with the place that it names; else its last line."""
    lines = [line.strip() for line in map(progress.plain, log.splitlines()) if line.strip()]
    for number, line in enumerate(lines):
        if line.lower().startswith("error:") or line.startswith("❌"):
            return line.removeprefix("error: ")[:_LONGEST]
        if line.startswith("ERROR "):
            # A finding of a policy: its text, then the construct, then the id to acknowledge it by.
            others = sum(other.startswith("ERROR ") for other in lines) - 1
            place = lines[number + 1] if number + 1 < len(lines) else ""
            return f"{place}: {line.removeprefix('ERROR ')[: _LONGEST // 2]} (and {others} more)"
    return (lines or ["no output"])[-1][:_LONGEST]


def fingerprint(cloud: Cloud) -> str:
    """Of everything that the templates come from: sources, pinned versions, context."""
    digest = hashlib.sha256()
    files = [PROJECT / name for name in _INPUTS]
    files += [path for path in (PROJECT / "cloudmart_cdk").rglob("*") if path.is_file()]
    for path in sorted(files):
        if path.exists() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(PROJECT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update("\0".join([cloud.stage, cloud.name, *cloud.context]).encode())
    return digest.hexdigest()


class Synthesis:
    """A synth under way, or one that was not needed."""

    def __init__(self, run: Run | None, *, mark: Path, fingerprint: str) -> None:
        self._run, self._mark, self._fingerprint = run, mark, fingerprint

    def wait(self) -> None:
        """Returns when the templates are there. Raises `CloudError` when the app refuses."""
        if self._run is None:
            return
        if self._run.wait(needs_emulator=False) != 0:
            log = self._run.log
            raise CloudError("synth failed", why=self._run.complaint(), do=f"correct it; all findings are in {log}")
        self._mark.write_text(self._fingerprint)


class Cdk:
    """The commands that we use, for one cloud."""

    def __init__(self, state: State, cloud: Cloud, *, assembly: Path | None = None) -> None:
        self._state, self._cloud = state, cloud
        self._assembly = assembly or state.assembly
        self._runs: list[Run] = []

    def _start(self, log: str, arguments: Sequence[str], *, folder: Path = PROJECT) -> Run:
        with interrupts_wait():
            run = Run(self._state, self._cloud, arguments, log=self._state.log(log), folder=folder)
            self._runs.append(run)
        return run

    def stop(self) -> None:
        """Ends whatever still runs."""
        for run in self._runs:
            run.stop()

    def _context(self) -> list[str]:
        cloud = self._cloud
        entries = [*cloud.context, f"stage={cloud.stage}", f"name={cloud.name}"]
        return [part for entry in entries for part in ("-c", entry)]

    def synth(self) -> "Synthesis":
        """The templates of the app as it is now; the earlier ones where nothing they come from has changed."""
        mark = self._assembly.with_name(f"{self._assembly.name}.fingerprint")
        current = fingerprint(self._cloud)
        if mark.exists() and mark.read_text() == current and (self._assembly / "manifest.json").exists():
            return Synthesis(None, mark=mark, fingerprint=current)
        mark.unlink(missing_ok=True)
        output = ["--output", str(self._assembly)]
        run = self._start("synth", ["synth", "--quiet", "--no-notices", *output, *self._context()])
        return Synthesis(run, mark=mark, fingerprint=current)

    def bootstrap(self) -> Run:
        targets = [f"aws://{self._cloud.account}/{region}" for region in self._cloud.regions]
        # In a folder without cdk.json the CLI has no app to run first.
        return self._start("bootstrap", ["bootstrap", "--no-notices", *targets], folder=self._state.home)

    def _all_stacks(self, command: str, *options: str) -> Run:
        """A command on every stack of the synthesized assembly, so that the app runs once."""
        return self._start(command, [command, "--no-notices", "--app", str(self._assembly), *options])

    def deploy(self, *, concurrency: int) -> Run:
        # Direct calls save a change set a stack; what has not changed the CLI skips by itself.
        choices = ["--method=direct", "--require-approval", "never", "--progress", "events"]
        return self._all_stacks("deploy", "--all", *choices, "--concurrency", str(concurrency))

    def destroy(self, *, concurrency: int) -> Run:
        return self._all_stacks("destroy", "--all", "--force", "--concurrency", str(concurrency))

    def diff(self) -> Run:
        """Differences between the synthesized assembly and what is deployed; status 1 when there are some."""
        # Without a choice it compares all stacks; it knows no --all.
        return self._all_stacks("diff", "--fail")
