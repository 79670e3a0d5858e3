"""The command line: `python -m localcloud deploy|destroy|status|verify|diff|env`.

Owns options, exit statuses and the last line. 1: something failed, 2: bad command line, 130: interrupted.
"""

import argparse
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

from localcloud.errors import CloudError
from localcloud.state import State


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="AWS on this machine, for this project.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--state", type=Path, metavar="DIR", help="folder of the cloud (default: .localcloud)")
    commands = parser.add_subparsers(dest="command", required=True)

    deploy = commands.add_parser("deploy", parents=[shared], help="start the cloud and deploy, or bring it up to date")
    deploy.add_argument("--stage", help="lab (default), dev, staging or prod")
    deploy.add_argument("--name", help="name of this copy (default: cloudmart)")
    deploy.add_argument("--port", type=int, help="port of the emulated AWS (default: a free one)")
    deploy.add_argument("--shop-port", type=int, help="port of the shop (default: a free one)")
    deploy.add_argument("--concurrency", type=int, default=4, help="stacks at a time (default: 4)")
    deploy.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="a setting")
    deploy.add_argument("--keep", action="store_true", help="leave a failed first deploy running")

    destroy = commands.add_parser("destroy", parents=[shared], help="remove the stacks and stop everything")
    destroy.add_argument("--concurrency", type=int, default=4, help="stacks at a time (default: 4)")
    destroy.add_argument("--force", action="store_true", help="stop without removing the stacks first")

    commands.add_parser("status", parents=[shared], help="what runs, and what of it is only recorded")
    verify = commands.add_parser("verify", parents=[shared], help="read the resources back and compare")
    verify.add_argument("--all", action="store_true", help="show every check")
    commands.add_parser("diff", parents=[shared], help="cdk diff --fail against the cloud")
    commands.add_parser("env", parents=[shared], help="variables for other AWS tools, for eval")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    # Imported late: help and a bad command line are answered at once.
    from localcloud import deployment, environment, inspection, processes, teardown
    from localcloud.steps import Options

    processes.check_system()
    environment.forget_aws_settings()
    state = State(arguments.state)
    match arguments.command:
        case "deploy":
            names = ("stage", "name", "port", "shop_port", "concurrency", "context", "keep")
            chosen = {name: getattr(arguments, name) for name in names}
            # The project's usual way to name a stage is `-c stage=prod`; both ways are one.
            for entry in list(chosen["context"]):
                key, _, value = entry.partition("=")
                if key in ("stage", "name"):
                    chosen[key] = value
                    chosen["context"].remove(entry)
            options = Options(**chosen)
            deployment.deploy(state, options)
        case "destroy":
            options = Options(concurrency=arguments.concurrency, force=arguments.force)
            teardown.destroy(state, options)
        case "verify":
            inspection.verify_again(state, everything=arguments.all)
        case "diff":
            return inspection.diff(state)
        case "env":
            inspection.print_environment(state)
        case _:
            inspection.status(state)
    return 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Runs one command; whatever fails ends in one line."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    arguments = _parser().parse_args()
    try:
        return _run(arguments)
    except CloudError as error:
        print(error, flush=True)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted: stopped by you or by a signal; run the command again when ready", flush=True)
        return 130
    except Exception as error:
        log = State(arguments.state).log("crash")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        reason = " ".join(str(error).split())[:300]
        print(f"error: {type(error).__name__}: {reason}; this should not happen: please report {log}", flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
