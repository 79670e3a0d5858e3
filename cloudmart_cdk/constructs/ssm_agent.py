"""What the Systems Manager agent of an instance calls: sessions, run command, inventory, patching.

AWS's `AmazonSSMManagedInstanceCore` allows the same and, beyond it, `ssm:GetParameter(s)` on every parameter of
the account: each student's machines could read every other's. So the rest of it stands here.
"""

from typing import Final

SSM_AGENT_ACTIONS: Final = (
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
)
"""AmazonSSMManagedInstanceCore, version 2 (AWS managed policy reference), less GetParameter and GetParameters."""

_REASONS: Final = {
    "Associations get an id that AWS makes up; the agent looks for those that target its own instance.": (
        "DescribeAssociation",
        "UpdateInstanceAssociationStatus",
    ),
    "The agent reads whatever document an operator runs on it, AWS's own among them; documents hold no secrets here.": (
        "DescribeDocument",
        "GetDocument",
    ),
    "The agent reports on the instance that it runs on, whose id is not known when the role is made.": (
        "ListInstanceAssociations",
        "PutComplianceItems",
        "UpdateAssociationStatus",
        "UpdateInstanceInformation",
    ),
}

AGENT_REASONS: Final = {
    f"CloudMart::IAM-2[ssm:{action}]": reason for reason, actions in _REASONS.items() for action in actions
}
"""Acknowledgements of the agent's actions that stand on `*` though AWS defines resources for them."""

METRICS_REASON: Final = {
    "CloudMart::IAM-2[cloudwatch:PutMetricData]": "Bound to the agent's namespace by cloudwatch:namespace; the one "
    "resource that AWS defines, a dataset, is the account's default and tells nothing apart."
}
"""The same for what an agent measures."""
