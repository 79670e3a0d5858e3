"""The function beside the databases: compares what was restored with its original, and says how long it took.

Answers the step `Compare` of the drill's document. Reads the application's login and no other secret; has no right in
AWS beyond that.
"""

import json
import os
import time
from datetime import UTC, datetime
from typing import Any, Final

from ..rotation.postgresql import Server
from ..rotation.trust import authorities
from ..rotation.versions import CURRENT, PREVIOUS, Login, Secret
from . import comparison, reader

RESTORE_MINUTES: Final = 30
"""Specification section 3: restore in 30 minutes. From the search for the backup to the application's first login."""
LOSS_MINUTES: Final = 5
"""Specification section 3: at most 5 minutes of data lost, which is how often RDS saves its log."""
LOSS_LIMIT_MINUTES: Final = 10
"""A look at any moment finds the last save up to a round behind; at two, saving has stopped."""
_PATIENCE_S: Final = 540
"""For one statement; the function ends after 570 s, and the step after 600 s."""
_SHOWN: Final = 5


def handle(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """`event`: `Host` of the copy; `Point`, `StartedAt` (ISO 8601) and `LossMinutes` as the step `Find` found them.

    Answers `Equal`, `Text` (a line), `RestoreMinutes`, `Tables`, `Rows`. Raises `DrillError` or `RotationError`.
    """
    began = time.monotonic()
    point, started = (datetime.fromisoformat(event[name]) for name in ("Point", "StartedAt"))
    logins = _logins()
    cutoff = comparison.cutoff(point)
    with reader.snapshot(_server(event["Host"]), logins) as session:
        minutes = (datetime.now(UTC) - started).total_seconds() / 60  # usable from here on
        restored = reader.restored(session, cutoff)
    with reader.snapshot(_server(os.environ["DATABASE_HOST"]), logins) as session:
        original = reader.original(session, cutoff)
    found = comparison.differences(original, restored)
    found += _too_late(minutes, float(event["LossMinutes"]))
    rows = sum(figures.rows for figures in restored.figures.values()) + sum(restored.sampled.values())
    _log(table=comparison.shown(comparison.table(original, restored)), differences=found)
    answer = {
        "Equal": not found,
        "RestoreMinutes": round(minutes, 1),
        "Tables": len(restored.tables),
        "Rows": rows,
        "Text": _text(found, rows, len(restored.tables), minutes, float(event["LossMinutes"]), point),
    }
    _log(answer=answer, seconds=round(time.monotonic() - began, 1))
    return answer


def _too_late(restore_minutes: float, loss_minutes: float) -> list[str]:
    late = []
    if restore_minutes > RESTORE_MINUTES:
        late.append(f"the restore took {restore_minutes:.0f} minutes, and {RESTORE_MINUTES} are the target")
    if loss_minutes > LOSS_LIMIT_MINUTES:
        late.append(f"the last restorable moment was {loss_minutes:.0f} minutes ago, and {LOSS_MINUTES} are the target")
    return late


def _text(found: list[str], rows: int, tables: int, minutes: float, loss: float, point: datetime) -> str:
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return "; ".join(found[:_SHOWN]) + more
    return (
        f"the state of {point.astimezone(UTC):%Y-%m-%d %H:%M} UTC was usable after {minutes:.1f} minutes (target "
        f"{RESTORE_MINUTES}): {tables} tables, {rows:,} rows read, nothing missing; at the start a restore to the last "
        f"moment would have lost {loss:.1f} minutes (target {LOSS_MINUTES})"
    )


def _logins() -> list[Login]:
    secret = Secret(os.environ["APP_SECRET_ARN"], region=os.environ["AWS_REGION"])
    return [login for login in (secret.login(CURRENT), secret.login(PREVIOUS)) if login]


def _server(host: str) -> Server:
    return Server(
        host=host,
        port=int(os.environ["DATABASE_PORT"]),
        database=os.environ["DATABASE_NAME"],
        trust=authorities(os.environ["AWS_REGION"], os.environ.get("CA_FILE", "")),
        program="cloudmart-restore-drill",
        patience_s=_PATIENCE_S,
    )


def _log(**fields: object) -> None:
    print(json.dumps({"level": "info", **fields}), flush=True)
