"""The drill's construct in a small stack, as template; references as `<logical id>`."""

from functools import cache
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_secretsmanager as secretsmanager

from cloudmart_cdk.constructs.log_groups import LogGroups
from cloudmart_cdk.constructs.restore_drill import RestoreDrill
from tests.restore_drill.account import ACCOUNT, COPY, GROUP, KEY, ORIGINAL, PARAMETERS, REGION, SUBNETS, VAULT

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:team3-prod/database/app-AbCdEf"
DOCUMENT = "team3-prod-restore-drill"
TAGS = {"Project": "CloudMart", "Stage": "prod", "Stack": "DataStack", "Owner": "me", "CostCenter": "1"}
Resources = dict[str, dict[str, Any]]


@cache
def resources() -> Resources:
    """Logical id -> resource."""
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account=ACCOUNT, region=REGION))
    RestoreDrill(
        stack,
        "Drill",
        name=DOCUMENT,
        stage="team3-prod",
        original=ORIGINAL,
        host="db.example",
        database="cloudmart",
        copy_name=COPY,
        vault=VAULT,
        instance_class="db.t3.medium",
        subnet_group=SUBNETS,
        parameter_group=PARAMETERS,
        database_security_group=ec2.SecurityGroup.from_security_group_id(stack, "Db", GROUP),
        app=secretsmanager.Secret.from_secret_complete_arn(stack, "App", SECRET),
        key_arn=KEY,
        subnets=[ec2.Subnet.from_subnet_id(stack, "Subnet", "subnet-1")],
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Rotation", "sg-2"),
        tags=TAGS,
        log_groups=LogGroups(retention_days=30),
    )
    found: Resources = plain(app.synth().get_stack_by_name("Stack").template["Resources"])
    return found


def plain(node: Any) -> Any:
    """`<id>` for a reference, `<id.Attribute>` for an attribute, text for what is joined."""
    if isinstance(node, list):
        return [plain(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    if list(node) == ["Ref"]:
        return f"<{node['Ref']}>"
    if list(node) == ["Fn::GetAtt"]:
        return f"<{'.'.join(node['Fn::GetAtt'])}>"
    if list(node) == ["Fn::Join"]:
        separator, parts = node["Fn::Join"]
        return separator.join(plain(parts))
    return {key: plain(value) for key, value in node.items()}


def one(kind: str, beginning: str) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of the only resource of a type whose id begins so."""
    (found,) = (
        (id, resource["Properties"])
        for id, resource in resources().items()
        if resource["Type"] == kind and id.startswith(f"Drill{beginning}")
    )
    return found


def document() -> dict[str, Any]:
    content: dict[str, Any] = one("AWS::SSM::Document", "Document")[1]["Content"]
    return content


def statements(role: str) -> list[dict[str, Any]]:
    """Of the role whose logical id begins so."""
    policies = one("AWS::IAM::Role", role)[1]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
