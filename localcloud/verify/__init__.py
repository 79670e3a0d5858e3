"""Reads everything back through the SDK and compares it with the specification and the settings.

Owns the list of families. A deploy that CloudFormation calls complete proves nothing by itself; what
counts is what the services answer. Expectations come from settings and the specification's tables,
not from the templates, or the emulator would only be compared with itself.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cloudmart_cdk.settings import Settings
from localcloud.state import Cloud
from localcloud.verify import (
    backend,
    cluster,
    data,
    frontend,
    messages,
    monitoring,
    network,
    objects,
    references,
    security_groups,
    storage,
    stores,
)
from localcloud.verify.table import Check, Report
from localcloud.verify.view import View

_FAMILIES: tuple[Callable[[View], Iterator[Check]], ...] = (
    references.checks,
    network.checks,
    security_groups.checks,
    storage.checks,
    data.checks,
    stores.checks,
    backend.checks,
    frontend.checks,
    cluster.checks,
    objects.checks,
    messages.checks,
    monitoring.checks,
)


def look(cloud: Cloud, settings: Settings, *, ca_file: Path, objects_file: Path) -> View:
    """The deployed stacks.

    `ca_file`: what the stores' certificates are checked against; `objects_file`: what is recorded of the cluster.
    """
    return View(cloud, settings, ca_file=ca_file, objects_file=objects_file)


def run(view: View) -> Report:
    """All checks. A family that breaks is a failed check, and the others still run."""
    report, began = Report(), time.monotonic()
    for family in _FAMILIES:
        try:
            for check in family(view):
                report.checks.append(check)
        except Exception as error:
            name = family.__module__.rpartition(".")[2]
            report.checks.append(Check(f"{name} can be read", "an answer", f"{type(error).__name__}: {error}"))
    report.seconds = time.monotonic() - began
    return report
