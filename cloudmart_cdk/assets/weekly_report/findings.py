"""What is open: patches, images, backups, certificates, secrets, stacks, the last restore drill.

Each function reads one source and answers a `Finding`; what it may raise is the source's.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .period import SEOUL, Period
from .plan import Drill

_SCANNED_DAYS: Final = 2
"""The fleet is scanned daily; what was not seen for longer is gone."""
_EXPIRES_DAYS: Final = 45
"""AWS renews from 60 days before the end on; what is left at 45 did not work by itself."""
_DRILL_DAYS: Final = 40
"""It is monthly."""
_HOUR: Final = 3600
_SEVERE: Final = ("CRITICAL", "HIGH")
_HELD: Final = ("FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_IN_PROGRESS")


@dataclass(frozen=True)
class Finding:
    """`text`: how it stands; `attention`: what somebody should do, empty when nothing."""

    text: str
    attention: str = ""


def patches(ssm: Any, group: str, period: Period) -> Finding:
    """Patch Manager's compliance of the instances that were scanned lately."""
    pages = ssm.get_paginator("describe_instance_patch_states_for_patch_group").paginate(PatchGroup=group)
    oldest = period.now - timedelta(days=_SCANNED_DAYS)
    states = [
        state for page in pages for state in page.get("InstancePatchStates", ()) if state["OperationEndTime"] >= oldest
    ]
    if not states:
        return Finding("no instance was scanned in two days", "no instance was scanned for patches in two days")
    behind = [state for state in states if _missing(state)]
    missing = sum(_missing(state) for state in behind)
    text = f"{len(states) - len(behind)} of {len(states)} instances compliant"
    if not behind:
        return Finding(text)
    return Finding(
        f"{text}, {missing} patches missing",
        f"{len(behind)} of {len(states)} instances lack patches (runbook: patching)",
    )


def _missing(state: dict[str, Any]) -> int:
    return sum(int(state.get(key, 0)) for key in ("MissingCount", "FailedCount", "InstalledPendingRebootCount"))


def images(ecr: Any, repositories: Iterable[str], stage: str) -> Finding:
    """Of each repository the image pushed last."""
    severe: list[str] = []
    empty = scanned = 0
    for repository in repositories:
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository, filter={"tagStatus": "TAGGED"})
        every = [image for page in pages for image in page["imageDetails"]]
        if not every:
            empty += 1
            continue
        counts = _scan(ecr, repository, max(every, key=lambda image: image["imagePushedAt"])["imageDigest"])
        if counts is None:
            continue
        scanned += 1
        found = ", ".join(f"{counts[level]} {level.lower()}" for level in _SEVERE if counts.get(level))
        if found:
            severe.append(f"{repository.removeprefix(f'{stage}/')} {found}")
    text = f"{scanned} scanned, {empty} repositories empty" if empty else f"{scanned} scanned"
    if not severe:
        return Finding(f"{text}, nothing severe")
    return Finding(f"{text}; {'; '.join(severe)}", f"images with severe findings: {'; '.join(severe)}")


def _scan(ecr: Any, repository: str, digest: str) -> dict[str, int] | None:
    try:
        answer = ecr.describe_image_scan_findings(
            repositoryName=repository, imageId={"imageDigest": digest}, maxResults=1
        )
    except ecr.exceptions.ScanNotFoundException:
        return None
    counts: dict[str, int] = answer.get("imageScanFindings", {}).get("findingSeverityCounts", {})
    return counts


def backups(client: Any, vault: str, period: Period) -> Finding:
    jobs = [
        job
        for page in client.get_paginator("list_backup_jobs").paginate(
            ByBackupVaultName=vault, ByCreatedAfter=period.start, ByCreatedBefore=period.now
        )
        for job in page["BackupJobs"]
    ]
    states = Counter(str(job["State"]) for job in jobs)
    failed = states["FAILED"] + states["ABORTED"] + states["EXPIRED"]
    text = f"{states['COMPLETED']} of {len(jobs)} jobs completed"
    if failed:
        return Finding(f"{text}, {failed} failed", f"{failed} backup jobs failed")
    if not states["COMPLETED"]:
        return Finding(text, "no backup was completed this week")
    return Finding(text)


def certificates(clients: Iterable[Any], domain: str, period: Period) -> Finding:
    """`clients`: ACM's, one a region."""
    ends: list[tuple[datetime, str]] = []
    for acm in clients:
        for page in acm.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED", "EXPIRED"]):
            for each in page["CertificateSummaryList"]:
                name = each["DomainName"]
                if (name == domain or name.endswith(f".{domain}")) and each.get("InUse", True) and "NotAfter" in each:
                    ends.append((each["NotAfter"], name))
    if not ends:
        return Finding(f"none of {domain} in use", f"no certificate of {domain} is in use")
    first, name = min(ends)
    days = (first - period.now).days
    text = f"{len(ends)} in use, the first ends in {days} days ({name})"
    if days <= _EXPIRES_DAYS:
        return Finding(text, f"the certificate of {name} ends in {days} days")
    return Finding(text)


def secrets(client: Any, stage: str, period: Period) -> Finding:
    """Those that rotate."""
    pages = client.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [f"{stage}/"]}])
    rotated = [secret for page in pages for secret in page["SecretList"] if secret.get("RotationEnabled")]
    late = sorted(
        secret["Name"].removeprefix(f"{stage}/")
        for secret in rotated
        if (due := secret.get("NextRotationDate")) is not None and due < period.now - timedelta(days=1)
    )
    text = f"{len(rotated) - len(late)} of {len(rotated)} rotated in time"
    if late:
        return Finding(f"{text}; late: {', '.join(late)}", f"not rotated in time: {', '.join(late)}")
    return Finding(text)


def stacks(client: Any, names: Sequence[str]) -> Finding:
    """State, and drift as far as somebody had it detected: that needs rights to read everything, which this lacks."""
    drifted, held, checked = [], [], []
    for name in names:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        short = name.rpartition("-")[2]
        drift = stack.get("DriftInformation", {})
        if drift.get("StackDriftStatus") == "DRIFTED":
            drifted.append(short)
        if "LastCheckTimestamp" in drift:
            checked.append(drift["LastCheckTimestamp"])
        if stack["StackStatus"].endswith(_HELD):
            held.append(f"{short} {stack['StackStatus']}")
    looked = f"drift of {len(checked)} of {len(names)} looked at" if checked else "drift never looked at"
    if checked:
        looked += f", first {min(checked):%d %b}"
    parts = [*([f"drifted: {', '.join(drifted)}"] if drifted else []), *held]
    return Finding("; ".join([looked, *parts]), "; ".join(f"stacks: {part}" for part in parts))


def drill(cloudwatch: Any, drill: Drill, period: Period) -> Finding:
    """The last rehearsal of a restore, by the figures that it leaves."""
    dimensions = [{"Name": name, "Value": value} for name, value in drill.dimensions.items()]
    days: dict[datetime, dict[str, float]] = {}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            {
                "Id": id,
                "MetricStat": {
                    "Metric": {"Namespace": drill.namespace, "MetricName": metric, "Dimensions": dimensions},
                    "Period": _HOUR,
                    "Stat": statistic,
                },
            }
            for id, metric, statistic in (
                ("succeeded", "Succeeded", "Sum"),
                ("failed", "Failed", "Sum"),
                ("minutes", "RestoreMinutes", "Maximum"),
            )
        ],
        StartTime=period.end - timedelta(days=_DRILL_DAYS),
        EndTime=period.end,
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                days.setdefault(at, {})[result["Id"]] = value
    ended = {at: figures for at, figures in days.items() if figures.get("succeeded") or figures.get("failed")}
    if not ended:
        return Finding(f"none in {_DRILL_DAYS} days", f"no restore was rehearsed for {_DRILL_DAYS} days")
    last = max(ended)
    on = f"{last.astimezone(SEOUL):%d %b}"
    if ended[last].get("failed"):
        return Finding(f"failed on {on}", f"the restore drill of {on} failed (runbook: restore-drill)")
    took = ended[last].get("minutes")
    return Finding(f"succeeded on {on}" + (f", restored in {took:.0f} min" if took is not None else ""))
