"""What is installed on an instance: a CodeDeploy revision, from an application.

Owns what an application is (a folder with an executable `bin/start`, or the URI of a container image), the layout of
a revision, and its archive. Does not import `aws_cdk`: the synth, the release tool and the local cloud share it.

    appspec.yml     what CodeDeploy's agent copies and runs
    hooks/*.sh      ours: `assets/revision`
    app/            the application's folder; or `app/image`, which holds a URI

A function of its input alone: same application, same revision, byte for byte.
"""

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).parents[1]
_ASSETS: Final = Path(__file__).parent / "assets"
_FRAME: Final = _ASSETS / "revision"

SHOP: Final = "shop"
"""The application that comes with this project."""
START: Final = "bin/start"
INSTALL: Final = "bin/install"
IMAGE: Final = "image"
_LEFT_OUT: Final = ("__pycache__", ".git", ".venv", ".DS_Store")

_REGISTRY: Final = r"(?P<registry>(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?/)?"
_PATH: Final = r"(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
_TAG: Final = r"(?::(?P<tag>\w[\w.-]{0,127}))?"
_DIGEST: Final = r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
_URI: Final = re.compile(_REGISTRY + _PATH + _TAG + _DIGEST, re.ASCII)
_ECR: Final = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/")


class ApplicationError(Exception):
    """Not an application. `str()` is one line: what was given, what is allowed, what to do."""

    def __init__(self, *, given: str, allowed: str, do: str) -> None:
        super().__init__(f"error: application: given {given}; allowed: {allowed}; {do}")
        self.given, self.allowed, self.do = given, allowed, do


@dataclass(frozen=True)
class Folder:
    """An application as files. Its `bin/start` runs the server, its `bin/install`, if any, makes what it needs."""

    path: Path


@dataclass(frozen=True)
class Repository:
    """Where an image lies in ECR."""

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Image:
    """An application as a container image."""

    uri: str

    @property
    def by_digest(self) -> bool:
        """Whether the URI names one image for all time; a tag can be moved."""
        return "@sha256:" in self.uri

    @property
    def repository(self) -> Repository | None:
        """The repository in ECR, which has to be asked with AWS's credentials; None: some other registry."""
        found, ecr = _URI.fullmatch(self.uri), _ECR.match(self.uri)
        return Repository(ecr["account"], ecr["region"], found["path"]) if found and ecr else None


Application = Folder | Image


def application(given: str) -> Application:
    """What the setting `backend.application` means: `shop`, an image's URI (it has a tag or a digest, so a colon), or
    the path of a folder, relative to the project.

    Raises `ApplicationError` for anything else, and for a folder that cannot be started.
    """
    if given == SHOP:
        return _startable(Folder(_ASSETS / "shop"), given)
    if ":" in given:
        found = _URI.fullmatch(given)
        if not found or not (found["tag"] or found["digest"]):
            raise ApplicationError(
                given=given,
                allowed="an image as registry/name:tag, registry/name@sha256:... or both",
                do="copy the URI from the registry",
            )
        return Image(given)
    return _startable(Folder((_PROJECT / given).resolve()), given)


def assemble(application: Application, into: Path) -> None:
    """Write the revision of `application` into the empty folder `into`.

    Links to files become files, as in every archive made of it. Raises `ApplicationError`, before anything is
    written, for a folder that cannot be started or holds what no archive can.
    """
    files = {}
    if isinstance(application, Folder):
        _startable(application, str(application.path))
        files = dict(_files(application.path))
    shutil.copytree(_FRAME, into, dirs_exist_ok=True)
    app = into / "app"
    app.mkdir()
    if isinstance(application, Image):
        (app / IMAGE).write_text(f"{application.uri}\n", encoding="utf-8")
    for name, source in files.items():
        target = app / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(0o755 if _executable(source) else 0o644)


def pack(revision: Path, archive: Path) -> None:
    """The revision as the zip file that CodeDeploy fetches; the same bytes for the same files, whenever made."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, source in sorted(_files(revision)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the modes below count
            entry.external_attr = (stat.S_IFREG | (0o755 if _executable(source) else 0o644)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, source.read_bytes())


def _startable(folder: Folder, given: str) -> Folder:
    start = folder.path / START
    if not folder.path.is_dir():
        raise ApplicationError(
            given=f"{given}, which is no folder",
            allowed=f"{SHOP}, a folder with an executable {START}, or an image with its tag or digest",
            do="give the folder's path from the project's folder, or an absolute one",
        )
    if not start.is_file() or not _executable(start):
        what = "not executable" if start.is_file() else "not there"
        raise ApplicationError(
            given=f"{given}, whose {START} is {what}",
            allowed=f"a folder with an executable {START}, which runs the server on port PORT",
            do=f"chmod +x {START}" if start.is_file() else f"write {START}",
        )
    return folder


def _files(folder: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Relative name and place of every file that belongs into an archive, in the order of their names."""
    for path in sorted(folder.iterdir()):
        name = f"{prefix}{path.name}"
        if path.name in _LEFT_OUT or path.suffix == ".pyc":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path, f"{name}/")
        elif path.is_file():
            yield name, path
        else:
            raise ApplicationError(
                given=f"{name}, which is {'a link to a folder or to nothing' if path.is_symlink() else 'no file'}",
                allowed="files, links to files, and folders",
                do="take it out, or put what it points to in its place",
            )


def _executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
