#!/usr/bin/env bash
# Makes room. From here until after_install.sh is through there is no mark, and nothing starts, not even after a
# reboot: half of an application never serves. A revision that is none is refused before anything is touched.
#
# /opt/cloudmart is root's alone, so that nobody else can put a link where root makes the folder and copies into it.
set -euo pipefail
umask 022

root=${ROOT:-}
app=$root/opt/cloudmart/app
revision=$(cd "$(dirname "$0")/.." && pwd)

if [ ! -e "$root/etc/cloudmart/environment" ]; then
  echo "error: instance: given no /etc/cloudmart/environment; allowed: one that its first boot has prepared;" \
    "do: look at /var/log/cloud-init-output.log" >&2
  exit 1
fi
if [ ! -e "$revision/app/image" ] && [ ! -f "$revision/app/bin/start" ]; then
  echo "error: revision: given neither app/bin/start nor app/image; allowed: what revision.assemble makes;" \
    "do: release it again" >&2
  exit 1
fi

"$revision/hooks/application_stop.sh"
rm -f "$root/etc/cloudmart/installed"
rm -rf "$app"
install -d -m 0755 "$app"

if [ -e "$revision/app/image" ] && ! rpm --quiet -q docker; then
  dnf install -y -q docker
fi
