#!/usr/bin/env bash
# Runs the program on the throw-away instance that constructs/data_move.py describes: Amazon Linux 2023, as root, once.
# Usage: on_instance.sh DOCUMENT HOST DATABASE SECRET move|bring-back|remove WHAT OPTION; the region: AWS_DEFAULT_REGION.
set -euo pipefail
umask 077
document=$1 host=$2 database=$3 secret=$4 order=$5 what=$6 option=$7
package=$(cd "$(dirname "$0")" && pwd)
work=$(dirname "$package")

echo 'preparing: PostgreSQL 16 client, Python, the region'\''s authorities'
dnf install --quiet --assumeyes postgresql16 python3.11 >/dev/null
python3.11 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
  --only-binary :all: --requirement "$package/requirements.txt"
curl --fail --silent --show-error --retry 5 --output "$work/authorities.pem" \
  "https://truststore.pki.rds.amazonaws.com/$AWS_DEFAULT_REGION/$AWS_DEFAULT_REGION-bundle.pem"

case $order in
move)
  # Nothing that an object is called may lie where the authorities are, or where Python looks for its modules.
  mkdir "$work/dump"
  dump=$work/dump/$(basename -- "$what")
  # The dump is read from this machine's volume, which was sized by the database's.
  object=${what#s3://}
  bytes=$(aws s3api head-object --bucket "${object%%/*}" --key "${object#*/}" --query ContentLength --output text)
  free=$(df --output=avail --block-size=1 "$work" | tail -n 1 | tr -d ' ')
  if [ "$bytes" -gt "$free" ]; then
    echo "error: dump: given $what of $bytes bytes; allowed: at most $free, what is free on this machine's volume;" \
      "compress the dump (pg_dump --format=custom), or raise database.storage_gb, and try again" >&2
    exit 1
  fi
  echo "fetching $what"
  aws s3 cp --only-show-errors "$what" "$dump"
  words=(--dump "$dump")
  ;;
bring-back | remove) words=("--$order" "$what") ;;
*)
  echo "error: order: given $order; allowed: move, bring-back, remove; see docs/runbook/moving-data.md" >&2
  exit 2
  ;;
esac
if [ "$option" = again ]; then words+=(--again); fi
back="aws ssm start-automation-execution --document-name $document --parameters Order=bring-back,What={}"
export PYTHONPATH=$work
exec "$work/venv/bin/python" -P -m "$(basename "$package")" "${words[@]}" \
  --host "$host" --database "$database" --secret "$secret" --ca-file "$work/authorities.pem" \
  --how-back "$back"
