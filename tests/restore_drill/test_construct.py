"""What is deployed around the document: functions, schedules, the event, alarms; and what each may do."""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

from cloudmart_cdk.constructs.alarms import Metric
from cloudmart_cdk.constructs.alarms.restore_drill import drill_alarms
from cloudmart_cdk.constructs.restore_drill import bundle
from cloudmart_cdk.settings.topology import DATA
from tests.conftest import Synthesize
from tests.restore_drill.account import ACCOUNT, KEY, ORIGINAL, REGION
from tests.restore_drill.template import DOCUMENT, SECRET, document, one, resources, statements

SSM = f"arn:aws:ssm:{REGION}:{ACCOUNT}"


def test_both_kinds_of_restore_are_rehearsed_every_month() -> None:
    (role, _), (outcome, _) = one("AWS::IAM::Role", "ScheduleRole"), one("AWS::Lambda::Function", "Outcome")
    schedules = {
        schedule["Properties"]["ScheduleExpression"]: schedule["Properties"]["Target"]
        for schedule in resources().values()
        if schedule["Type"] == "AWS::Scheduler::Schedule"
    }
    start = "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution"
    assert {when: (target["Arn"], json.loads(target["Input"])) for when, target in schedules.items()} == {
        "cron(0 10 ? * TUE#1 *)": (start, {"DocumentName": DOCUMENT, "Parameters": {"From": ["backup"]}}),
        "cron(0 10 ? * TUE#3 *)": (start, {"DocumentName": DOCUMENT, "Parameters": {"From": ["point-in-time"]}}),
        "cron(0 12 * * ? *)": (f"<{outcome}.Arn>", {"Order": "age"}),
    }
    assert {target["RoleArn"] for target in schedules.values()} == {f"<{role}.Arn>"}
    for schedule in resources().values():
        if schedule["Type"] == "AWS::Scheduler::Schedule":
            assert schedule["Properties"]["ScheduleExpressionTimezone"] == "Asia/Seoul"


def test_the_schedule_starts_this_document_with_its_role_and_no_other() -> None:
    (automation, _), (outcome, _) = one("AWS::IAM::Role", "AutomationRole"), one("AWS::Lambda::Function", "Outcome")
    assert statements("ScheduleRole") == [
        {
            "Action": "ssm:StartAutomationExecution",
            "Effect": "Allow",
            "Resource": [
                f"{SSM}:document/{DOCUMENT}",
                f"{SSM}:automation-definition/{DOCUMENT}:$DEFAULT",
                f"{SSM}:automation-execution/*",
            ],
        },
        {
            "Action": "iam:PassRole",
            "Condition": {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            "Effect": "Allow",
            "Resource": f"<{automation}.Arn>",
        },
        {"Action": "lambda:InvokeFunction", "Effect": "Allow", "Resource": f"<{outcome}.Arn>"},
    ]


def test_the_comparing_function_reads_the_applications_login_and_has_no_other_right() -> None:
    logs, _ = one("AWS::Logs::LogGroup", "CompareLogs")
    found = statements("CompareRole")
    assert [(each["Action"], each["Resource"]) for each in found[:3]] == [
        (["secretsmanager:GetSecretValue"], [SECRET]),
        (["kms:Decrypt"], [KEY]),
        (["logs:CreateLogStream", "logs:PutLogEvents"], [f"<{logs}.Arn>"]),
    ]
    assert all(action.startswith("ec2:") for each in found[3:] for action in each["Action"])


def test_the_comparing_function_ends_before_the_step_does() -> None:
    _, compare = one("AWS::Lambda::Function", "Compare")
    (step,) = (step for step in document()["mainSteps"] if step["name"] == "Compare")
    assert compare["Timeout"] == 570
    assert compare["Timeout"] < step["timeoutSeconds"] <= 600, "Automation's most for a script"
    assert compare["VpcConfig"] == {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-2"]}
    assert compare["Environment"]["Variables"]["APP_SECRET_ARN"] == SECRET


def test_every_end_of_this_document_is_told() -> None:
    (rule_id, rule), (outcome, _) = one("AWS::Events::Rule", "Ended"), one("AWS::Lambda::Function", "Outcome")
    assert rule["EventPattern"] == {
        "source": ["aws.ssm"],
        "detail-type": ["EC2 Automation Execution Status-change Notification"],
        "detail": {"Definition": [DOCUMENT], "Status": ["Success", "Failed", "TimedOut", "Cancelled"]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == f"<{outcome}.Arn>"
    _, permission = one("AWS::Lambda::Permission", "EndedCalls")
    assert (permission["Principal"], permission["SourceArn"]) == ("events.amazonaws.com", f"<{rule_id}.Arn>")


def test_alarms_watch_what_the_function_measures() -> None:
    failed, overdue = drill_alarms("team3-prod")
    where = {"Stage": "team3-prod"}
    assert failed.watch == Metric("CloudMart/Restore", "Failed", "Sum", where)
    assert (failed.threshold, failed.silence) == (0, "notBreaching")
    assert overdue.watch == Metric("CloudMart/Restore", "DaysSinceDrill", "Maximum", where)
    assert (overdue.threshold, overdue.period_s) == (35, 86400)
    _, outcome = one("AWS::Lambda::Function", "Outcome")
    assert outcome["Environment"]["Variables"]["STAGE"] == where["Stage"]


def test_the_archive_runs_with_nothing_of_ours_beside_it(tmp_path: Path) -> None:
    """As in Lambda, where boto3 comes with the runtime."""
    bundle(tmp_path)
    handlers = [one("AWS::Lambda::Function", name)[1]["Handler"].rpartition(".") for name in ("Compare", "Outcome")]
    named = [(module, function) for module, _, function in handlers]
    program = f"import importlib; print([getattr(importlib.import_module(m), f) for m, f in {named!r}])"
    boto3 = Path(str(importlib.metadata.distribution("boto3").locate_file("")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(boto3)])}
    run = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.stdout.count("function handle") == 2, run.stderr


def test_only_stages_that_say_so_have_a_drill(synthesized: Synthesize) -> None:
    prod = synthesized("prod")
    documents = {d["Properties"]["Name"] for d in prod.resources(DATA, "AWS::SSM::Document").values()}
    assert "cloudmart-prod-restore-drill" in documents
    assert not [finding for finding in prod.findings if "RestoreDrill" in finding.construct]
    lab = synthesized("lab")
    assert "restore-drill" not in json.dumps(lab.templates[DATA])


def test_the_copy_is_restored_as_the_stacks_own_database_is(synthesized: Synthesize) -> None:
    prod = synthesized("prod")
    (database,) = prod.resources(DATA, "AWS::RDS::DBInstance").values()
    (content,) = (
        d["Properties"]["Content"]
        for d in prod.resources(DATA, "AWS::SSM::Document").values()
        if d["Properties"]["Name"] == "cloudmart-prod-restore-drill"
    )
    restores = [step["inputs"] for step in content["mainSteps"] if step["inputs"].get("Api", "").startswith("Restore")]
    assert len(restores) == 2
    for inputs in restores:
        for theirs, ours in (
            ("DBInstanceClass", "DBInstanceClass"),
            ("DBSubnetGroupName", "DBSubnetGroupName"),
            ("DBParameterGroupName", "DBParameterGroupName"),
            ("VPCSecurityGroups", "VpcSecurityGroupIds"),
        ):
            assert database["Properties"][theirs] == inputs[ours]
        assert "Backup" not in {tag["Key"] for tag in inputs["Tags"]}
        assert {"Project", "Stage", "Owner", "CostCenter"} <= {tag["Key"] for tag in inputs["Tags"]}
    (asserted,) = (step["inputs"] for step in content["mainSteps"] if step["name"] == "Encrypted")
    assert asserted["DesiredValues"] == [database["Properties"]["KmsKeyId"]]
    (vault,) = prod.resources(DATA, "AWS::Backup::BackupVault").values()
    (find,) = (step["inputs"]["InputPayload"] for step in content["mainSteps"] if step["name"] == "Find")
    assert find["Vault"] == vault["Properties"]["BackupVaultName"]
    assert find["Original"] == database["Properties"]["DBInstanceIdentifier"] != find["Copy"]
    assert ORIGINAL.endswith("-db")
