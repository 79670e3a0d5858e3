"""What an instance downloads at its first boot, and the user data that has it installed.

Owns two assets, the host (`assets/host`: user, agents, units) and the revision of the stage's application
(`cloudmart_cdk.revision`), and the few lines that fetch and run them. What the scripts do is theirs to say.

The local cloud reads two things off the user data, each a line of its own:

    export NAME=value               the application's environment: names that begin with `CLOUDMART_`, and `PORT`;
                                    beside them `APPLICATION` and `GROUP`, CodeDeploy's names of application and group
    artefact=s3://<bucket>/<key>    the revision, a zip file: `appspec.yml`, `hooks/`, `app/`

An instance installs that artefact unless its deployment group has a successful deployment: then CodeDeploy's launch
hook installs what was deployed last, and nothing older before it (`assets/host/first_boot.sh`).
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from .. import revision
from ..security_groups import BACKEND_PORT

_HOST: Final = Path(__file__).parents[1] / "assets" / "host"
LAUNCH_HOOK: Final = "join-when-healthy"
DRAIN_HOOK: Final = "drain-before-leaving"

# Nothing secret here: user data can be read by whoever may describe the instance. The group registers the
# instance when the hook continues; CloudFormation is told only when the load balancer has found it healthy, so
# that a rolling replacement never takes the next old instance too early. A failure is told before the hook
# abandons the instance, which ends it.
_USER_DATA: Final = """#!/usr/bin/env bash
set -uo pipefail
export AWS_REGION={region}
export AWS_DEFAULT_REGION={region}
export PORT={port}
export CLOUDMART_STAGE={stage}
export CLOUDMART_PARAMETERS={parameters}
export CLOUDMART_SECRETS={secrets}
export CLOUDMART_HTTPS={https}
export TRACE_RATIO={trace_ratio}
export LOG_GROUP={log_group}
export APPLICATION={application}
export GROUP={group}
export TARGET_GROUP={target_group}
export DRAIN_HOOK={drain_hook}
host=s3://{bucket}/{host}
artefact=s3://{bucket}/{revision}
token=$(curl -sX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
instance=$(curl -sH "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
work=$(mktemp -d)
aws s3 cp --only-show-errors "$host" "$work/host.zip" &&
  unzip -q "$work/host.zip" -d "$work/host" &&
  "$work/host/first_boot.sh" "$artefact"
status=$?
signal() {{ /opt/aws/bin/cfn-signal -e "$1" --stack {stack} --resource {resource} --region {region} || true; }}
hook() {{
  aws autoscaling complete-lifecycle-action --lifecycle-action-result "$1" --instance-id "$instance" \\
    --lifecycle-hook-name {launch_hook} --auto-scaling-group-name {group}
}}
if [ $status -eq 0 ]; then
  hook CONTINUE
  aws elbv2 wait target-in-service --target-group-arn "$TARGET_GROUP" --targets "Id=$instance"
  signal $?
else
  signal $status
  hook ABANDON
fi
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What every instance of the stack is told; nothing secret."""

    stage: str
    parameters: str
    """How the names of the stage's parameters begin, `/cloudmart/lab/`."""
    secrets: str
    """How the names of its secrets begin, `cloudmart-lab/`."""
    https: bool
    """Whether users come by HTTPS. The load balancer may not know: CloudFront speaks HTTP to it."""
    trace_percent: float
    log_group: str
    application: str
    """CodeDeploy's; its deployment groups have the names of the scaling groups."""


class Artefact(Construct):
    """Host and application as S3 assets; no Docker, no network at synth. `arns`: what an instance has to read."""

    def __init__(
        self, scope: Construct, id: str, *, application: revision.Application, surroundings: Surroundings
    ) -> None:
        super().__init__(scope, id)
        self._surroundings = surroundings
        self._host = assets.Asset(self, "Host", path=str(_HOST))
        with tempfile.TemporaryDirectory() as assembled:
            revision.assemble(application, Path(assembled))
            self._revision = assets.Asset(self, "Revision", path=assembled)  # copied into the assembly here and now
        self.arns = [
            f"arn:aws:s3:::{asset.s3_bucket_name}/{asset.s3_object_key}" for asset in (self._host, self._revision)
        ]

    def user_data(self, *, group: str, target_group: str, resource: str) -> str:
        """A scaling group's first-boot script, not yet base64. `resource`: its logical id, which is signalled."""
        stack = cdk.Stack.of(self)
        told = self._surroundings
        return _USER_DATA.format(
            **asdict(told) | {"https": "true" if told.https else "false"},
            trace_ratio=f"{told.trace_percent / 100:g}",
            region=stack.region,
            port=BACKEND_PORT,
            group=group,
            target_group=target_group,
            bucket=self._host.s3_bucket_name,
            host=self._host.s3_object_key,
            revision=self._revision.s3_object_key,
            launch_hook=LAUNCH_HOOK,
            drain_hook=DRAIN_HOOK,
            stack=stack.stack_name,
            resource=resource,
        )
