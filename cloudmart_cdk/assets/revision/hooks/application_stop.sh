#!/usr/bin/env bash
# The server ends: systemd asks it to, and waits for its open requests. Where there is none yet, nothing is to do.
set -euo pipefail

if systemctl cat cloudmart.service >/dev/null 2>&1; then
  systemctl stop cloudmart.service
fi
