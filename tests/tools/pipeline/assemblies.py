"""Cloud assemblies by hand, with as little in them as the CLI takes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Template = Mapping[str, Any]


def write(folder: Path, **stacks: Template) -> Path:
    """`folder`, with a stack for each name."""
    folder.mkdir(parents=True)
    artifacts = {}
    for stack, template in stacks.items():
        (folder / f"{stack}.template.json").write_text(json.dumps(template))
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{stack}.template.json"},
        }
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": artifacts}))
    return folder


def role(*actions: str) -> dict[str, Any]:
    """A role of the queue's readers."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ]
            },
            "Policies": [
                {
                    "PolicyName": "Read",
                    "PolicyDocument": {
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": list(actions),
                                "Resource": "arn:aws:s3:::cloudmart-dev-images",
                            }
                        ]
                    },
                }
            ],
        },
    }


def queue(name: str, seconds: int = 30) -> dict[str, Any]:
    """Its name is what a replacement comes from, its seconds are not."""
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "VisibilityTimeout": seconds}}
