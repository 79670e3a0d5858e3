"""The local cloud's folder and what is known about a running one.

Owns every path that is written, all of them below one folder, and the file `cloud.json`. Does not
start or stop anything.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from localcloud.errors import CloudError
from localcloud.processes import Process

PROJECT: Final = Path(__file__).resolve().parent.parent
STATE_VARIABLE: Final = "LOCALCLOUD_STATE"
_IGNORED: Final = "# Written by the local cloud.\n*\n"


@dataclass(kw_only=True)
class Cloud:
    """A cloud that has been started, as remembered between commands."""

    stage: str
    name: str
    region: str
    account: str
    port: int
    """The emulator's."""
    shop_port: int
    """The browser proxy's."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """The session token that every call to this cloud carries: see `localcloud.server.guard`."""
    context: list[str] = field(default_factory=list)
    """`key=value` of every `-c`, for the commands that follow."""
    processes: list[Process] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def shop(self) -> str:
        return f"http://127.0.0.1:{self.shop_port}/"

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the app's stacks are: at home, and in the edge's region."""
        # Imported late: stopping a cloud must work with settings that are broken.
        from cloudmart_cdk.settings.topology import EDGE_REGION

        return tuple(dict.fromkeys((self.region, EDGE_REGION)))

    @property
    def prefix(self) -> str:
        return f"{self.name}-{self.stage}"


class State:
    """The folder: `.localcloud` in the project unless told otherwise."""

    def __init__(self, root: Path | None = None) -> None:
        chosen = root or Path(os.environ.get(STATE_VARIABLE) or PROJECT / ".localcloud")
        self.root = chosen.resolve()
        self.cloud_file = self.root / "cloud.json"
        self.records_file = self.root / "records.json"
        self.objects_file = self.root / "objects.json"
        """Of the cluster: see `localcloud.recorded`."""
        self.pods_file = self.root / "pods.json"
        """Of its stand-ins: see `localcloud.server.pods`."""
        self.assembly = self.root / "cdk.out"
        self.logs = self.root / "logs"
        self.temporary = self.root / "tmp"
        self.home = self.root / "home"
        self.cdk_home = self.root / "cdk"
        self.engines = self.root / "engines"
        """Of the databases and caches, a folder each."""
        self.ca_file = self.engines / "ca.pem"
        """The authority that vouches for them."""
        self.instances = self.root / "instances"
        """What is installed on the instances of the scaling groups, a folder each."""

    def prepare(self) -> None:
        """The folders, for nobody else to look into; with a `.gitignore`, since nothing in them is ever for a commit.

        A folder that was there before the local cloud is somebody's, and stays as open as it is.
        """
        ignored = self.root / ".gitignore"
        if ignored.exists() and ignored.read_text() == _IGNORED:
            self.root.chmod(0o700)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.logs, self.temporary, self.home, self.cdk_home):
            folder.mkdir(mode=0o700, exist_ok=True)
        ignored.write_text(_IGNORED)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def load(self) -> Cloud | None:
        """The cloud that was started here, dead or alive. A file of another version counts as none."""
        try:
            content: dict[str, Any] = json.loads(self.cloud_file.read_text())
            content["processes"] = [Process(**entry) for entry in content["processes"]]
            return Cloud(**content)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def save(self, cloud: Cloud) -> None:
        draft = self.cloud_file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(cloud), indent=1))
        draft.replace(self.cloud_file)

    def forget(self) -> None:
        for file in (self.cloud_file, self.records_file, self.objects_file, self.pods_file):
            file.unlink(missing_ok=True)

    def records(self) -> dict[str, Any]:
        """What the emulator only recorded; see `localcloud.server.records`."""
        try:
            return dict(json.loads(self.records_file.read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One command at a time; a second one is told, not queued."""
        self.prepare()
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CloudError(
                    "the local cloud is busy",
                    why=f"another deploy, verify or destroy works in {self.root}",
                    do="wait for it to end",
                ) from None
            yield
