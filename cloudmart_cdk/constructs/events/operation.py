"""Which events of operation people hear of: releases, images, backups, documents, secrets. Part of `table`.

Owns patterns and wording. Each is filtered to names of this stage.
"""

from ...assets.restore_drill.outcome import DETAIL_TYPE, SOURCE
from ..alarms import Severity
from .rules import WHO, Event, calls


def image(prefix: str, link: str) -> Event:
    """Scans on push. `errorCode` aside, a pod's image is of these repositories only (POD-20)."""
    return Event(
        id="ImageVulnerable",
        tells="An image of the services has vulnerabilities that are critical or high",
        pattern={
            "source": ["aws.ecr"],
            "detail-type": ["ECR Image Scan"],
            "detail": {
                "scan-status": ["COMPLETE"],
                "repository-name": [{"prefix": f"{prefix}/"}],
                "finding-severity-counts": {
                    "$or": [{level: [{"numeric": [">", 0]}]} for level in ("CRITICAL", "HIGH")]
                },
            },
        },
        values={
            "repository": "$.detail.repository-name",
            "tag": "$.detail.image-tags[0]",
            "critical": "$.detail.finding-severity-counts.CRITICAL",
            "high": "$.detail.finding-severity-counts.HIGH",
        },
        line=f"Image <repository>:<tag> has vulnerabilities, critical: <critical>, high: <high>. {link}",
        severity=Severity.WARNING,
    )


def deployment(application: str, link: str) -> Event:
    return Event(
        id="DeploymentFailed",
        tells="CodeDeploy could not install a revision of the shop, or was stopped",
        pattern={
            "source": ["aws.codedeploy"],
            "detail-type": ["CodeDeploy Deployment State-change Notification"],
            "detail": {"application": [application], "state": ["FAILURE", "STOP"]},
        },
        values={
            "state": "$.detail.state",
            "group": "$.detail.deploymentGroup",
            "deployment": "$.detail.deploymentId",
        },
        line=f"Deployment <deployment> to <group>: <state>. {link}/<deployment>",
        severity=Severity.WARNING,
    )


def backup(vault: str, link: str) -> Event:
    """Backups, copies and restores. A job that is FAILED, EXPIRED (not begun in its window) or ABORTED left nothing."""
    states = ["ABORTED", "EXPIRED", "FAILED"]
    return Event(
        id="BackupFailed",
        tells="A backup or its copy to another region failed",
        pattern={
            "source": ["aws.backup"],
            "detail-type": ["Backup Job State Change", "Copy Job State Change"],
            "detail": {
                "state": states,
                "$or": [
                    {"backupVaultName": [vault]},
                    {"sourceBackupVaultArn": [{"suffix": f":backup-vault:{vault}"}]},
                ],
            },
        },
        values={
            "what": "$.detail-type",
            "state": "$.detail.state",
            "resource": "$.detail.resourceArn",
            "why": "$.detail.statusMessage",
        },
        line=f"<what>: <state> for <resource>. <why> {link}",
        severity=Severity.WARNING,
    )


def automation(prefix: str, link: str) -> Event:
    """The stage's documents: restore drill, moving data, releases of services."""
    return Event(
        id="AutomationFailed",
        tells="A document of this stage failed: restore drill, moving data, or a release of a service",
        pattern={
            "source": ["aws.ssm"],
            "detail-type": ["EC2 Automation Execution Status-change Notification"],
            "detail": {"Definition": [{"prefix": f"{prefix}-"}], "Status": ["Cancelled", "Failed", "TimedOut"]},
        },
        values={
            "document": "$.detail.Definition",
            "status": "$.detail.Status",
            "who": "$.detail.ExecutedBy",
            "execution": "$.detail.ExecutionId",
        },
        line=f"Automation <document>: <status>, started by <who>. Execution <execution> in {link}",
        severity=Severity.WARNING,
    )


def drill(stage: str, link: str) -> Event:
    """Put by the drill itself, with its figures or the step that failed; its alarms wake, this is the record.

    `stage`: as the drill calls itself.
    """
    return Event(
        id="DrillEnded",
        tells="A restore drill has ended",
        pattern={"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": {"stage": [stage]}},
        values={"text": "$.detail.text"},
        line=f"<text> {link}",
    )


def secret(prefix: str, link: str) -> Event:
    return Event(
        id="SecretDeleted",
        tells="A secret of this stage was deleted, and not by a deploy",
        pattern=calls(
            "secretsmanager",
            ["DeleteSecret"],
            {
                "requestParameters": {
                    "secretId": [
                        {"prefix": f"{prefix}/"},
                        {"wildcard": f"arn:aws:secretsmanager:*:secret:{prefix}/*"},
                    ]
                }
            },
        ),
        values=WHO | {"secret": "$.detail.requestParameters.secretId"},
        line=f"<call> on <secret> by <who>. It can be restored while its recovery window runs. <refused> {link}",
        severity=Severity.WARNING,
    )
