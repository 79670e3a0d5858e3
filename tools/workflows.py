"""`python -m tools.workflows`: a workflow a service, from the service table, into `.github/workflows`.

Owns the thin callers; what they call is written by hand (`tiketi-service.yml`). Removes those of services that went.
"""

from pathlib import Path
from typing import Final

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.settings import load_settings

FOLDER: Final = Path(__file__).parents[1] / ".github" / "workflows"
CALLED: Final = "tiketi-service.yml"
_PATHS: Final = "[services/{service}/**, .github/workflows/{called}, .github/actions/release-service/**]"
_CALLER: Final = """\
# Written by `python -m tools.workflows` from the service table: change it there, or in {called}.
name: {workflow}

on:
  push:
    branches: [main]
    paths: {paths}
  pull_request:
    paths: {paths}
  workflow_dispatch:

permissions: {{}}

concurrency:
  group: {workflow}-${{{{ github.ref }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}

jobs:
  {service}:
    permissions:
      contents: read
      id-token: write # handed on to the jobs that release
    uses: ./.github/workflows/{called}
    with:
      service: {service}
"""


def callers() -> dict[str, str]:
    """File -> text, of all services."""
    return {
        f"{releases.workflow(service)}.yml": _CALLER.format(
            service=service,
            workflow=releases.workflow(service),
            called=CALLED,
            paths=_PATHS.format(service=service, called=CALLED),
        )
        for service in load_settings({"stage": "prod"}).eks.services
    }


def written() -> dict[str, str]:
    """File -> text, of the callers that are there."""
    return {path.name: path.read_text() for path in FOLDER.glob("tiketi-*.yml") if path.name != CALLED}


def main() -> None:
    """Writes what differs, and removes what nobody asks for."""
    wanted = callers()
    for name in written().keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
