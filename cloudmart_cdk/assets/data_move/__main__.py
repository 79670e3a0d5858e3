"""The command line: `python -m data_move --dump FILE --host HOST --user USER --database NAME --ca-file PEM`.

Owns options, exit statuses and the last line, on standard error when it is an error. 1: refused or failed, nothing was
changed; 2: a command line that can never work; 130: interrupted, nothing was changed.
"""

import argparse
import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from .move import GROUP, bring_back, move_in, remove
from .problems import Problem
from .server import Server


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="data_move", description="Move a dump of PostgreSQL into a database.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dump", type=Path, help="restore this file, compare, switch")
    what.add_argument("--bring-back", metavar="NAME", help="make a database that a move kept the one in use again")
    what.add_argument("--remove", metavar="NAME", help="remove a database that a move kept, for good")
    parser.add_argument("--host", required=True, help="the server itself, not a proxy; its certificate's name")
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--database", required=True, help="the one that programs use")
    parser.add_argument("--ca-file", type=Path, required=True, help="PEM of the authorities to trust")
    parser.add_argument("--user", help="the owner; default: the secret's")
    parser.add_argument("--secret", help="Secrets Manager: JSON with username, password; default: PGPASSWORD")
    parser.add_argument("--group", default=GROUP, help=f"owns the tables; default: {GROUP}")
    parser.add_argument("--bin", type=Path, help="folder of pg_restore; default: PATH")
    parser.add_argument("--again", action="store_true", help="a dump that was moved in before, too")
    parser.add_argument("--how-back", help="what to print as the command that brings NAME back, {} for NAME")
    return parser.parse_args(words)


def _secret(name: str) -> dict[str, str]:
    import boto3  # late: not needed where the password is in the environment
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        found: dict[str, str] = json.loads(answer["SecretString"])
    except (BotoCoreError, ClientError) as error:
        raise Problem(
            "login",
            given=f"the secret {name}, which cannot be read ({error})",
            allowed="a secret of this account and region that this role may read",
            do="see --secret, credentials and region",
        ) from None
    return found


def _server(arguments: argparse.Namespace) -> Server:
    user, password = arguments.user, os.environ.get("PGPASSWORD")
    if arguments.secret:
        secret = _secret(arguments.secret)
        user, password = user or secret["username"], secret["password"]
    if not user or not password:
        raise Problem(
            "login",
            given="no user or no password",
            allowed="--user and PGPASSWORD, or --secret",
            do="name the owner's secret: --secret <name>-<stage>/database/owner",
        )
    if not arguments.ca_file.is_file():
        raise Problem(
            "TLS",
            given=f"--ca-file {arguments.ca_file}, which is no file",
            allowed="PEM of the authorities to trust",
            do="on AWS fetch the region's RDS bundle",
        )
    return Server(host=arguments.host, port=arguments.port, user=user, password=password, ca_file=arguments.ca_file)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(words: list[str] | None = None) -> int:
    """One command; whatever fails ends in one line."""
    try:
        arguments = _arguments(words)
        server, database = _server(arguments), arguments.database
        back = arguments.how_back or "the same command with --bring-back {} in place of --dump"
        if arguments.bring_back:
            bring_back(arguments.bring_back, server, database, how_back=back)
        elif arguments.remove:
            remove(arguments.remove, server, database)
        else:
            move_in(
                arguments.dump,
                server,
                database,
                group=arguments.group,
                binaries=arguments.bin,
                again=arguments.again,
                how_back=back,
            )
    except Problem as problem:
        return _ended(str(problem), problem, status=1)
    except KeyboardInterrupt as interrupt:
        line = "error: interrupted: given a signal; the database in use is as it was; run the command again when ready"
        return _ended(line, interrupt, status=130)
    return 0


def _ended(line: str, error: BaseException, *, status: int) -> int:
    """Says why on standard error, after all that standard output still holds."""
    sys.stdout.flush()
    print("; ".join([line, *getattr(error, "__notes__", ())]), file=sys.stderr, flush=True)
    return status


def run_as_program(words: list[str] | None = None) -> int:
    """`main`, where being ended by a signal cleans up like Ctrl-C, and one line is all that is said of a failure."""
    # It warns of connections that are lost; so does the last line.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return main(words)


if __name__ == "__main__":
    sys.exit(run_as_program())
