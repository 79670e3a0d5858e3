"""`make migrate-data DUMP=cloudmart.sql`: the same program against the database of the running local cloud.

Owns finding things there: host and name in the emulated Parameter Store, the owner in the emulated Secrets Manager.
What happens to the databases is the program's (`cloudmart_cdk/assets/data_move`).
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cloudmart_cdk.assets.data_move.__main__ import run_as_program
from commands.errors import CommandError, CommandLineError
from commands.options import Parser
from localcloud import environment
from localcloud.aws import Clients
from localcloud.engines import binaries
from localcloud.errors import CloudError
from localcloud.state import Cloud, State

_BACK: Final = "make migrate-data BACK={}"


def _arguments() -> argparse.Namespace:
    parser = Parser(prog="python -m localcloud.data_move", description="Move a dump into the local cloud.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dump", type=Path)
    what.add_argument("--bring-back", metavar="NAME")
    what.add_argument("--remove", metavar="NAME")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--state", type=Path, help="folder of the local cloud")
    return parser.parse_args()


def _check(arguments: argparse.Namespace) -> None:
    if not (arguments.dump or arguments.bring_back or arguments.remove):
        raise CommandLineError(
            "migrate-data",
            given="nothing to do",
            allowed="DUMP=FILE, BACK=NAME or REMOVE=NAME",
            do="make migrate-data DUMP=cloudmart.sql (docs/runbook/moving-data.md)",
        )


def _words(state: State, cloud: Cloud, arguments: argparse.Namespace) -> list[str]:
    """The program's command line; the password goes into the environment."""
    clients = Clients(cloud)
    path, secret = f"/{cloud.name}/{cloud.stage}/database/", f"{cloud.prefix}/database/owner"
    try:
        names = [f"{path}{name}" for name in ("host", "port", "name")]
        found = clients.client("ssm").get_parameters(Names=names)["Parameters"]
        values = {parameter["Name"].removeprefix(path): parameter["Value"] for parameter in found}
        owner = json.loads(clients.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        os.environ["PGPASSWORD"] = owner["password"]
        words = ["--host", values["host"], "--port", values["port"], "--database", values["name"]]
        user = owner["username"]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise CloudError(
            "the local cloud has no database",
            why=f"{path}* or {secret} cannot be read there ({error})",
            do="run make deploy",
        ) from None
    words += ["--user", user, "--ca-file", str(state.ca_file), "--bin", str(binaries.postgres())]
    words += ["--how-back", _BACK]
    for option in ("dump", "bring_back", "remove"):
        if value := getattr(arguments, option):
            words += [f"--{option.replace('_', '-')}", str(value)]
    return [*words, "--again"] if arguments.again else words


def main() -> int:
    """One command against the local cloud that is up; whatever fails ends in one line."""
    environment.forget_aws_settings()
    try:
        arguments = _arguments()
        state = State(arguments.state)
        _check(arguments)
        cloud = state.load()
        if cloud is None:
            raise CloudError("no local cloud", why=f"none was started in {state.root}", do="run make deploy")
        words = _words(state, cloud, arguments)
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.status
    return run_as_program(words)


if __name__ == "__main__":
    sys.exit(main())
