"""What systemd does for an instance's application: `python -m localcloud.server.unit FOLDER COMMAND...`.

Owns one run of `cloudmart.service`: started in FOLDER, started again when it fails, ended with all its children, first
gently. It ends by itself when its standard input does, that is when the emulator ends, however that happens.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from typing import Final

from localcloud.engines import unprivileged

# As assets/host/cloudmart.service has them; tests compare.
RESTART_SECONDS: Final = 2.0
STOP_SECONDS: Final = 30.0
FAILED: Final = "unit: failed"
"""How the line begins that tells of a failure."""
_CLEAN: Final = frozenset({0, -signal.SIGHUP, -signal.SIGINT, -signal.SIGTERM, -signal.SIGPIPE})
"""Ends that Restart=on-failure does not answer (systemd.service(5))."""


async def _exit(child: subprocess.Popen[bytes]) -> None:
    """Returns when the process has ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(child.pid)
    try:
        loop.add_reader(descriptor, ended.set)
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    child.wait()


async def _stop(child: subprocess.Popen[bytes]) -> None:
    """KillMode=control-group: the process group, gently, then not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(_exit(child), STOP_SECONDS)
    except TimeoutError:
        print(f"unit: still there after {STOP_SECONDS:.0f} s: killed", flush=True)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


async def _supervise(folder: str, command: list[str]) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), stopping.set)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    stopped = asyncio.ensure_future(stopping.wait())
    while not stopping.is_set():
        child = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=unprivileged.before_exec(drop=False),
        )
        ended = asyncio.ensure_future(_exit(child))
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            ended.cancel()
            await _stop(child)
        elif child.returncode in _CLEAN:
            print("unit: ended, and not to be started again", flush=True)
            await stopped
        else:
            print(f"{FAILED} (status {child.returncode}), again in {RESTART_SECONDS:.0f} s", flush=True)
            await asyncio.wait({stopped}, timeout=RESTART_SECONDS)


def main() -> None:
    folder, *command = sys.argv[1:]
    asyncio.run(_supervise(folder, command))


if __name__ == "__main__":
    main()
