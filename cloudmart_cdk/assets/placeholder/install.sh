#!/usr/bin/env bash
# Run once by user data, as root, in the unpacked artefact: from bare Amazon Linux 2023 to a healthy server.
# LOG_GROUP: where the application's log goes. Anything that fails here ends the boot: the launch hook then
# abandons the instance, and CloudFormation hears of it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

id cloudmart >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin cloudmart
install -d -m 0755 /opt/cloudmart
install -d -m 0750 -o cloudmart -g cloudmart /var/log/cloudmart
install -m 0644 "$here/server.py" /opt/cloudmart/server.py
install -m 0644 "$here/cloudmart.service" /etc/systemd/system/cloudmart.service
install -m 0644 "$here/logrotate.conf" /etc/logrotate.d/cloudmart
systemctl daemon-reload
systemctl enable --now cloudmart.service

# Amazon Linux 2023 is locked to the release of its image: unlocked, the patch window finds something to install.
echo latest > /etc/dnf/vars/releasever

# Metrics, log and traces (the agent is an OpenTelemetry collector with an X-Ray exporter).
dnf install -y -q amazon-cloudwatch-agent logrotate
systemctl enable --now logrotate.timer
usermod -a -G cloudmart cwagent
sed "s|@LOG_GROUP@|$LOG_GROUP|" "$here/amazon-cloudwatch-agent.json" \
  > /opt/aws/amazon-cloudwatch-agent/etc/cloudmart.json
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \
  -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/cloudmart.json

for _ in $(seq 60); do
  if curl --silent --fail --max-time 2 http://127.0.0.1:8080/health >/dev/null; then
    exit 0
  fi
  sleep 1
done
echo "the server did not answer /health within a minute" >&2
exit 1
