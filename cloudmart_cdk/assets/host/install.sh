#!/usr/bin/env bash
# From bare Amazon Linux 2023 to a machine that a revision can be installed on: user, folders, environment, authorities,
# agents, units. Run by first_boot.sh as root, with what the user data exports; may be run again.
#
# Whatever root writes lies in folders that only root may write to, the log's too: the application's user, or what it
# leaves running, could otherwise exchange a file for a link, and have root write through it.
set -euo pipefail
umask 022

root=${ROOT:-}
here=$(cd "$(dirname "$0")" && pwd)
programs=$root/usr/local/lib/cloudmart

id cloudmart >/dev/null 2>&1 ||
  useradd --system --no-create-home --home-dir /var/lib/cloudmart --shell /sbin/nologin cloudmart

install -d -o root -g root -m 0755 "$programs" "$root/etc/cloudmart" "$root/opt/cloudmart"
# What an application's bin/install keeps beyond one installation; root never looks into it.
install -d -o cloudmart -g cloudmart -m 0755 "$root/var/lib/cloudmart"

# What every application is told; names, nothing secret.
cat >"$root/etc/cloudmart/environment" <<END
AWS_REGION=$AWS_REGION
HOST=0.0.0.0
PORT=$PORT
CLOUDMART_STAGE=$CLOUDMART_STAGE
CLOUDMART_PARAMETERS=$CLOUDMART_PARAMETERS
CLOUDMART_SECRETS=$CLOUDMART_SECRETS
CLOUDMART_CA_FILE=/etc/cloudmart/ca.pem
CLOUDMART_HTTPS=$CLOUDMART_HTTPS
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
OTEL_SERVICE_NAME=${CLOUDMART_SECRETS%/}-shop
OTEL_TRACES_SAMPLER=parentbased_traceidratio
OTEL_TRACES_SAMPLER_ARG=$TRACE_RATIO
END
cat >"$root/etc/cloudmart/host" <<END
AWS_REGION=$AWS_REGION
GROUP=$GROUP
TARGET_GROUP=$TARGET_GROUP
DRAIN_HOOK=$DRAIN_HOOK
END

# Amazon Linux 2023 is locked to the release of its image: unlocked, the patch window finds something to install.
echo latest >"$root/etc/dnf/vars/releasever"
# Metrics, log and traces (the agent is an OpenTelemetry collector with an X-Ray exporter); Python for the shop; Ruby
# for CodeDeploy's agent.
dnf install -y -q amazon-cloudwatch-agent logrotate python3.11 ruby

# Whom the stores' certificates are checked against: the system's authorities (ElastiCache, RDS Proxy) and RDS's own.
authorities=$(mktemp)
cat "$root/etc/pki/tls/certs/ca-bundle.crt" >"$authorities"
curl --silent --show-error --fail --proto =https --tlsv1.2 --retry 5 \
  "https://truststore.pki.rds.amazonaws.com/$AWS_REGION/$AWS_REGION-bundle.pem" >>"$authorities"
install -m 0644 "$authorities" "$root/etc/cloudmart/ca.pem"
rm "$authorities"

# systemd would make the log root's, which the agent (user cwagent, of its package) may not read; a file that is there
# keeps owner and mode. The server's user owns it, so that a server may open /dev/stdout again.
log=$root/var/log/cloudmart
install -d -o root -g cwagent -m 0750 "$log"
[ ! -L "$log/application.log" ] || rm "$log/application.log"
touch "$log/application.log"
chown cloudmart:cwagent "$log/application.log"
chmod 0640 "$log/application.log"
install -m 0644 "$here/logrotate.conf" "$root/etc/logrotate.d/cloudmart"
systemctl enable --now logrotate.timer
agent=$root/opt/aws/amazon-cloudwatch-agent
sed "s|@LOG_GROUP@|$LOG_GROUP|" "$here/amazon-cloudwatch-agent.json" >"$agent/etc/cloudmart.json"
"$agent/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$agent/etc/cloudmart.json"

# A revision's hooks choose one of the two units, and put it in place.
install -m 0644 "$here/cloudmart.service" "$here/cloudmart-image.service" "$programs/"
install -m 0755 "$here/drain.sh" "$programs/drain.sh"
install -m 0644 "$here/cloudmart-drain.service" "$root/etc/systemd/system/cloudmart-drain.service"
systemctl daemon-reload
systemctl enable --now cloudmart-drain.service
