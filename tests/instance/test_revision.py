"""A revision is assembled from a folder or an image, always the same, or refused in one line."""

import os
import re
import zipfile
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # has no types of its own

from cloudmart_cdk.revision import SHOP, ApplicationError, Folder, Image, Repository, application, assemble, pack
from tests.instance.support import HOST, make_application

DIGEST = "sha256:" + "a" * 64
EVENTS = ("ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService")
"""What CodeDeploy lets a revision hook into on EC2, traffic aside (CodeDeploy guide, AppSpec hooks), in its order."""


def test_layout(tmp_path: Path) -> None:
    make_application(tmp_path / "mine", install=True)
    (tmp_path / "mine" / "__pycache__").mkdir()
    (tmp_path / "mine" / "__pycache__" / "x.pyc").touch()
    (tmp_path / "mine" / "linked").symlink_to("bin/start")
    assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    files = {
        str(path.relative_to(tmp_path / "revision")): os.access(path, os.X_OK)
        for path in (tmp_path / "revision").rglob("*")
        if path.is_file()
    }
    assert files == {
        "appspec.yml": False,
        **{f"hooks/{event}.sh": True for event in ("application_stop", "before_install", "after_install")},
        "hooks/application_start.sh": True,
        "hooks/validate_service.sh": True,
        "app/bin/start": True,
        "app/bin/install": True,
        "app/server.py": False,
        "app/linked": True,
    }
    assert not (tmp_path / "revision" / "app" / "linked").is_symlink()


def test_appspec_names_files_that_are_there_and_events_that_codedeploy_knows(tmp_path: Path) -> None:
    make_application(tmp_path / "mine")
    assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    appspec = yaml.safe_load((tmp_path / "revision" / "appspec.yml").read_text(encoding="utf-8"))
    comment = (tmp_path / "revision" / "appspec.yml").read_text(encoding="utf-8").splitlines()[0]
    assert all((HOST / name).exists() for name in re.findall(r"`(\S+\.sh)`", comment))
    assert (appspec["version"], appspec["os"]) == (0.0, "linux")
    assert appspec["files"] == [{"source": "app", "destination": "/opt/cloudmart/app"}]
    assert tuple(appspec["hooks"]) == EVENTS
    for (script,) in appspec["hooks"].values():
        assert os.access(tmp_path / "revision" / script["location"], os.X_OK)
        assert script["runas"] == "root"
        assert 0 < script["timeout"] <= 3600  # an hour for all scripts of an event
    named = {script["location"] for (script,) in appspec["hooks"].values()}
    assert named == {f"hooks/{path.name}" for path in (tmp_path / "revision" / "hooks").iterdir()}


def test_same_application_same_bytes(tmp_path: Path) -> None:
    make_application(tmp_path / "mine")
    for number in ("1", "2"):
        assemble(Folder(tmp_path / "mine"), tmp_path / number)
        os.utime(tmp_path / "mine" / "server.py", (0, 0))
        pack(tmp_path / number, tmp_path / f"{number}.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as packed:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in packed.infolist()}
    assert modes["app/bin/start"] == modes["hooks/after_install.sh"] == "0o100755"
    assert modes["app/server.py"] == modes["appspec.yml"] == "0o100644"


def test_an_image_is_a_revision_of_one_line(tmp_path: Path) -> None:
    assemble(Image(f"registry.example.com/team/shop:1.0@{DIGEST}"), tmp_path)
    assert (tmp_path / "app" / "image").read_text() == f"registry.example.com/team/shop:1.0@{DIGEST}\n"
    assert [path.name for path in (tmp_path / "app").iterdir()] == ["image"]


def test_what_the_setting_means(tmp_path: Path) -> None:
    make_application(tmp_path / "mine")
    assert application(str(tmp_path / "mine")) == Folder(tmp_path / "mine")
    assert application("nginx:1.27") == Image("nginx:1.27")
    assert not Image("nginx:1.27").by_digest
    assert Image(f"nginx@{DIGEST}").by_digest
    assert Image("public.ecr.aws/nginx/nginx:1.27").repository is None
    ours = Image(f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart-lab/shop@{DIGEST}")
    assert ours.repository == Repository("123456789012", "ap-northeast-2", "cloudmart-lab/shop")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere/at/all", ("which is no folder", "absolute")),
        ("docs", ("bin/start is not there", "write bin/start")),
        ("https://example.com/shop", ("registry/name:tag", "copy the URI")),
        ("registry.example.com/Shop:1", ("registry/name:tag",)),
        ("nginx:", ("registry/name:tag",)),
        (f"nginx@{DIGEST[:-1]}", ("registry/name@sha256",)),
    ],
)
def test_refused_in_one_line(given: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ApplicationError) as refused:
        application(given)
    line = str(refused.value)
    assert line.startswith(f"error: application: given {given}")
    assert line.isprintable()
    assert all(word in line for word in words)


def test_a_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    make_application(tmp_path / "mine")
    (tmp_path / "mine" / "bin" / "start").chmod(0o644)
    with pytest.raises(ApplicationError, match=r"bin/start is not executable; allowed: .*; chmod \+x bin/start"):
        assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    (tmp_path / "mine" / "bin" / "start").chmod(0o755)
    (tmp_path / "mine" / "lib").symlink_to("/usr")
    with pytest.raises(ApplicationError, match=r"given lib, which is a link to a folder"):
        assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    (tmp_path / "mine" / "lib").unlink()
    os.mkfifo(tmp_path / "mine" / "pipe")
    with pytest.raises(ApplicationError, match=r"given pipe, which is no file"):
        assemble(Folder(tmp_path / "mine"), tmp_path / "revision")
    assert not (tmp_path / "revision").exists()


def test_the_shop_is_the_default_application(tmp_path: Path) -> None:
    shop = application(SHOP)
    assemble(shop, tmp_path)
    for script in ("start", "install"):
        assert os.access(tmp_path / "app" / "bin" / script, os.X_OK)
    lock = (tmp_path / "app" / "requirements.txt").read_text(encoding="utf-8")
    assert lock.count("==") <= lock.count("--hash=sha256:"), "what an instance downloads is what was tested"
    pack(tmp_path, tmp_path.with_suffix(".zip"))
    assert tmp_path.with_suffix(".zip").stat().st_size < 1_000_000
