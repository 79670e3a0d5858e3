"""What several commands do: options, settings, the CDK runs and their progress, stopping everything.

Owns no order of its own; the commands are in `deployment`, `teardown` and `inspection`.
"""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from commands import place
from localcloud import progress, recorded
from localcloud.cdk import Cdk
from localcloud.environment import BYTECODE
from localcloud.errors import CloudError
from localcloud.report import say
from localcloud.state import Cloud, State

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals by which somebody ends a command: Ctrl-C, a CI runner, a closed terminal."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line."""

    stage: str | None = None
    name: str | None = None
    port: int | None = None
    shop_port: int | None = None
    concurrency: int = 4
    context: list[str] = field(default_factory=list)
    keep: bool = False
    force: bool = False


def settings_of(stage: str, name: str, context: list[str]) -> "Settings":
    """The settings as the app will see them. Raises `CommandError` before anything is started."""
    # `place` imports settings late: stopping a cloud must work with settings that are broken.
    chosen = dict(entry.partition("=")[::2] for entry in context)
    return place.settings_of(chosen | {"stage": stage, "name": name})


def refuse_another(cloud: Cloud, options: Options) -> None:
    """Raises `CloudError` when the options mean another cloud than the one that is up."""
    asked = {"--stage": options.stage, "--name": options.name, "--port": options.port, "--shop-port": options.shop_port}
    has = {"--stage": cloud.stage, "--name": cloud.name, "--port": cloud.port, "--shop-port": cloud.shop_port}
    for option, value in asked.items():
        if value is not None and value != has[option]:
            raise CloudError(
                f"{option} {quote(str(value))} does not fit the running cloud",
                why=f"it was started with {option} {has[option]}",
                do="run `make destroy` first, or leave the option out",
            )


@contextmanager
def commands(state: State, cloud: Cloud, *, assembly: Path | None = None) -> Iterator[Cdk]:
    """The CDK commands; none survives the block. `assembly`: another folder for the templates than the cloud's own."""
    cdk = Cdk(state, cloud, assembly=assembly)
    try:
        yield cdk
    finally:
        cdk.stop()


def stop_all(state: State, cloud: Cloud) -> None:
    """Ends every process of the cloud and forgets it. Not to be interrupted half-way."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTIONS}
    try:
        for process in reversed(cloud.processes):
            process.stop()
        state.forget()
        compiled = BYTECODE / state.root.relative_to("/")
        for folder in (state.temporary, state.engines, state.instances, compiled):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def timed(began: float) -> str:
    """Seconds since a `time.monotonic()`, for people."""
    return f"{time.monotonic() - began:.1f} s"


def announce(event: progress.Event) -> None:
    """One line for what happened to a stack."""
    seconds = f"{event.seconds:.1f} s" if event.seconds else ""
    words = {"started": "...", "finished": "done", "unchanged": "no changes", "failed": "FAILED"}
    # The CLI calls a stack by its id, or, when it fails, by CloudFormation's name.
    stack = event.stack.rpartition("-")[2]
    say(f"  {stack:<17} {words[event.kind]:<10} {seconds}".rstrip())


def deploy_stacks(cloud: Cloud, cdk: Cdk, options: Options) -> None:
    """Deploys what was synthesized. Raises `CloudError` with the first resource that failed."""
    run = cdk.deploy(concurrency=options.concurrency)
    if run.wait(announce) != 0:
        from localcloud import failures

        raise failures.explain(cloud, run, doing="deploy of")


def recorded_rows(state: State) -> list[tuple[str, str]]:
    """Type, and the resources of it that have no API behind them here; then kinds of Kubernetes objects."""
    by_type: dict[str, list[str]] = {}
    for entry in state.records().get("resources", []):
        by_type.setdefault(entry["type"], []).append(f"{entry['stack'].rpartition('-')[2]}/{entry['id']}")
    rows = [(name, f"{len(ids)}: {', '.join(ids)}") for name, ids in sorted(by_type.items())]
    return rows + recorded.counts(recorded.read(state.objects_file))
