#!/usr/bin/env bash
# Starts what is installed whole, now and at every boot.
set -euo pipefail

root=${ROOT:-}
if [ ! -e "$root/etc/cloudmart/installed" ]; then
  echo "error: application: given a half-finished installation; allowed: a whole one; do: install the revision again" >&2
  exit 1
fi
systemctl enable cloudmart.service
systemctl restart cloudmart.service
