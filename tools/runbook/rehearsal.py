"""A page's commands, run in bash, each program but the text tools replaced by a stand-in that asks this process.

Owns the shell: variables, loops, pipes and substitutions are bash's own, so a variable that nobody set, a quote that
does not close and an option of `date` that does not exist are found as a person would find them. What a program may be
asked, and what it answers, is the judge's. A stand-in reaches its judge over loopback and changes nothing.
"""

import os
import re
import shutil
import socketserver
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .fault import Fault
from .pages import Page, Snippet, Where

Judge = Callable[[str, Sequence[str], Path], tuple[Sequence[str], str]]
"""(Program, its arguments, where it is called) -> (what is wrong, what it would print)."""

_TEXT_TOOLS: Final = ("cat", "cut", "date", "grep", "head", "paste", "sed", "sort", "tail", "tr", "uniq", "wc")
"""Real ones: they read and print."""
_STAND_INS: Final = (
    *("aws", "kubectl", "helm", "cdk", "make", "python", "git", "gh", "curl", "docker", "psql", "pg_dump", "sleep"),
    *("sudo", "systemctl", "journalctl", "ps", "df", "free", "dnf"),
)
_REAL_PATH: Final = re.compile(r"(^|[\s;|&(])/(usr|bin|sbin|opt)/")
_END: Final = "\x04"
_LONGEST_S: Final = 120

_STAND_IN: Final = """\
#!{bash}
case " $* " in *" - "*) cat >/dev/null ;; esac
exec 3<>"/dev/tcp/127.0.0.1/$REHEARSAL_PORT"
printf '%s\\0' "$REHEARSAL_LINE" "$PWD" "${{0##*/}}" "$@" $'\\x04' >&3
IFS= read -r status <&3
cat <&3
exit "$status"
"""

_PRELUDE: Final = """\
set -u
at() { export REHEARSAL_LINE=$1; printf '\\x01%s\\n' "$1" >&2; }
"""


class _Server(socketserver.ThreadingTCPServer):
    """Hears the stand-ins. `faults`: (line, why)."""

    daemon_threads = True

    def __init__(self, judge: Judge) -> None:
        super().__init__(("127.0.0.1", 0), _Hearing)
        self.judge = judge
        self.faults: list[tuple[int, str]] = []
        self.turn = threading.Lock()


class _Hearing(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        said = b""
        while not said.endswith(b"\x04\0"):
            part = self.request.recv(65536)
            if not part:
                return
            said += part
        line, folder, program, *arguments, _ = said.decode().removesuffix("\0").split("\0")
        with self.server.turn:
            wrong, output = self.server.judge(program, arguments, Path(folder))
            command = " ".join((program, *arguments))
            self.server.faults += [(int(line), f"{_short(command)}: {why}") for why in wrong]
        self.wfile.write(f"{int(bool(wrong))}\n{output}".encode())


def rehearse(page: Page, judge: Judge, *, before: str = "") -> list[Fault]:
    """Run the page from top to bottom in one shell, as somebody who follows it does.

    `before`: what README of the runbook has its reader type first. SQL is not run here.
    """
    faults = []
    snippets = []
    for snippet in page.snippets:
        if snippet.where is Where.SQL:
            continue
        wrong = [*_unfit(snippet)]
        faults += [Fault(page.name, snippet.line, why) for why in wrong]
        if not wrong:
            snippets.append(snippet)
    with _running(judge) as server, tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.sh"
        body = "".join(f"at {snippet.line}\n{snippet.text}\n" for snippet in snippets)
        script.write_text(f"{_PRELUDE}{before}\n{body}at 0\n", encoding="utf-8")
        said = _run(script, Path(folder), server.server_address[1])
        faults += [Fault(page.name, line, why) for line, why in {*server.faults, *_heard(said)}]
    return sorted(faults)


@contextmanager
def _running(judge: Judge) -> Iterator[_Server]:
    with _Server(judge) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _unfit(snippet: Snippet) -> Iterator[str]:
    """What must not be run at all."""
    parsed = subprocess.run([_bash(), "-n"], input=snippet.text, capture_output=True, text=True)
    if parsed.returncode:
        yield f"{_short(snippet.text)}: {parsed.stderr.splitlines()[0]}"
    if _REAL_PATH.search(snippet.text):
        yield f"{_short(snippet.text)}: given a program by its path; allowed: its name; correct it"


def _run(script: Path, folder: Path, port: int) -> str:
    """What the shell and the text tools say on standard error."""
    programs, desk = folder / "programs", folder / "desk"
    programs.mkdir()
    (desk / ".venv" / "bin").mkdir(parents=True)
    (desk / ".venv" / "bin" / "activate").touch()
    first = programs / _STAND_INS[0]
    first.write_text(_STAND_IN.format(bash=_bash()))
    first.chmod(first.stat().st_mode | stat.S_IXUSR)
    for name in _STAND_INS[1:]:
        (programs / name).symlink_to(first)
    for name in _TEXT_TOOLS:
        real = shutil.which(name)
        if real:
            (programs / name).symlink_to(real)
    # Locale: messages in the words that the tests know.
    environment = {"PATH": str(programs), "HOME": str(desk), "REHEARSAL_PORT": str(port), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [_bash(), "--noprofile", "--norc", str(script)],
        cwd=desk,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=_LONGEST_S,
    )
    return done.stderr


def _heard(said: str) -> Iterator[tuple[int, str]]:
    line = 0
    for text in said.splitlines():
        if text.startswith("\x01"):
            line = int(text[1:])
        elif "Broken pipe" not in text:  # as in `... | head -1`
            yield line, re.sub(r"^\S*page\.sh: line \d+: ", "", text)
    if line:
        yield line, "the shell ended here; what follows was not rehearsed"


def _short(text: str) -> str:
    first = text.strip().splitlines()[0]
    return first if len(first) < 100 else first[:97] + "..."


def _bash() -> str:
    return shutil.which("bash", path=os.defpath + ":/usr/local/bin") or "bash"
