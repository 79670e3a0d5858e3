"""kubectl and helm: the binaries that the cluster's function runs, asked without a cluster.

Owns what is found that way: verbs, options and their types by the program's own parser, which then shows help instead
of doing anything; kinds of objects by a table, because only a cluster could list them.
"""

import os
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from cloudmart_cdk.constructs.kubectl_layer import layer_zip

_KINDS: Final = frozenset(
    {
        *("pods", "pod", "po", "nodes", "node", "namespaces", "ns", "services", "svc", "events", "secrets", "secret"),
        *("deployments", "deployment", "deploy", "daemonsets", "ds", "replicasets", "rs", "jobs", "hpa", "pdb"),
        *("configmaps", "cm", "serviceaccounts", "sa", "networkpolicies", "netpol", "endpointslices", "leases"),
        *("apiservices", "apiservice", "customresourcedefinitions", "crd", "pvc", "pv", "storageclasses", "sc"),
        *("targetgroupbindings", "targetgroupbinding", "scaledobjects", "scaledobject", "vpa", "all"),
    }
)
"""Kubernetes' own, and those of the charts' that the pages ask for."""
_TAKE_KINDS: Final = frozenset({"get", "describe", "delete", "patch", "scale", "label", "annotate"})
_ROLLOUTS: Final = frozenset({"status", "history", "undo", "restart", "pause", "resume"})
_SWITCHES: Final = frozenset(
    {
        *("-A", "--all-namespaces", "-w", "--watch", "--no-headers", "--show-labels", "--ignore-not-found", "-p"),
        *("--ignore-daemonsets", "--delete-emptydir-data", "--server-side", "--force", "--all", "--previous", "--wait"),
        *("-i", "-t", "-it", "--follow"),
    }
)
"""Options without a value; the program itself refuses others."""


def kubectl(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line."""
    yield from _parsed("kubectl", arguments)
    match _words(arguments):
        case [verb, what, *_] if verb in _TAKE_KINDS:
            for kind in what.split(","):
                if kind.partition("/")[0] not in _KINDS | {"sample"}:
                    yield f"given {kind}; allowed: {', '.join(sorted(_KINDS))}"
        case ["rollout", action, *_] if action not in _ROLLOUTS:
            yield f"given rollout {action}; allowed: {', '.join(sorted(_ROLLOUTS))}"
        case _:
            pass


def helm(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line."""
    yield from _parsed("helm", arguments)


def _parsed(program: str, arguments: Sequence[str]) -> Iterator[str]:
    command = [*arguments]
    if "--" in command:
        command = command[: command.index("--")]
    wrong = _says(program, tuple(command))
    if wrong:
        yield wrong
    # With an unknown verb the programs show help, too.
    verb = next(iter(_words(command)), "none")
    if verb not in _verbs(program):
        yield f"given {verb}; allowed: {', '.join(sorted(_verbs(program)))}"


def _words(arguments: Sequence[str]) -> list[str]:
    """What is neither an option nor its value."""
    found, rest = [], iter(arguments)
    for word in rest:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            found.append(word)
        elif "=" not in word and word not in _SWITCHES:
            next(rest, None)
    return found


@cache
def _says(program: str, arguments: tuple[str, ...]) -> str:
    """Empty: the line is parsed, and help is shown."""
    done = subprocess.run(
        [str(_binary(program)), *arguments, "--help"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.defpath, "KUBECONFIG": os.devnull, "HOME": tempfile.gettempdir()},
        timeout=60,
    )
    if done.returncode == 0 and "Usage:" in done.stdout:
        return ""
    return next((line for line in done.stderr.splitlines() if line.strip()), "not understood")


@cache
def _verbs(program: str) -> frozenset[str]:
    shown = subprocess.run([str(_binary(program)), "--help"], capture_output=True, text=True, check=True, timeout=60)
    return frozenset(re.findall(r"^  ([a-z][\w-]+)\s", shown.stdout, re.MULTILINE))


@cache
def _binary(program: str) -> Path:
    """Out of the layer, beside it in the cache."""
    found = layer_zip().parent / program
    if not found.exists():
        handle, draft = tempfile.mkstemp(dir=found.parent)
        with zipfile.ZipFile(layer_zip()) as layer, os.fdopen(handle, "wb") as target:
            target.write(layer.read(f"{program}/{program}"))
        Path(draft).chmod(0o755)
        Path(draft).replace(found)  # whole or not at all
    return found
