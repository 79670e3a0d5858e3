"""`make bench`: what a synth costs.

CPU time (user and system, of Python and of the Node process that jsii starts) of a full prod synth, built-in
validation off and policies on, less that of an empty app, run in turn; divided by the number of resources. CPU time,
since wall clock on a busy machine says little. Then what the
policies add, and the answers that have to come at once: help and bad input.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tools.assembly import PROJECT, Assembly

TARGET_MS: Final = 8.0
"""CPU milliseconds a resource: a synth of prod stays within a few seconds, short enough to wait for after every edit.

Calls into jsii's Node process are most of it: a plain six-stack app takes 14 in Python, and 1.3 in TypeScript.
"""
POLICY_S: Final = 1.0
"""CPU seconds that all policies may add to a synth: they run after every edit, or somebody switches them off."""
AT_ONCE_S: Final = 1.0
"""Seconds of wall clock. A second is what a reader waits without losing the thread (Nielsen, "Response Times")."""

_EMPTY: Final = "import aws_cdk as cdk; cdk.App(analytics_reporting=False).synth()"
_REFUSED: Final = """
import runpy, sys
try:
    runpy.run_path("app.py", run_name="__main__")
except SystemExit:
    sys.exit("aws_cdk is loaded before bad input is refused" if "aws_cdk" in sys.modules else 0)
sys.exit("bad input is not refused")
"""
_RULES: Final = """
import sys, time
from pathlib import Path
from cloudmart_cdk.settings import load_settings
settings = load_settings({"stage": sys.argv[2]})
began = time.process_time()
from cloudmart_cdk.policy.engine import findings, unfounded
from cloudmart_cdk.policy.assembly import load

app = load(Path(sys.argv[1]), settings)
list(unfounded(app, findings(app)))
print(time.process_time() - began)
"""
_PR_SET_CHILD_SUBREAPER: Final = 36


@dataclass(frozen=True)
class Cost:
    """Seconds."""

    cpu: float
    wall: float


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """One run and everything that it starts, orphans included. Raises `CalledProcessError` when it fails."""
    before, began = _children(), time.perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    # jsii leaves its Node process behind for a moment: as a subreaper we inherit it, and its times.
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return Cost(_children() - before, wall)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _environment(folder: Path, **context: str) -> dict[str, str]:
    flags = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(flags | context),
        "CDK_OUTDIR": str(folder),
        "CDK_VALIDATION": "false",
        "CI": "",  # where policies may not be switched off; here they are, to be measured
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PROJECT / ".cache" / "jsii"),
    }


def synth(stage: str, runs: int) -> None:
    """Prints the table, and CPU milliseconds a resource."""
    folder = PROJECT / ".cache" / "bench"
    ours, empty = folder / stage, folder / "empty"
    full_command = [sys.executable, "-O", "app.py"]
    empty_command = [sys.executable, "-O", "-c", _EMPTY]
    measure(full_command, _environment(ours, stage=stage))  # caches and compiled files are warm from here on
    full: list[Cost] = []
    bare: list[Cost] = []
    for _ in range(runs):
        full.append(measure(full_command, _environment(ours, stage=stage)))
        bare.append(measure(empty_command, _environment(empty)))
    resources = sum(len(entries) for entries in Assembly(ours).resources.values())
    full_cpu, bare_cpu = median(cost.cpu for cost in full), median(cost.cpu for cost in bare)
    each = (full_cpu - bare_cpu) * 1000 / resources
    print(f"synth of {stage}, median of {runs} runs in turn      CPU s   wall s")
    for name, cpu, costs in ((f"all stacks, {resources} resources", full_cpu, full), ("an empty app", bare_cpu, bare)):
        print(f"  {name:<42} {cpu:7.2f}  {median(cost.wall for cost in costs):7.2f}")
    print(f"  CPU a resource: {each:.1f} ms, {judged(each, TARGET_MS)} {TARGET_MS:g} ms")


def policy(stage: str, runs: int) -> None:
    """Prints what the policies cost: a synth with them and one without, in turn."""
    folder = PROJECT / ".cache" / "bench"
    command = [sys.executable, "-O", "app.py"]
    with_: list[Cost] = []
    without: list[Cost] = []
    for _ in range(runs):
        with_.append(measure(command, _environment(folder / stage, stage=stage)))
        without.append(measure(command, _environment(folder / "unchecked", stage=stage, policy="off")))
    added = median(one.cpu - other.cpu for one, other in zip(with_, without, strict=True))
    print(f"policies in a synth of {stage}, median of {runs} pairs      CPU s")
    print(f"  cdk-nag and our rules together             {added:7.2f}  {judged(added, POLICY_S)} {POLICY_S:g} s")
    print(f"  our rules alone                            {_own_rules(folder / stage, stage):7.2f}")


def _own_rules(folder: Path, stage: str) -> float:
    """CPU seconds of reading the assembly and running every rule of ours, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-O", "-c", _RULES, str(folder), stage],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def judged(measured: float, target: float) -> str:
    """In words, since a benchmark states and does not fail."""
    return "within the target of" if measured <= target else "ABOVE the target of"


def answers() -> None:
    """Prints how long help and bad input take. Raises `CalledProcessError` when bad input loads the CDK."""
    folder = PROJECT / ".cache" / "bench" / "refused"
    help_cost = measure(["make", "help"], os.environ)
    refused = [sys.executable, "-O", "-c", _REFUSED]
    bad = min((measure(refused, _environment(folder, stage="nowhere")) for _ in range(3)), key=lambda cost: cost.wall)
    print("answers                                          CPU s   wall s")
    for name, cost in (("make help", help_cost), ("bad input", bad)):
        print(f"  {name:<42} {cost.cpu:7.2f}  {cost.wall:7.2f}")
    print(f"  the slower of them: {judged(max(help_cost.wall, bad.wall), AT_ONCE_S)} {AT_ONCE_S:g} s")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="What a synth costs.")
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    synth(arguments.stage, arguments.runs)
    policy(arguments.stage, arguments.runs)
    answers()


if __name__ == "__main__":
    main()
