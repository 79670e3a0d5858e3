#!/usr/bin/env bash
# Installs what was copied: the application's own bin/install as its user, or the image; then its unit, then the mark.
#
# Root is through with the folder before it becomes its user's: a process of that user could otherwise exchange a file
# for a link in between. Whatever the agent's mask is, nobody else may write.
set -euo pipefail
umask 022

root=${ROOT:-}
app=$root/opt/cloudmart/app
programs=$root/usr/local/lib/cloudmart

install_folder() {
  local installs=""
  # Archives lose modes, and CodeDeploy copies as root.
  chmod -R go-w "$app"
  chmod 0755 "$app/bin/start"
  if [ -f "$app/bin/install" ]; then
    installs=yes
    chmod 0755 "$app/bin/install"
  fi
  chown -R -P cloudmart:cloudmart "$app"
  if [ "$installs" ]; then
    (
      set -a
      # shellcheck source=/dev/null
      . "$root/etc/cloudmart/environment"
      set +a
      cd "$app"
      runuser -u cloudmart -- env HOME="$root/var/lib/cloudmart" ./bin/install
    )
  fi
  install -m 0644 "$programs/cloudmart.service" "$root/etc/systemd/system/cloudmart.service"
}

install_image() {
  local image host memory
  image=$(tr -d '[:space:]' <"$app/image")
  host=${image%%/*}
  case $host in
    *.dkr.ecr.*.amazonaws.com)
      # Only for the pull: no credentials stay on the disk.
      DOCKER_CONFIG=$(mktemp -d)
      export DOCKER_CONFIG
      trap 'rm -rf "$DOCKER_CONFIG"' EXIT
      aws ecr get-login-password --region "$(cut -d. -f4 <<<"$host")" |
        docker login --username AWS --password-stdin "$host"
      ;;
  esac
  docker pull --quiet "$image"
  # The folder's share of the memory (MemoryMax of its unit); docker takes no percentages.
  memory=$(awk '/^MemTotal:/ {print int($2 * 0.6)}' /proc/meminfo)
  {
    echo "IMAGE=$image"
    echo "CONTAINER_USER=$(id -u cloudmart):$(id -g cloudmart)"
    echo "CONTAINER_MEMORY=${memory}k"
  } >"$root/etc/cloudmart/image"
  install -m 0644 "$programs/cloudmart-image.service" "$root/etc/systemd/system/cloudmart.service"
}

if [ -e "$app/image" ]; then
  systemctl enable --now docker.service
  install_image
else
  install_folder
fi
systemctl daemon-reload
touch "$root/etc/cloudmart/installed"
