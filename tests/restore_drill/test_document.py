"""The drill's document, run: whatever happens, the copy goes, and nothing but the copy is touched."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.restore_drill.account import (
    ACCOUNT,
    COPY,
    GROUP,
    KEY,
    NOW,
    ORIGINAL,
    PARAMETERS,
    REGION,
    SUBNETS,
    Account,
    Instance,
    Request,
    allowed,
    rds_arn,
    recovery_point,
)
from tests.restore_drill.automation import Execution, execute
from tests.restore_drill.template import TAGS, document, one, statements

EQUAL = {"Equal": True, "Text": "nothing missing", "RestoreMinutes": 12.3, "Tables": 6, "Rows": 1320}
BESIDE = ["Find", "Way", "Source", "RestoreBackup", "Settled", "Available", "Host", "Encrypted", "Compare", "Delete"]
BESIDE += ["Gone"]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def account() -> Iterator[Account]:
    """With two days of backups, of which the last is nine hours old."""
    id, _ = one("AWS::Lambda::Function", "Compare")
    found = Account(
        statements=statements("AutomationRole"),
        now=NOW,
        compare=lambda _: dict(EQUAL),
        function=f"<{id}>",
        function_arn=f"<{id}.Arn>",
        instances={ORIGINAL: Instance(ORIGINAL, NOW - timedelta(days=90), "available")},
        recovery_points=[
            recovery_point(NOW - timedelta(hours=33), "yesterday"),
            recovery_point(NOW - timedelta(hours=9), "last"),
            recovery_point(NOW - timedelta(hours=2), "broken", status="PARTIAL"),
        ],
    )
    with found.at_the_other_end():
        yield found


def run(account: Account, cancelled_at: str = "", **parameters: str) -> Execution:
    """And what must be so after every run."""
    ended = execute(document(), cancelled_at, **parameters)
    assert account.instances[ORIGINAL].status == "available"
    assert {call["DBInstanceIdentifier"] for call in account.of("DeleteDBInstance")} <= {COPY}
    return ended


def test_a_good_backup(account: Account) -> None:
    handed: list[dict[str, Any]] = []

    def compare(event: dict[str, Any]) -> dict[str, Any]:
        handed.append(event)
        return dict(EQUAL)

    account.compare = compare
    ended = run(account)
    assert (ended.status, list(ended.steps)) == ("Success", BESIDE)
    assert COPY not in account.instances
    (restore,) = account.of("RestoreDBInstanceFromDBSnapshot")
    assert restore == {
        "DBInstanceIdentifier": COPY,
        "DBSnapshotIdentifier": "awsbackup:job-last",
        "DBInstanceClass": "db.t3.medium",
        "DBSubnetGroupName": SUBNETS,
        "DBParameterGroupName": PARAMETERS,
        "VpcSecurityGroupIds": [GROUP],
        "PubliclyAccessible": False,
        "MultiAZ": False,
        "AutoMinorVersionUpgrade": False,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted({**TAGS, "Name": COPY}.items())],
    }
    (event,) = handed
    assert event["Host"] == f"{COPY}.rds.example"
    assert event["Point"] == (NOW - timedelta(hours=9)).isoformat()
    assert 2.9 < float(event["LossMinutes"]) < 5
    (delete,) = account.of("DeleteDBInstance")
    assert delete == {"DBInstanceIdentifier": COPY, "SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}
    assert [ended.values[name] for name in ("Compare.Text", "Compare.Rows")] == ["nothing missing", "1320"]


def test_the_last_restorable_moment(account: Account) -> None:
    account.recovery_points = []
    ended = run(account, From="point-in-time")
    assert (ended.status, list(ended.steps)) == ("Success", [s.replace("Backup", "PointInTime") for s in BESIDE])
    (restore,) = account.of("RestoreDBInstanceToPointInTime")
    assert restore["SourceDBInstanceIdentifier"] == ORIGINAL
    assert restore["TargetDBInstanceIdentifier"] == COPY
    assert restore["UseLatestRestorableTime"] is True
    assert COPY not in account.instances


def test_aws_backup_does_not_find_the_copy(account: Account) -> None:
    run(account)
    assert "Backup" not in {tag["Key"] for tag in account.of("RestoreDBInstanceFromDBSnapshot")[0]["Tags"]}


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "given none; allowed one of the last 36 hours"),
        ([recovery_point(NOW - timedelta(hours=37), "old")], "given the last one of"),
        ([recovery_point(NOW, "broken", status="PARTIAL")], "given none"),
    ],
)
def test_without_a_fresh_backup_the_drill_fails_at_once(
    account: Account, points: list[dict[str, Any]], said: str
) -> None:
    account.recovery_points = points
    ended = run(account)
    assert (ended.status, ended.steps) == ("Failed", {"Find": "Failed"})
    assert said in ended.said["Find"]
    assert not account.of("RestoreDBInstanceFromDBSnapshot", "DeleteDBInstance")


def test_without_a_database_nothing_is_done(account: Account) -> None:
    account.instances = {}
    ended = execute(document())
    assert ended.steps == {"Find": "Failed"}
    assert "do deploy DataStack" in ended.said["Find"]


def _different(_: dict[str, Any]) -> dict[str, Any]:
    return EQUAL | {"Equal": False, "Text": "public.orders is empty"}


def _broken(_: dict[str, Any]) -> dict[str, Any]:
    raise ValueError("error: database statement at copy: given XX001 invalid page")


@pytest.mark.parametrize(
    ("compare", "said"), [(_different, "different: public.orders is empty"), (_broken, "XX001 invalid page")]
)
def test_a_bad_copy_fails_the_drill_and_goes(
    account: Account, compare: Callable[[dict[str, Any]], dict[str, Any]], said: str
) -> None:
    account.compare = compare
    ended = run(account)
    assert (ended.status, list(ended.steps)) == ("Failed", BESIDE)
    assert [name for name, status in ended.steps.items() if status != "Success"] == ["Compare"]
    assert said in ended.said["Compare"]
    assert COPY not in account.instances


def test_a_restore_that_never_ends_is_given_up_and_removed(account: Account) -> None:
    account.stuck = True
    ended = run(account)
    assert (ended.status, ended.steps["Settled"]) == ("TimedOut", "TimedOut")
    assert ended.steps["Gone"] == "Success"
    assert COPY not in account.instances


def test_a_restore_that_fails_is_not_waited_for(account: Account) -> None:
    account.outcome = "incompatible-restore"
    ended = run(account)
    assert (ended.status, ended.steps["Settled"], ended.steps["Available"]) == ("Failed", "Success", "Failed")
    assert "incompatible-restore" in ended.said["Available"]
    assert COPY not in account.instances


def test_a_restore_that_is_refused_leaves_nothing(account: Account) -> None:
    account.refused["RestoreDBInstanceFromDBSnapshot"] = "StorageQuotaExceeded"
    ended = run(account)
    assert ended.status == "Failed"
    assert "StorageQuotaExceeded" in ended.said["RestoreBackup"]
    assert list(ended.steps)[-2:] == ["RestoreBackup", "Delete"], "there might have been one"
    assert COPY not in account.instances


def test_a_copy_under_another_key_is_refused_and_goes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = account._restore

    def under_another(client: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = restore(client, parameters)
        account.instances[COPY].key = KEY.replace("1111", "9999")
        return answer

    monkeypatch.setattr(account, "_restore", under_another)
    ended = run(account)
    assert (ended.status, ended.steps["Encrypted"]) == ("Failed", "Failed")
    assert "Compare" not in ended.steps
    assert COPY not in account.instances


@pytest.mark.parametrize("step", ["RestoreBackup", "Settled", "Available", "Host", "Encrypted", "Compare"])
def test_a_cancel_removes_the_copy_too(account: Account, step: str) -> None:
    ended = run(account, cancelled_at=step)
    assert ended.status == "Cancelled"
    assert ended.steps["Delete"] == "Success"
    assert COPY not in account.instances


def test_what_an_aborted_drill_left_is_removed_first(account: Account) -> None:
    account.instances[COPY] = Instance(COPY, NOW - timedelta(hours=5), "available")
    ended = run(account)
    assert (ended.status, list(ended.steps)) == (
        "Success",
        [*BESIDE[:2], "RemoveLeftover", "LeftoverGone", *BESIDE[2:]],
    )
    assert len(account.of("DeleteDBInstance")) == 2
    assert COPY not in account.instances


@pytest.mark.parametrize("made", [NOW - timedelta(hours=1), None])
def test_another_drill_at_work_is_left_alone(account: Account, made: Any) -> None:
    account.instances[COPY] = Instance(COPY, made, "creating")
    account.stuck = True
    ended = run(account)
    assert ended.steps == {"Find": "Failed"}
    assert "allowed one at a time; do wait" in ended.said["Find"]
    assert not account.of("DeleteDBInstance")
    assert COPY in account.instances


def test_a_copy_that_does_not_go_is_waited_for_and_then_said(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.restore_drill.account.BUSY_FOR", 60)
    account.instances[COPY] = Instance(COPY, NOW - timedelta(hours=5), "available", looks=60)
    ended = run(account)
    assert ended.steps["LeftoverGone"] == "Success", "the second script sees it gone"
    assert len(account.of("DescribeDBInstances")) > 38


def test_the_role_does_nothing_to_the_original_and_nothing_elsewhere() -> None:
    """Every action of the role against every instance but the copy."""
    role = statements("AutomationRole")
    actions = {
        action for each in role for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert actions == {
        "backup:ListRecoveryPointsByBackupVault",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "lambda:InvokeFunction",
        "rds:AddTagsToResource",
        "rds:DeleteDBInstance",
        "rds:DescribeDBInstances",
        "rds:RestoreDBInstanceFromDBSnapshot",
        "rds:RestoreDBInstanceToPointInTime",
    }
    harmless = {"rds:DescribeDBInstances", "rds:RestoreDBInstanceToPointInTime"}  # it is read, and its log
    for name in (ORIGINAL, f"{COPY}-2", "team3-prod-db-r1", "other-prod-drill"):
        may = {action for action in actions if allowed(role, Request(action, rds_arn("db", name)))}
        assert may == (harmless if name == ORIGINAL else set()), name
    assert not allowed(role, Request("rds:RestoreDBInstanceFromDBSnapshot", rds_arn("snapshot", "by-hand")))
    assert not allowed(role, Request("kms:CreateGrant", KEY, {"kms:ViaService": f"rds.{REGION}.amazonaws.com"}))
    assert not allowed(role, Request("kms:DescribeKey", KEY))


def test_what_is_referred_to_exists_and_every_output_is_used() -> None:
    content = document()
    known = {f"{step['name']}.{out['Name']}" for step in content["mainSteps"] for out in step.get("outputs", ())}
    known |= content["parameters"].keys()
    used = set(re.findall(r"\{\{ ?([\w.]+) ?\}\}", str(content["mainSteps"])))
    assert used <= known
    assert known - used <= set(content["outputs"]) <= known


def test_every_step_is_bounded_and_every_one_with_a_copy_leads_to_its_removal() -> None:
    steps = {step["name"]: step for step in document()["mainSteps"]}
    with_copy = list(steps)[list(steps).index("RestoreBackup") : list(steps).index("Delete")]
    assert with_copy == ["RestoreBackup", "RestorePointInTime", "Settled", "Available", "Host", "Encrypted", "Compare"]
    for name in with_copy:
        assert steps[name]["onFailure"] == steps[name]["onCancel"] == "step:Delete"
    for step in steps.values():
        if step["action"] in ("aws:executeScript", "aws:waitForAwsResourceProperty"):
            assert step["timeoutSeconds"] <= (600 if step["action"] == "aws:executeScript" else 5400)
    assert document()["assumeRole"] == f"<{one('AWS::IAM::Role', 'AutomationRole')[0]}.Arn>"
    assert ACCOUNT in str(statements("AutomationRole"))
