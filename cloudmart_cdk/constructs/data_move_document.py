"""The Automation document that moves data: launch an instance, run the program on it, end the instance.

Owns the document's parameters and steps (Systems Manager guide, "Systems Manager Automation actions reference", schema
0.3). What it may do is `data_move_roles`'.
"""

from typing import Any, Final

HOURS: Final = 12
"""What a run may take: 100 GB restore in a few hours on db.t3.medium (its disk writes some 20 MB a second)."""
RUN_SHELL: Final = "AWS-RunShellScript"
_INSTANCE: Final = "{{ Launch.InstanceId }}"

# Parameters come in as literals between quotes: their patterns admit no quote, no blank and no `$`.
_COMMANDS: Final = (
    "set -eu",
    "export AWS_DEFAULT_REGION={region}",
    'work=$(mktemp -d "${{TMPDIR:-/var/tmp}}/move-XXXXXX")',
    'aws s3 cp --only-show-errors {program} "$work/program.zip"',
    'unzip -q "$work/program.zip" -d "$work/data_move"',
    """bash "$work/data_move/on_instance.sh" '{name}' '{host}' '{database}' '{secret}' """
    "'{{{{ Order }}}}' '{{{{ What }}}}' '{{{{ Option }}}}'",
)


def commands(*, name: str, region: str, program: str, host: str, database: str, secret: str) -> list[str]:
    """What runs on the instance, a line each. `name`: the document's; `program`: s3:// of the zipped program.

    `secret`: the name of the owner's.
    """
    values = {"name": name, "region": region, "program": program, "host": host, "database": database, "secret": secret}
    return [line.format(**values) for line in _COMMANDS]


def content(
    *,
    role_arn: str,
    template: dict[str, str],
    commands: list[str],
    log_group_name: str,
    bucket_name: str,
    database: str,
) -> dict[str, Any]:
    """The document. `template`: id and version of the launch template, as RunInstances takes them."""
    return {
        "schemaVersion": "0.3",
        "description": f"Restores a dump of PostgreSQL 15 into a new database, compares it table by table, and makes "
        f"it {database}; the old one is kept. Runbook: moving-data.",
        "assumeRole": role_arn,
        "parameters": _parameters(bucket_name, database),
        "mainSteps": [
            {
                "name": "Launch",
                "action": "aws:executeAwsApi",
                "onFailure": "Abort",
                "inputs": {
                    "Service": "ec2",
                    "Api": "RunInstances",
                    "LaunchTemplate": template,
                    "MinCount": 1,
                    "MaxCount": 1,
                    # Tried again, it is the same instance.
                    "ClientToken": "{{ automation:EXECUTION_ID }}",
                },
                "outputs": [{"Name": "InstanceId", "Selector": "$.Instances[0].InstanceId", "Type": "String"}],
                "nextStep": "Online",
            },
            {
                "name": "Online",
                "action": "aws:waitForAwsResourceProperty",
                "timeoutSeconds": 600,
                "onFailure": "step:Terminate",
                "inputs": {
                    "Service": "ssm",
                    "Api": "DescribeInstanceInformation",
                    "Filters": [{"Key": "InstanceIds", "Values": [_INSTANCE]}],
                    "PropertySelector": "$.InstanceInformationList[0].PingStatus",
                    "DesiredValues": ["Online"],
                },
                "nextStep": "Move",
            },
            {
                "name": "Move",
                "action": "aws:runCommand",
                "timeoutSeconds": HOURS * 3600,
                "onFailure": "step:Terminate",
                "onCancel": "step:Terminate",
                "inputs": {
                    "DocumentName": RUN_SHELL,
                    "InstanceIds": [_INSTANCE],
                    "Parameters": {"commands": commands, "executionTimeout": str(HOURS * 3600)},
                    "CloudWatchOutputConfig": {
                        "CloudWatchOutputEnabled": True,
                        "CloudWatchLogGroupName": log_group_name,
                    },
                },
                "nextStep": "Terminate",
            },
            {
                "name": "Terminate",
                "action": "aws:changeInstanceState",
                "inputs": {"InstanceIds": [_INSTANCE], "DesiredState": "terminated"},
                "isEnd": True,
            },
        ],
    }


def _parameters(bucket_name: str, database: str) -> dict[str, Any]:
    kept = rf"{database}_before_[0-9]{{8}}t[0-9]{{6}}"
    return {
        "What": {
            "type": "String",
            "description": f"The dump, s3://{bucket_name}/NAME; or the name of a database that a move kept",
            "allowedPattern": f"^(s3://{bucket_name}/[A-Za-z0-9._/=+-]+|{kept})$",
        },
        "Order": {
            "type": "String",
            "description": "move: restore, compare, switch. bring-back, remove: a database that a move kept",
            "default": "move",
            "allowedValues": ["move", "bring-back", "remove"],
        },
        "Option": {
            "type": "String",
            "description": "again: also a dump that was moved in before",
            "default": "none",
            "allowedValues": ["none", "again"],
        },
    }
