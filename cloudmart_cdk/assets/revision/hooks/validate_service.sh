#!/usr/bin/env bash
# The server has to answer. Migrations run before it listens, one instance after the other, so it has two minutes.
set -euo pipefail

root=${ROOT:-}
wait_s=${WAIT_S:-120}
# shellcheck source=/dev/null
. "$root/etc/cloudmart/environment"
deadline=$((SECONDS + wait_s))
until curl --silent --fail --output /dev/null --max-time 2 "http://127.0.0.1:$PORT/health"; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "error: application: given no answer of /health on port $PORT within $wait_s s; allowed: 200;" \
      "do: read its log, whose end follows" >&2
    tail -n 20 "$root/var/log/cloudmart/application.log" >&2 || true
    exit 1
  fi
  sleep 1
done
