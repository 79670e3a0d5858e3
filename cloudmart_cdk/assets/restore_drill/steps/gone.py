"""Steps `Gone` and `LeftoverGone`: wait until the copy is gone. Systems Manager runs this text by itself."""

import time
from typing import Any

import boto3

SECONDS = 570
PAUSE = 15


def handle(event: dict[str, str], _: Any) -> dict[str, str]:
    rds = boto3.client("rds")
    for _ in range(SECONDS // PAUSE):
        try:
            rds.describe_db_instances(DBInstanceIdentifier=event["Copy"])
        except rds.exceptions.DBInstanceNotFoundFault:
            return {}
        time.sleep(PAUSE)
    raise RuntimeError(f"error: {event['Copy']}: given one that is still being deleted; do look at its events in RDS")
