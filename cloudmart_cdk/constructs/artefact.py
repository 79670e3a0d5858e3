"""The backend's artefact and the user data that installs it.

Owns what an instance downloads and runs at first boot. Contract of an artefact: an `install.sh` that, run
as root, ends with exit status 0 once `http://127.0.0.1:8080/health` answers.
"""

from pathlib import Path
from typing import Final

from aws_cdk import aws_s3_assets as assets
from constructs import Construct

PLACEHOLDER: Final = Path(__file__).parents[1] / "assets" / "placeholder"
LAUNCH_HOOK: Final = "join-when-healthy"

# Nothing secret here: user data can be read by whoever may describe the instance. The group registers the
# instance when the hook continues; CloudFormation is told only when the load balancer has found it healthy, so
# that a rolling replacement never takes the next old instance too early. A failure is told before the hook
# abandons the instance, which ends it.
_USER_DATA: Final = """#!/usr/bin/env bash
set -uo pipefail
export AWS_DEFAULT_REGION={region} LOG_GROUP={log_group}
token=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
instance=$(curl -sH "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
work=$(mktemp -d)
aws s3 cp --only-show-errors s3://{bucket}/{key} "$work/artefact.zip" &&
  unzip -q "$work/artefact.zip" -d "$work/artefact" &&
  bash "$work/artefact/install.sh"
status=$?
signal() {{ /opt/aws/bin/cfn-signal -e "$1" --stack {stack} --resource {resource} --region {region} || true; }}
hook() {{
  aws autoscaling complete-lifecycle-action --lifecycle-action-result "$1" --instance-id "$instance" \\
    --lifecycle-hook-name {hook} --auto-scaling-group-name {group}
}}
if [ $status -eq 0 ]; then
  hook CONTINUE
  aws elbv2 wait target-in-service --target-group-arn {target_group} --targets "Id=$instance"
  signal $?
else
  signal $status
  hook ABANDON
fi
"""


class Artefact(Construct):
    """A folder, as an S3 asset; no Docker, no network at synth."""

    def __init__(self, scope: Construct, id: str, *, folder: Path) -> None:
        super().__init__(scope, id)
        self._asset = assets.Asset(self, "Asset", path=str(folder), exclude=["__pycache__"])
        self.arn = f"arn:aws:s3:::{self._asset.s3_bucket_name}/{self._asset.s3_object_key}"

    def user_data(
        self, *, region: str, log_group: str, group: str, target_group: str, stack: str, resource: str
    ) -> str:
        """The first-boot script, not yet base64. `resource`: the group's logical id, which is signalled."""
        return _USER_DATA.format(
            region=region,
            log_group=log_group,
            bucket=self._asset.s3_bucket_name,
            key=self._asset.s3_object_key,
            hook=LAUNCH_HOOK,
            group=group,
            target_group=target_group,
            stack=stack,
            resource=resource,
        )
