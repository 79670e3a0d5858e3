"""Corrections of MiniStack 1.5.33 where it drops, refuses or misreports what AWS does not.

Owns the order in which they go in. Each module names the faults it corrects.
"""

from localcloud.server.mends import (
    alarms,
    auto_scaling,
    balancing,
    buckets,
    caches,
    cdn,
    clusters,
    databases,
    deployment,
    existing,
    network,
    notifications,
    offers,
    parameters,
    rotation,
    schedules,
    secrets,
    tables,
    tagging,
)


def install() -> None:
    """Applies all corrections. Raises `PatchError` when MiniStack is another version."""
    for family in (
        deployment,
        network,
        existing,
        buckets,
        databases,
        caches,
        clusters,
        cdn,
        balancing,
        auto_scaling,
        alarms,
        notifications,
        offers,
        parameters,
        rotation,
        schedules,
        secrets,
        tables,
        tagging,
    ):
        family.install()
