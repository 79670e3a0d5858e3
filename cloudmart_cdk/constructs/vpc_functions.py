"""What every Lambda function inside the VPC has to be allowed."""

from collections.abc import Mapping
from typing import Final

NETWORK_ACTIONS: Final = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""AWSLambdaVPCAccessExecutionRole without its log actions, which reach every log group of the account. Lambda refuses a
function whose role has these on less than `*` (Lambda guide, "Giving Lambda functions access to resources in an
Amazon VPC")."""

NETWORK_REASONS: Final[Mapping[str, str]] = {
    "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Network interfaces of the function, as Lambda demands "
    "it of every function in a VPC; nothing else of the policy is unbound.",
} | {
    f"CloudMart::IAM-2[{action}]": "Lambda makes the function's interfaces with this role, and checks it "
    "when the function is made; AWS's own policy for functions in a VPC has the same resource."
    for action in NETWORK_ACTIONS
    if "Describe" not in action  # those know no resources
}
"""Acknowledgements of a role that has them."""
