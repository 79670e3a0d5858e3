"""IAM roles that pods take on through EKS Pod Identity: one role, one service account, one cluster.

Owns the trust. What a role may do is its user's to state.
"""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

Statement = dict[str, object]
"""One statement of an IAM policy, as IAM spells it."""


def pod_role(
    scope: Construct,
    id: str,
    *,
    cluster_arn: str,
    namespace: str,
    service_account: str,
    managed_policies: Sequence[str] = (),
    statements: Sequence[Statement] = (),
) -> iam.CfnRole:
    """A role for `service_account` in `namespace` of this very cluster.

    EKS tags the session when it takes the role on; the conditions hold it to the one pod identity, whatever
    other associations exist in the account (EKS guide, "Create IAM role with trust policy required by EKS Pod
    Identity"). `managed_policies`: ARNs.
    """
    return iam.CfnRole(
        scope,
        id,
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {
                        "StringEquals": {
                            "aws:RequestTag/eks-cluster-arn": cluster_arn,
                            "aws:RequestTag/kubernetes-namespace": namespace,
                            "aws:RequestTag/kubernetes-service-account": service_account,
                        }
                    },
                }
            ],
        },
        managed_policy_arns=list(managed_policies) or None,
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name="Pod", policy_document={"Version": "2012-10-17", "Statement": list(statements)}
            )
        ]
        if statements
        else None,
    )
