#!/usr/bin/env bash
# first_boot.sh ARTEFACT: run once by user data. Ends with status 0 when the instance may join its group, or when
# CodeDeploy has taken over to make it fit: its own launch hook holds the instance meanwhile.
# ARTEFACT: the revision that the stack came with, s3://bucket/key.
set -euo pipefail

artefact=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/install.sh"

# Whatever was released to this colour last, CodeDeploy installs on every instance that is launched. The stack's own
# revision would be older, and may not even start on a database that a release has migrated. While the stack is being
# made, instances come before deployment groups.
if answer=$(aws deploy get-deployment-group --application-name "$APPLICATION" --deployment-group-name "$GROUP" \
  --query deploymentGroupInfo.lastSuccessfulDeployment.deploymentId --output text 2>"$work/refusal"); then
  released=$answer
elif grep -q DoesNotExistException "$work/refusal"; then
  released=None
else
  cat "$work/refusal" >&2
  exit 1
fi

if [ "$released" = None ]; then
  aws s3 cp --only-show-errors "$artefact" "$work/revision.zip"
  unzip -q "$work/revision.zip" -d "$work/revision"
  "$here/install_revision.sh" "$work/revision"
fi

# Last, so that it finds all of the above (CodeDeploy guide, "Integrating with Auto Scaling").
curl --silent --show-error --fail --proto =https --tlsv1.2 --retry 5 --output "$work/install" \
  "https://aws-codedeploy-$AWS_REGION.s3.$AWS_REGION.amazonaws.com/latest/install"
ruby "$work/install" auto
systemctl enable --now codedeploy-agent.service
