#!/usr/bin/env bash
# Waits until Auto Scaling wants the instance gone, lets open requests end, and lets it go.
#
# Auto Scaling deregisters a terminating instance first, waits out the deregistration delay, and then starts the hook
# (Auto Scaling guide, "How lifecycle hooks work"). The target state in the metadata says so from the beginning, so the
# target group is asked before the server is: what it still sends is still answered. The server then ends gracefully.
set -euo pipefail

metadata=${METADATA:-http://169.254.169.254}/latest
poll_s=${POLL_S:-5}

read_metadata() {
  local token
  token=$(curl --silent --fail --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
  curl --silent --fail --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

until [ "$(read_metadata autoscaling/target-lifecycle-state)" = Terminated ]; do
  sleep "$poll_s"
done
instance=$(read_metadata instance-id)

# A wait that gives up (10 minutes) is no reason to be killed without a word.
aws elbv2 wait target-deregistered --target-group-arn "$TARGET_GROUP" --targets "Id=$instance" || true
systemctl stop cloudmart.service
# The hook may start a little later than the state says.
for _ in $(seq 24); do
  if aws autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE --instance-id "$instance" \
    --lifecycle-hook-name "$DRAIN_HOOK" --auto-scaling-group-name "$GROUP"; then
    exit 0
  fi
  sleep "$poll_s"
done
exit 1
