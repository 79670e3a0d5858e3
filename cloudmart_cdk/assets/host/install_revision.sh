#!/usr/bin/env bash
# install_revision.sh FOLDER: what CodeDeploy's agent does with a revision, in its order, at the first boot, when no
# agent is there yet (appspec.yml says the same; a test compares). A hook that fails ends it.
set -euo pipefail

root=${ROOT:-}
revision=$1

"$revision/hooks/before_install.sh"
cp -R "$revision/app/." "$root/opt/cloudmart/app/"
"$revision/hooks/after_install.sh"
"$revision/hooks/application_start.sh"
"$revision/hooks/validate_service.sh"
