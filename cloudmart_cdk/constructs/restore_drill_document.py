"""The Automation document of the restore drill: find, restore beside, compare, remove.

Owns the document's parameters and steps (Systems Manager guide, "Systems Manager Automation actions reference", schema
0.3). The copy has one name, always the same: two drills cannot be at once, and what a drill may delete is one ARN. What
the steps may do is `restore_drill_roles`'; what the scripts do is in `assets/restore_drill/steps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

STEPS: Final = Path(__file__).parents[1] / "assets" / "restore_drill" / "steps"
BACKUP: Final = "backup"
POINT_IN_TIME: Final = "point-in-time"
_RUNTIME: Final = "python3.11"
_SCRIPT_S: Final = 600
"""Automation's most for a script."""
_RESTORE_S: Final = 5400
"""Three times the target: a slow restore is to be measured, not cut off."""
_AVAILABLE: Final = "available"
_NEVER: Final = (
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "storage-full",
)
"""States that no restore comes out of (RDS guide, "Viewing Amazon RDS DB instance status")."""
_GONE_TRIES: Final = 3
_REMOVE: Final = {"onFailure": "step:Delete", "onCancel": "step:Delete"}
"""Once a restore was asked for, every way leads to its end, that of a refused one too: the answer may have been lost.
After a cancel Automation runs on for two minutes: enough to ask for the deletion, not to see it through."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What is restored, and as what. Names may be tokens."""

    original: str
    """`DBInstanceIdentifier`."""
    name: str
    vault: str
    instance_class: str
    """The stage's: on another one the minutes would not be those of an emergency."""
    subnet_group: str
    security_group_id: str
    parameter_group: str
    key_arn: str
    tags: Mapping[str, str]
    """Without the one that AWS Backup selects by."""


def content(*, role_arn: str, compare_function: str, copy: Copy) -> dict[str, Any]:
    """The document. `compare_function`: the name of the function beside the databases."""
    return {
        "schemaVersion": "0.3",
        "description": "Restores the last backup of the database beside the original, compares, removes it again. "
        "Runbook: restore-drill.",
        "assumeRole": role_arn,
        "parameters": {
            "From": {
                "type": "String",
                "description": f"{BACKUP}: the newest recovery point of the vault; {POINT_IN_TIME}: the last moment "
                "that RDS can restore to",
                "default": BACKUP,
                "allowedValues": [BACKUP, POINT_IN_TIME],
            }
        },
        "outputs": [
            *(f"Find.{name}" for name in ("Snapshot", "Point", "LossMinutes")),
            *(f"Compare.{name}" for name in ("Text", "RestoreMinutes", "Tables", "Rows")),
        ],
        "mainSteps": list(_steps(compare_function, copy)),
    }


def _steps(compare_function: str, copy: Copy) -> list[dict[str, Any]]:
    here = {"Copy": copy.name}
    return [
        _script(
            "Find",
            {"Original": copy.original, "Vault": copy.vault, "From": "{{ From }}"} | here,
            outputs=("Snapshot", "Point", "StartedAt", "LossMinutes", "Leftover"),
            onFailure="Abort",
            nextStep="Way",
        ),
        _branch("Way", "{{ Find.Leftover }}", "yes", "RemoveLeftover", otherwise="Source"),
        _delete("RemoveLeftover", copy, nextStep="LeftoverGone"),
        _script("LeftoverGone", here, maxAttempts=_GONE_TRIES, onFailure="Abort", nextStep="Source"),
        _branch("Source", "{{ From }}", BACKUP, "RestoreBackup", otherwise="RestorePointInTime"),
        _restore(
            "RestoreBackup",
            "RestoreDBInstanceFromDBSnapshot",
            {"DBInstanceIdentifier": copy.name, "DBSnapshotIdentifier": "{{ Find.Snapshot }}"},
            copy,
        ),
        _restore(
            "RestorePointInTime",
            "RestoreDBInstanceToPointInTime",
            {
                "SourceDBInstanceIdentifier": copy.original,
                "TargetDBInstanceIdentifier": copy.name,
                "UseLatestRestorableTime": True,  # a moment after the one that was found
            },
            copy,
        ),
        {
            "name": "Settled",
            "action": "aws:waitForAwsResourceProperty",
            "timeoutSeconds": _RESTORE_S,
            "inputs": _describe(copy)
            | {"PropertySelector": _at("DBInstanceStatus"), "DesiredValues": [_AVAILABLE, *_NEVER]},
            "nextStep": "Available",
            **_REMOVE,
        },
        {
            "name": "Available",
            "action": "aws:assertAwsResourceProperty",
            "inputs": _describe(copy) | {"PropertySelector": _at("DBInstanceStatus"), "DesiredValues": [_AVAILABLE]},
            "nextStep": "Host",
            **_REMOVE,
        },
        {
            "name": "Host",
            "action": "aws:executeAwsApi",
            "inputs": _describe(copy),
            "outputs": [{"Name": "Address", "Selector": _at("Endpoint.Address"), "Type": "String"}],
            "nextStep": "Encrypted",
            **_REMOVE,
        },
        {
            "name": "Encrypted",
            "action": "aws:assertAwsResourceProperty",
            "inputs": _describe(copy) | {"PropertySelector": _at("KmsKeyId"), "DesiredValues": [copy.key_arn]},
            "nextStep": "Compare",
            **_REMOVE,
        },
        _script(
            "Compare",
            {
                "Function": compare_function,
                "Host": "{{ Host.Address }}",
                **{name: f"{{{{ Find.{name} }}}}" for name in ("Point", "StartedAt", "LossMinutes")},
            },
            outputs=("Text", "RestoreMinutes", "Tables", "Rows"),
            nextStep="Delete",
            **_REMOVE,
        ),
        _delete("Delete", copy, nextStep="Gone"),
        _script("Gone", here, maxAttempts=_GONE_TRIES, onFailure="Abort", isEnd=True),
    ]


def _script(name: str, payload: Mapping[str, str], outputs: tuple[str, ...] = (), **then: Any) -> dict[str, Any]:
    text = (STEPS / f"{name.removeprefix('Leftover').lower()}.py").read_text(encoding="utf-8")
    step = {
        "name": name,
        "action": "aws:executeScript",
        "timeoutSeconds": _SCRIPT_S,
        "inputs": {"Runtime": _RUNTIME, "Handler": "handle", "InputPayload": dict(payload), "Script": text},
        **then,
    }
    if outputs:
        step["outputs"] = [{"Name": each, "Selector": f"$.Payload.{each}", "Type": "String"} for each in outputs]
    return step


def _branch(name: str, variable: str, value: str, then: str, *, otherwise: str) -> dict[str, Any]:
    choice = {"NextStep": then, "Variable": variable, "StringEquals": value}
    return {"name": name, "action": "aws:branch", "inputs": {"Choices": [choice], "Default": otherwise}}


def _restore(name: str, api: str, what: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
    return {
        "name": name,
        "action": "aws:executeAwsApi",
        # Said once: a second one would be refused, because the first has made the copy.
        "maxAttempts": 1,
        "inputs": {
            "Service": "rds",
            "Api": api,
            **what,
            "DBInstanceClass": copy.instance_class,
            "DBSubnetGroupName": copy.subnet_group,
            "VpcSecurityGroupIds": [copy.security_group_id],
            "DBParameterGroupName": copy.parameter_group,
            # No storage type: gp3 is the default, and by the API reference whoever states it has to state IOPS too,
            # which a disk below 400 GB may not have.
            "PubliclyAccessible": False,
            "MultiAZ": False,  # added after a restore in an emergency, too: the shop need not wait for it
            "AutoMinorVersionUpgrade": False,
            "DeletionProtection": False,
            "CopyTagsToSnapshot": False,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(copy.tags.items())],
        },
        "nextStep": "Settled",
        **_REMOVE,
    }


def _delete(name: str, copy: Copy, **then: Any) -> dict[str, Any]:
    return {
        "name": name,
        "action": "aws:executeAwsApi",
        "maxAttempts": 3,
        "onFailure": "Abort",
        "inputs": {
            "Service": "rds",
            "Api": "DeleteDBInstance",
            "DBInstanceIdentifier": copy.name,
            "SkipFinalSnapshot": True,
            "DeleteAutomatedBackups": True,
        },
        **then,
    }


def _describe(copy: Copy) -> dict[str, str]:
    return {"Service": "rds", "Api": "DescribeDBInstances", "DBInstanceIdentifier": copy.name}


def _at(path: str) -> str:
    return f"$.DBInstances[0].{path}"
