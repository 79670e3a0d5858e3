"""Who is told of what: each row of the event table against events as AWS sends them, ours and our neighbours'."""

from collections.abc import Iterable
from typing import Any, Final

import pytest

from cloudmart_cdk.constructs.alarms import Severity
from cloudmart_cdk.constructs.events import Event
from cloudmart_cdk.constructs.events.account import account_events, sign_in_events
from cloudmart_cdk.constructs.events.table import stage_events
from cloudmart_cdk.constructs.trace_groups import groups, insight_events
from cloudmart_cdk.constructs.watched import Watched, WatchedBackup, WatchedCluster, WatchedDatabase, WatchedGroups
from tests.events import samples as s
from tests.events.bridge import line, matches

WATCHED: Final = Watched(
    backend=WatchedGroups(
        names={colour: f"{s.PREFIX}-backend-{colour}" for colour in ("blue", "green")}, minimum=2, off_hours=False
    ),
    cluster=WatchedCluster(name=s.CLUSTER, node_groups=(s.NODES,)),
    database=WatchedDatabase(
        id=f"{s.PREFIX}-db", max_connections=80, storage_gb=20, replica_ids=(f"{s.PREFIX}-db-r1",)
    ),
    backup=WatchedBackup(vault=f"{s.PREFIX}-backup"),
    restore_drill=s.PREFIX,
)
AURORA: Final = Watched(
    database=WatchedDatabase(id=f"{s.PREFIX}-db", aurora=True, max_connections=80, storage_gb=20, readers=True)
)


def stage_rows(watched: Watched = WATCHED, *, whole_account: bool = False) -> list[Event]:
    return list(stage_events(watched, prefix=s.PREFIX, region=s.REGION, whole_account=whole_account))


TRACED: Final = groups(s.PREFIX, {"shop": ["shop"]}, latency_ms=200, insights=True)
STAGE: Final = stage_rows()
ACCOUNT: Final = [*account_events(region=s.REGION), *sign_in_events(), *insight_events(TRACED, region=s.REGION)]
ROWS: Final = {row.id: row for row in (*STAGE, *ACCOUNT)}

LAUNCHED, NOT_LAUNCHED = "EC2 Instance Launch Successful", "EC2 Instance Launch Unsuccessful"
DEPLOY = "cloudformation.amazonaws.com"
SECRET_ARN = f"arn:aws:secretsmanager:{s.REGION}:{s.ACCOUNT}:secret"

# id -> (events that are told, events that are not)
CASES: Final[dict[str, tuple[list[s.Event], list[s.Event]]]] = {
    "Scaled": (
        [
            s.scaling("cloudmart-lab-backend-blue", LAUNCHED, "InProgress"),
            s.scaling("cloudmart-lab-backend-green", "EC2 Instance Terminate Successful", "InProgress"),
            s.scaling(f"eks-{s.NODES}-0ec9d6a8-1111-2222-3333-444455556666", LAUNCHED, "InProgress"),
        ],
        [
            s.scaling("cloudmart2-lab-backend-blue", LAUNCHED, "InProgress"),
            s.scaling("cloudmart-lab-backend-blue2", LAUNCHED, "InProgress"),
            s.scaling("eks-OnDemand-AbCdEf1234567-0ec9d6a8", LAUNCHED, "InProgress"),
            s.scaling("cloudmart-lab-backend-blue", "EC2 Instance-launch Lifecycle Action"),
        ],
    ),
    "ScalingFailed": (
        [
            s.scaling("cloudmart-lab-backend-blue", NOT_LAUNCHED, why="You have requested more vCPU capacity."),
            s.scaling(f"eks-{s.NODES}-0ec9d6a8", "EC2 Instance Terminate Unsuccessful"),
            s.scaling("cloudmart-lab-backend-green", "EC2 Auto Scaling Instance Refresh Failed"),
        ],
        [
            s.scaling("cloudmart-dev-backend-blue", NOT_LAUNCHED),
            s.scaling("cloudmart-lab-backend-blue", LAUNCHED),
        ],
    ),
    "InstanceStopped": ([s.instance("stopped")], [s.instance("running"), s.instance("terminated")]),
    "VolumeFailed": (
        [s.volume("createVolume", "failed", "arn:aws:kms:...:key/1 is disabled."), s.volume("attachVolume", "failed")],
        [s.volume("createVolume", "available"), s.volume("deleteVolume", "deleted")],
    ),
    "VolumeCreated": (
        [s.create_volume(Stage="lab", Cluster=s.CLUSTER)],
        [
            s.create_volume(Stage="lab", Cluster="cloudmart2-lab-tiketi"),
            s.create_volume(Cluster="other", Name=s.CLUSTER),
            s.create_volume(),
            s.volume("createVolume", "available"),
        ],
    ),
    "DeploymentFailed": (
        [s.deployment("cloudmart-lab-backend", "FAILURE"), s.deployment("cloudmart-lab-backend", "STOP")],
        [s.deployment("cloudmart-lab-backend", "SUCCESS"), s.deployment("cloudmart2-lab-backend", "FAILURE")],
    ),
    "DatabaseTroubled": (
        [
            s.database("cloudmart-lab-db", "failover"),
            s.database("cloudmart-lab-db", "failure"),
            s.database("cloudmart-lab-db-r1", "low storage"),
            s.database("cloudmart-lab-db", "recovery"),
        ],
        [
            s.database("cloudmart2-lab-db", "failover"),
            s.database("cloudmart-lab-db", "backup"),
            s.database("cloudmart-lab-db", "failover", kind="RDS DB Cluster Event"),
        ],
    ),
    "DatabaseChanged": (
        [
            s.database("cloudmart-lab-db", "maintenance", message="DB instance will be patched."),
            s.database("cloudmart-lab-db", "availability", message="DB instance restarted"),
            s.database("cloudmart-lab-db", "notification", message="DB instance has been stopped"),
        ],
        [
            s.database("cloudmart-lab-db", "backup", message="Backing up DB instance"),
            s.database("cloudmart-lab-db", "configuration change"),
            s.database("cloudmart-lab-db-copy", "maintenance"),
        ],
    ),
    "AddonTroubled": (
        [
            s.addon(s.CLUSTER, "EKS Addon Health Degraded"),
            s.addon(s.CLUSTER, "EKS Addon Update Failed"),
            s.event("aws.eks", "EKS Addon Update Failed", {"clusterName": s.CLUSTER, "addonName": "coredns"}),
        ],
        [
            s.addon("cloudmart2-lab-tiketi", "EKS Addon Health Degraded"),
            s.addon(f"{s.CLUSTER}2", "EKS Addon Health Degraded"),
            s.addon(s.CLUSTER, "EKS Addon Update Succeeded"),
            s.event("aws.eks", "EKS Addon Update Failed", {"clusterName": "team3-lab-tiketi"}),
        ],
    ),
    "ClusterChanged": (
        [
            s.call("eks", "UpdateClusterVersion", {"name": s.CLUSTER, "version": "1.36"}),
            s.call("eks", "DeleteNodegroup", {"name": s.CLUSTER, "nodegroupName": s.NODES}),
            s.call("eks", "CreateAccessEntry", {"clusterName": s.CLUSTER}),
        ],
        [
            s.call("eks", "UpdateClusterVersion", {"name": s.CLUSTER}, by=DEPLOY),
            s.call("eks", "UpdateClusterVersion", {"name": "cloudmart2-lab-tiketi"}),
            s.call("eks", "DescribeCluster", {"name": s.CLUSTER}),
        ],
    ),
    "ImageVulnerable": (
        [s.image("cloudmart-lab/auth", CRITICAL=1), s.image("cloudmart-lab/queue", HIGH=2, LOW=9)],
        [
            s.image("cloudmart-lab/auth", LOW=3, MEDIUM=1),
            s.image("cloudmart-lab/auth", CRITICAL=0, HIGH=0),
            s.image("cloudmart-lab2/auth", CRITICAL=1),
            s.image("cloudmart-lab/auth", "FAILED", CRITICAL=1),
        ],
    ),
    "BackupFailed": (
        [
            s.backup("cloudmart-lab-backup", "FAILED"),
            s.backup("cloudmart-lab-backup", "EXPIRED"),
            s.backup_copy("cloudmart-lab-backup", "FAILED"),
        ],
        [
            s.backup("cloudmart-lab-backup", "COMPLETED"),
            s.backup("cloudmart2-lab-backup", "FAILED"),
            s.backup_copy("team-cloudmart-lab-backup", "FAILED"),
        ],
    ),
    "AutomationFailed": (
        [s.automation("cloudmart-lab-restore-drill", "Failed"), s.automation("cloudmart-lab-move-data", "TimedOut")],
        [
            s.automation("cloudmart-lab-restore-drill", "Success"),
            s.automation("cloudmart2-lab-restore-drill", "Failed"),
            s.automation("AWS-RestartEC2Instance", "Failed"),
        ],
    ),
    "DrillEnded": ([s.drill("cloudmart-lab")], [s.drill("cloudmart2-lab")]),
    "SecretDeleted": (
        [
            s.call("secretsmanager", "DeleteSecret", {"secretId": "cloudmart-lab/jwt"}),
            s.call("secretsmanager", "DeleteSecret", {"secretId": f"{SECRET_ARN}:cloudmart-lab/jwt-AbCdEf"}),
        ],
        [
            s.call("secretsmanager", "DeleteSecret", {"secretId": "cloudmart-lab/jwt"}, by=DEPLOY),
            s.call("secretsmanager", "DeleteSecret", {"secretId": "cloudmart2-lab/jwt"}),
            s.call("secretsmanager", "DeleteSecret", {"secretId": f"{SECRET_ARN}:team/cloudmart-lab/jwt-AbCdEf"}),
            s.call("secretsmanager", "RestoreSecret", {"secretId": "cloudmart-lab/jwt"}),
        ],
    ),
    "KeyAtRisk": (
        [
            s.call("kms", "ScheduleKeyDeletion", {"keyId": "1234abcd", "pendingWindowInDays": 7}),
            s.call("kms", "DisableKey", {"keyId": "1234abcd"}, errorCode="AccessDenied"),
        ],
        [
            s.call("kms", "ScheduleKeyDeletion", {"keyId": "1234abcd"}, by=DEPLOY),
            s.call("kms", "CreateGrant", {"keyId": "1234abcd"}),
        ],
    ),
    "TrailTouched": (
        [s.call("cloudtrail", "StopLogging", {"name": "cloudmart-prod-audit"})],
        [
            s.call("cloudtrail", "LookupEvents", {}),
            s.call("cloudtrail", "UpdateTrail", {"name": "cloudmart-prod-audit"}, by=DEPLOY),
        ],
    ),
    "Health": (
        [s.health("RDS"), s.health("EC2", "scheduledChange")],
        [s.health("GAMELIFT"), s.health("RDS", "accountNotification")],
    ),
    "SignIn": (
        [s.sign_in()],
        [s.sign_in(kind="Root"), s.sign_in(result="Failure"), s.sign_in("SwitchRole"), s.sign_in("CheckMfa")],
    ),
    "SignInTroubled": (
        [s.sign_in(kind="Root"), s.sign_in(result="Failure"), s.sign_in("CheckMfa", "Failure")],
        [s.sign_in(), s.sign_in("CheckMfa")],
    ),
    "Insight": (
        [s.insight("cloudmart-lab-shop")],
        [s.insight("cloudmart2-lab-shop"), s.insight("cloudmart-lab-poor"), s.insight("Default")],
    ),
}


def told(events: Iterable[s.Event], rows: Iterable[Event]) -> list[list[str]]:
    return [[row.id for row in rows if matches(row.pattern, event)] for event in events]


def test_every_row_is_tried() -> None:
    assert CASES.keys() == ROWS.keys()


@pytest.mark.parametrize("row", CASES)
def test_what_is_ours_is_told_once_and_what_is_not_is_not(row: str) -> None:
    ours, others = CASES[row]
    assert told(ours, ROWS.values()) == [[row]] * len(ours)
    assert all(row not in ids for ids in told(others, ROWS.values()))


@pytest.mark.parametrize("row", CASES)
def test_a_line_says_what_where_and_who(row: str) -> None:
    for event in CASES[row][0]:
        text = line(f'"{ROWS[row].line}"', ROWS[row].values, event)
        assert "\n" not in text
        assert len(text) < 600, "a line, not a page"
        for name in ("arn", "EC2InstanceId", "SourceIdentifier", "repository-name", "deploymentId", "secretId"):
            value = _found(event["detail"], name)
            assert value is None or value in text, f"{name} of {row} is not in: {text}"


@pytest.mark.parametrize("row", sorted(CASES.keys() - {"SignIn"}))
def test_a_line_ends_with_where_to_look(row: str) -> None:
    assert "https://" in ROWS[row].line.rpartition(" ")[2]


def test_lines_read_like_this() -> None:
    def said(row: str, number: int = 0) -> str:
        return line(f'"{ROWS[row].line}"', ROWS[row].values, CASES[row][0][number])

    console = "https://ap-northeast-2.console.aws.amazon.com"
    assert said("DatabaseTroubled") == (
        "Database cloudmart-lab-db, failover: A Multi-AZ failover has completed on cloudmart-lab-db. (RDS-EVENT-0049). "
        f"{console}/rds/home?region=ap-northeast-2#events:"
    )
    assert said("SecretDeleted") == (
        "DeleteSecret on cloudmart-lab/jwt by arn:aws:sts::123456789012:assumed-role/Admin/kim. It can be restored "
        f"while its recovery window runs.  {console}/secretsmanager/listsecrets?region=ap-northeast-2"
    )
    assert said("VolumeCreated").startswith("Volume vol-0a1b2c3d4e5f67890 of 8 GiB in ap-northeast-2a by arn:aws:sts")
    assert "AccessDenied" in said("KeyAtRisk", 1), "a call that was refused says so"


def test_troubles_are_warnings_and_changes_information() -> None:
    warnings = {row.id for row in ROWS.values() if row.severity is Severity.WARNING}
    assert ROWS.keys() - warnings == {
        "Scaled",
        "InstanceStopped",
        "VolumeFailed",
        "VolumeCreated",
        "DatabaseChanged",
        "ClusterChanged",
        "DrillEnded",
        "SignIn",
    }


def test_rules_of_twelve_students_fit_onto_one_event_bus() -> None:
    """300 (EventBridge quotas), the aborts of the services' releases among them."""
    assert 12 * (len(STAGE) + 6) <= 300


def test_aurora_speaks_as_a_cluster() -> None:
    rows = stage_rows(AURORA)
    failover = s.database("cloudmart-lab-db", "failover", kind="RDS DB Cluster Event")
    assert told([failover], rows) == [["DatabaseTroubled"]]
    assert told([s.database("cloudmart-lab-db", "failover")], rows) == [[]]


def test_in_an_account_of_ones_own_every_volume_is_told() -> None:
    rows = stage_rows(whole_account=True)
    assert told([s.create_volume(), s.create_volume(Cluster="x")], rows) == [["VolumeCreated"]] * 2


@pytest.mark.parametrize(
    ("watched", "absent"),
    [
        (
            Watched(),
            {"Scaled", "InstanceStopped", "VolumeCreated", "DatabaseTroubled", "ClusterChanged", "BackupFailed"},
        ),
        (Watched(backend=WATCHED.backend), {"VolumeCreated", "ClusterChanged", "ImageVulnerable", "DatabaseChanged"}),
        (Watched(cluster=WATCHED.cluster), {"DeploymentFailed", "DatabaseTroubled", "BackupFailed"}),
    ],
)
def test_what_is_left_out_is_not_told_of(watched: Watched, absent: set[str]) -> None:
    rows = {row.id for row in stage_rows(watched)}
    assert not rows & absent
    assert {"AutomationFailed", "SecretDeleted"} <= rows


def _found(node: Any, name: str) -> str | None:
    """The first text under that name, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name and isinstance(value, str):
                return value
            if (inner := _found(value, name)) is not None:
                return inner
    return None
