"""The ways in: `make migrate-data` against a local cloud, and the commands of the document, as an instance runs them.

What they need is found in the emulated stores.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloudmart_cdk.constructs.data_move_document import commands
from localcloud import emulator, environment
from localcloud.aws import Clients
from localcloud.engines import binaries
from localcloud.state import State
from tests.data_move.conftest import DUMPS, Mover
from tests.stores import OWNER, PASSWORD, Stores

PROGRAM = Path(__file__).parents[2] / "cloudmart_cdk" / "assets" / "data_move"
SECRET = "test-lab/database/owner"


@pytest.fixture(scope="module")
def state(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A running emulator, which knows the session's PostgreSQL as its own."""
    state = State(tmp_path_factory.mktemp("localcloud"))
    state.ca_file.parent.mkdir(parents=True)
    state.ca_file.symlink_to(stores.ca_file)
    with emulator.empty(state, name="test") as cloud:
        Clients(cloud).client("secretsmanager").create_secret(
            Name=SECRET, SecretString=json.dumps({"username": OWNER, "password": PASSWORD})
        )
        yield state


def database_is(state: State, mover: Mover, name: str) -> None:
    """What the deployed stack says about its database."""
    cloud = state.load()
    assert cloud
    server = mover.stores.postgres
    for parameter, value in (("host", server.host), ("port", str(server.port)), ("name", name)):
        Clients(cloud).client("ssm").put_parameter(
            Name=f"/test/lab/database/{parameter}", Value=value, Type="String", Overwrite=True
        )


def run(state: State, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcloud.data_move", "--state", state.root, *words]
    plain = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, env=plain, check=False)


def test_dump_is_moved_into_the_running_cloud_and_back(state: State, mover: Mover) -> None:
    database = mover.database()
    database_is(state, mover, database)
    moved = run(state, "--dump", DUMPS / "shop.dump.gz")
    assert (moved.returncode, moved.stderr) == (0, "")
    last = moved.stdout.splitlines()[-1]
    assert last.startswith(f"back: make migrate-data BACK={database}_before_")
    back = run(state, "--bring-back", last.rpartition("=")[2])
    assert (back.returncode, back.stderr) == (0, "")
    assert mover.query(database, "SELECT count(*) FROM sold") == [(3,)]


def test_what_is_missing_is_said_in_one_line(state: State, tmp_path: Path) -> None:
    for ended, status, words in (
        (run(state), 2, "allowed: DUMP=FILE, BACK=NAME or REMOVE=NAME"),
        (run(State(tmp_path), "--dump", DUMPS / "shop.sql"), 1, "error: no local cloud"),
    ):
        assert ended.returncode == status
        assert ended.stderr.count("\n") == 1
        assert words in ended.stderr


def test_owner_comes_from_secrets_manager(state: State, mover: Mover, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = state.load()
    assert cloud
    for name, value in environment.client(state, cloud).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PGPASSWORD")
    dump, database = DUMPS / "partition-root.sql", mover.database()
    given = mover.words("--dump", dump, "--secret", SECRET, database=database)
    user = given.index("--user")
    module = [sys.executable, "-m", "cloudmart_cdk.assets.data_move"]
    moved = subprocess.run([*module, *given[:user], *given[user + 2 :]], capture_output=True, text=True, check=False)
    assert (moved.returncode, moved.stderr) == (0, "")
    ended = mover.move(dump, database, "--secret", "test-lab/none")
    assert ended.status == 1
    assert ended.error.startswith("error: login: given the secret test-lab/none, which cannot be read (")
    assert ended.error.count("\n") == 1


STANDING_IN = {
    "dnf": "exit 0",
    "curl": 'while [ "$1" != --output ]; do shift; done; cp "$CA_FILE" "$2"',
    "aws": """case "$1 $2 $3" in
    's3 cp --only-show-errors') cp "$S3/${4#s3://}" "$5" ;;
    's3api head-object --bucket') [ "$5 $7 $8" = '--key --query ContentLength' ] && stat -c %s "$S3/$4/$6" ;;
    *) exit 64 ;; esac""",
    "unzip": f'exec {sys.executable} -m zipfile -e "$2" "$4"',
    "python3.11": 'mkdir -p "$3/bin" && cp "$0.venv" "$3/bin/python"',
    "python3.11.venv": f'if [ "$2" = pip ]; then exit 0; fi; exec {sys.executable} -B "$@"',
}
"""What the instance has that this machine may lack: its packages, S3, and a package index."""


@dataclass(frozen=True)
class Machine:
    """Runs the lines that Run Command gets, with Systems Manager's parameters put in."""

    mover: Mover
    region: str
    bucket: Path
    """What S3 holds."""
    scratch: Path
    """Where the instance works."""

    def run(self, database: str, **given: str) -> subprocess.CompletedProcess[str]:
        lines = "\n".join(
            commands(
                name="test-lab-move-data",
                region=self.region,
                program="s3://bucket/program.zip",
                host=self.mover.stores.postgres.host,
                database=database,
                secret=SECRET,
            )
        )
        for name, value in given.items():
            lines = lines.replace(f"{{{{ {name} }}}}", value)
        return subprocess.run(["sh"], input=lines, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(state: State, mover: Mover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    programs, bucket, scratch = tmp_path / "bin", tmp_path / "s3" / "bucket", tmp_path / "scratch"
    for folder in (programs, bucket, scratch):
        folder.mkdir(parents=True)
    for name, body in STANDING_IN.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    shutil.make_archive(str(bucket / "program"), "zip", PROGRAM)
    cloud = state.load()
    assert cloud
    for name, value in environment.client(state, cloud).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PATH", f"{programs}:{binaries.postgres()}:{os.environ['PATH']}")
    monkeypatch.setenv("CA_FILE", mover.stores.ca_file)
    monkeypatch.setenv("S3", str(tmp_path / "s3"))
    monkeypatch.setenv("TMPDIR", str(scratch))
    return Machine(mover, cloud.region, bucket, scratch)


def test_commands_of_the_document_move_a_dump(machine: Machine, mover: Mover) -> None:
    """From the first line to the database."""
    shutil.copy(DUMPS / "shop.dump.gz", machine.bucket / "the.dump")
    database = mover.database()
    moved = machine.run(database, Order="move", What="s3://bucket/the.dump", Option="none")
    assert (moved.returncode, moved.stderr) == (0, "")
    back = moved.stdout.splitlines()[-1]
    assert back.startswith(
        "back: aws ssm start-automation-execution --document-name test-lab-move-data --parameters Ord"
    )
    again = machine.run(database, Order="move", What="s3://bucket/the.dump", Option="none")
    assert again.returncode == 1
    assert "was made from already" in again.stderr
    brought = machine.run(database, Order="bring-back", What=back.rpartition("What=")[2], Option="none")
    assert (brought.returncode, brought.stderr) == (0, "")
    assert mover.query(database, "SELECT count(*) FROM sold") == [(3,)]
    assert machine.run(database, Order="move", What="s3://bucket/none", Option="none").returncode != 0


@pytest.mark.parametrize("name", ["psycopg.py", "argparse.py", "authorities.pem", "data_move"])
def test_no_name_of_a_dump_gets_in_the_way_of_the_program(machine: Machine, mover: Mover, name: str) -> None:
    """Nor of the authorities: whatever it is called, it is data."""
    shutil.copy(DUMPS / "partition-root.sql", machine.bucket / name)
    moved = machine.run(mover.database(), Order="move", What=f"s3://bucket/{name}", Option="none")
    assert (moved.returncode, moved.stderr) == (0, "")


def test_dump_that_does_not_fit_the_machine_is_not_fetched(machine: Machine, mover: Mover) -> None:
    size = shutil.disk_usage(machine.scratch).total + 1
    dump = machine.bucket / "nightly" / "large.dump"
    dump.parent.mkdir()
    dump.touch()
    os.truncate(dump, size)  # takes no room itself
    what = "s3://bucket/nightly/large.dump"
    ended = machine.run(mover.database(), Order="move", What=what, Option="none")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: dump: given {what} of {size} bytes; allowed: at most ")
    assert ended.stderr.count("\n") == 1
    assert "fetching" not in ended.stdout
    assert not list(machine.scratch.rglob("large.dump"))
