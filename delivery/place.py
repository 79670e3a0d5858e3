"""Where a release happens: an account and region of AWS, or the local cloud.

Owns the switch between the two and the clients; all that follows is the same code for both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commands import place
from commands.errors import BadInputError

if TYPE_CHECKING:
    from cloudmart_cdk.settings import Settings

_POLL_S: Final = 5.0
_LOCAL_POLL_S: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Place:
    """A stage somewhere. `poll_s`: seconds between two looks at what is awaited."""

    settings: "Settings"
    client: Callable[[str], Any]
    """A boto3 client by the service's name."""
    poll_s: float
    command: str
    """How this tool is called for this place, up to `release` or `rollback`; `{}` stands for that."""
    local: bool
    """The local cloud: without rights, without Automation documents, without a scanner of images."""

    def call(self, command: str, *, service: str = "") -> str:
        """The command line to tell people; `service`: for that one, not for the shop."""
        if not service:
            return f"`{self.command.format(command)}`"
        # make knows the shop only.
        pattern = self.command.replace("make {}", "python -m delivery {} --local")
        return f"`{pattern.format(f'{command} --service {service}')}`"

    @property
    def scans(self) -> bool:
        """Whether images that are pushed here are scanned."""
        return not self.local


def on_aws(*, stage: str | None, name: str | None, context: dict[str, str]) -> Place:
    """The account of the environment's credentials, the settings' region. Raises `CommandError`."""
    settings = place.settings_of({**context, "stage": stage or "lab", "name": name or "cloudmart"})
    options = f" --stage {settings.stage}" + (f" --name {name}" if name else "")
    return Place(
        settings=settings,
        client=place.aws(settings),
        poll_s=_POLL_S,
        command=f"python -m delivery {{}}{options}",
        local=False,
    )


def in_local_cloud(*, stage: str | None, name: str | None, folder: Path | None = None) -> Place:
    """The cloud that `make deploy` started. Raises `CommandError` when there is none, or another one."""
    from localcloud.aws import Clients

    cloud = place.local_cloud(folder)
    for option, asked, has in (("--stage", stage, cloud.stage), ("--name", name, cloud.name)):
        if asked not in (None, has):
            raise BadInputError(
                option, given=asked, allowed=f"{has}, which is what runs here", do="leave the option out"
            )
    context = dict(entry.partition("=")[::2] for entry in cloud.context)
    return Place(
        settings=place.settings_of({**context, "stage": cloud.stage, "name": cloud.name}),
        client=Clients(cloud).client,
        poll_s=_LOCAL_POLL_S,
        command="make {}" if folder is None else f"python -m delivery {{}} --local --state {folder}",
        local=True,
    )
