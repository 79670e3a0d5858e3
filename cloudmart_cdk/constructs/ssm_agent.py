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
