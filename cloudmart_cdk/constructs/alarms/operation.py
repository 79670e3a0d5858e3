"""What runs by itself and whose failure nobody would see: rotation of secrets, backups."""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedBackup
from .row import Alarm, Math, Metric, Severity
from .usage import over_five_minutes

_HOUR: Final = 3600


def rotation_alarms(function: str) -> Iterator[Alarm]:
    """Secrets Manager tries a failed rotation again, for days if need be, and tells nobody.

    `function`: its name; it runs for minutes a month, so silence is right.
    """
    yield over_five_minutes(
        "rotation-errors",
        "A secret of the database or the cache could not be rotated",
        Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": function}),
        0,
        page="rotation",
        silence="notBreaching",
    )


def backup_alarms(backup: WatchedBackup) -> Iterator[Alarm]:
    """A job that ends otherwise than complete. That backups can be restored is the drill's business.

    AWS Backup publishes every five minutes, and nothing where nothing happened.
    """
    ends = {
        "failed": "NumberOfBackupJobsFailed",
        "aborted": "NumberOfBackupJobsAborted",
        "expired": "NumberOfBackupJobsExpired",
        **({"uncopied": "NumberOfCopyJobsFailed"} if backup.copies else {}),
    }
    yield Alarm(
        id="backup-failed",
        broke="A backup was not made, or not copied" if backup.copies else "A backup was not made",
        watch=Math(
            f"SUM([{', '.join(ends)}])",
            {term: Metric("AWS/Backup", name, "Sum", {"BackupVaultName": backup.vault}) for term, name in ends.items()},
        ),
        threshold=0,
        period_s=_HOUR,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="backup",
    )
