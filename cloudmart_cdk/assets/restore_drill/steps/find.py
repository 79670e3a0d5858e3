"""Step `Find`: what is restored from, whether a copy is in the way, and how much a restore to the last moment loses.

Systems Manager runs this text by itself: standard library and boto3 only, nothing of ours beside it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

OLDEST = timedelta(hours=36)
"""A daily backup starts within an hour and ends within four."""
BUSY = timedelta(hours=4)
"""No drill takes longer: a copy that is older is no other drill's."""


def handle(event: dict[str, str], _: Any) -> dict[str, str]:
    """Answers Snapshot (none for point-in-time), Point, StartedAt, LossMinutes, Leftover (yes, no)."""
    now = datetime.now(UTC)
    rds = boto3.client("rds")
    original = described(rds, event["Original"])
    if original is None:
        raise RuntimeError(f"error: database: given {event['Original']}, which does not exist; do deploy DataStack")
    latest = original["LatestRestorableTime"]
    if event["From"] == "backup":
        newest = newest_backup(event["Vault"], original["DBInstanceArn"], now)
        snapshot, point = newest["RecoveryPointArn"].split(":snapshot:")[1], newest["CreationDate"]
    else:
        snapshot, point = "none", latest
    return {
        "Snapshot": snapshot,
        "Point": point.astimezone(UTC).isoformat(),
        "StartedAt": now.isoformat(),
        "LossMinutes": f"{(now - latest) / timedelta(minutes=1):.1f}",
        "Leftover": "yes" if in_the_way(described(rds, event["Copy"]), now) else "no",
    }


def described(rds: Any, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    except rds.exceptions.DBInstanceNotFoundFault:
        return None
    return found


def in_the_way(copy: dict[str, Any] | None, now: datetime) -> bool:
    """Whether an aborted drill has left its copy. One that may be at work just now is an error."""
    if copy is None:
        return False
    made = copy.get("InstanceCreateTime")  # none while it is being made
    if made is None or now - made < BUSY:
        raise RuntimeError(
            f"error: drill: given {copy['DBInstanceIdentifier']} ({copy['DBInstanceStatus']}), so a drill is at work "
            f"or was broken off within {BUSY.seconds // 3600} hours; allowed one at a time; do wait, or delete it as "
            "the runbook says"
        )
    return True


def newest_backup(vault: str, arn: str, now: datetime) -> dict[str, Any]:
    pages = boto3.client("backup").get_paginator("list_recovery_points_by_backup_vault")
    points: list[dict[str, Any]] = [
        point
        for page in pages.paginate(BackupVaultName=vault, ByResourceArn=arn)
        for point in page["RecoveryPoints"]
        if point["Status"] in ("COMPLETED", "AVAILABLE") and ":snapshot:" in point["RecoveryPointArn"]
    ]
    newest = max(points, key=lambda point: point["CreationDate"], default=None)
    if newest is None or now - newest["CreationDate"] > OLDEST:
        given = "none" if newest is None else f"the last one of {newest['CreationDate']:%Y-%m-%d %H:%M}"
        raise RuntimeError(
            f"error: backup in vault {vault}: given {given}; allowed one of the last {OLDEST / timedelta(hours=1):.0f} "
            "hours; do see why AWS Backup made none (its jobs)"
        )
    return newest
