"""Runs inside the AWS CLI that `aws_cli` unpacks; speaks JSON lines on its standard streams.

Owns what happens to a command line in there: the CLI's own parser, customizations and parameter validation; then, where
the request would leave the machine, the checks that only AWS would make (enumerations, patterns, the fields that
`--query` names), and an answer: a sample of the operation's output, or what the templates say of stacks and log groups.

A request: `{"argv": [...], "folder": "..."}`. An answer: `{"out": "...", "wrong": [...], "calls": [[service, operation,
parameters], ...]}`. The first line that it reads are the facts to answer from (`aws_cli.Facts`). Imports nothing of the
project: its interpreter sees the CLI's packages only.
"""

import argparse
import contextlib
import functools
import io
import json
import os
import re
import sys
from importlib import import_module
from typing import Any

_LAYER, _SELF = sys.argv[1], sys.argv[2]
sys.path[:0] = [_LAYER, _SELF]

queries = import_module("queries")
clidriver = import_module("awscli.clidriver")
commands = import_module("awscli.customizations.commands")
subcommands = import_module("awscli.customizations.s3.subcommands")
endpoint = import_module("botocore.endpoint")
waiter = import_module("botocore.waiter")

SAMPLE = "sample"
_TOKENS = re.compile(r"^(next_?(page_?)?(token|marker)|marker|pagination_?token)$", re.IGNORECASE)
_MORE = re.compile(r"^(is_?truncated|has_?more\w*|more\w*)$", re.IGNORECASE)
_FINE = {"active", "available", "success"}
"""What states are in a sample, so that a command that first waits for one goes on."""
_NOISE = re.compile(r"^(usage: |To see help text|aws(\.cmd)? |Note: AWS CLI version 2)")
_SINCE = re.compile(r"^\d+[smhdw]$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_ONLY_IN_V2 = {"--no-cli-pager": 0, "--cli-binary-format": 1, "--no-cli-auto-prompt": 0}
"""Global options of the CLI's version 2 -> how many values follow. This parser is version 1's: both versions are made
from the same models, and what differs is written down here and in `Tail`."""


_COMMANDS_OF_V2 = (["sso", "login"], ["configure", "sso"])


class Ended(BaseException):
    """The command is understood; what would follow needs an answer that nobody has. No `Exception`: no handler of the
    CLI's may catch it."""


class Tail(commands.BasicCommand):  # type: ignore[name-defined, misc]
    """`aws logs tail`, which version 2 alone has (AWS CLI 2 reference, "logs tail")."""

    NAME = "tail"
    ARG_TABLE = (
        {"name": "group_name", "positional_arg": True},
        {"name": "since", "default": "10m"},
        {"name": "follow", "action": "store_true"},
        {"name": "format", "default": "detailed", "choices": ["detailed", "short", "json"]},
        {"name": "filter-pattern"},
        {"name": "log-stream-names", "nargs": "+"},
        {"name": "log-stream-name-prefix"},
    )

    def _run_main(self, parsed: Any, _globals: Any) -> int:
        if not _SINCE.match(parsed.since):
            raise ValueError(f"--since: given {parsed.since}; allowed: 15m, 2h, 1d or a time; correct it")
        heard.calls.append(("logs", "Tail", {"logGroupName": parsed.group_name}))
        sys.stdout.write(f"{SAMPLE} line\n")
        return 0


class Heard:
    """What one command line did."""

    def __init__(self, argv: list[str]) -> None:
        self.argv = argv
        self.calls: list[tuple[str, str, Any]] = []
        self.wrong: list[str] = []
        self.parsed: Any = None


heard = Heard([])
facts: dict[str, Any] = {}


def note_arguments(parsed_args: Any, **_: Any) -> None:
    """After the CLI has compiled `--query`."""
    heard.parsed = parsed_args
    if parsed_args.output == "table":
        parsed_args.output = "json"  # what a table has besides is only paint


def note_parameters(params: Any, model: Any, **_: Any) -> None:
    """Before the request is made of them; the CLI has not validated them yet."""
    heard.calls.append((model.service_model.service_name, model.name, json.loads(json.dumps(params, default=str))))
    heard.wrong.extend(_outside(model.input_shape, params, "") if model.input_shape else ())


def answer(_endpoint: Any, operation: Any, _request: Any) -> tuple[Any, Any]:
    """In place of the network."""
    if operation.name == "StartSession" or heard.argv[:2] == ["eks", "update-kubeconfig"]:
        raise Ended  # next the CLI would call its plugin, or write into the home folder
    if operation.has_streaming_output:
        raise Ended  # next it would write a file
    query, output = heard.parsed.query, operation.output_shape
    content = _known(operation.name) if heard.calls else None
    if query is not None and not isinstance(query, queries.Lenient):
        if output is not None:
            heard.wrong.extend(f"--query: {why}" for why in queries.unknown_fields(query.parsed, output))
        heard.parsed.query = queries.Lenient(query, names=queries.NAMES if content else frozenset())
    if content is None:
        content = _sample(output, "", ()) if output is not None else {}
    elif query is not None and not heard.parsed.query.search(content):
        heard.wrong.append(f"--query {query.expression}: finds nothing in the templates")
    answered = type("Answered", (), {"status_code": 200, "headers": {}})()
    return answered, {**content, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}


def _known(operation: str) -> dict[str, Any] | None:
    """What the templates say; None: they do not say it."""
    given = heard.calls[-1][2]
    stack = given.get("StackName")
    if operation in ("DescribeStackResources", "ListStackResources"):
        found = facts["resources"].get(stack, [])
        if given.get("LogicalResourceId"):
            found = [each for each in found if each["LogicalResourceId"] == given["LogicalResourceId"]]
        return {"StackResources" if operation[0] == "D" else "StackResourceSummaries": found}
    if operation == "DescribeStacks":
        return {"Stacks": [each for each in facts["stacks"] if stack in (None, each["StackName"])]}
    if operation == "DescribeLogGroups" and given.get("logGroupNamePrefix"):
        begin = given["logGroupNamePrefix"]
        return {"logGroups": [{"logGroupName": name} for name in facts["log_groups"] if name.startswith(begin)]}
    return None


def _sample(shape: Any, name: str, above: tuple[str, ...]) -> Any:
    """One of everything: what the operation could answer."""
    if shape.name in above:
        return {} if shape.type_name == "structure" else []
    inside = (*above, shape.name)
    match shape.type_name:
        case "structure":
            return {
                key: _sample(member, key, inside)
                for key, member in shape.members.items()
                if not _TOKENS.match(key) and not _MORE.match(key)
            }
        case "list":
            return [_sample(shape.member, name, inside)] * max(1, int(shape.metadata.get("min", 1)))
        case "map":
            return {_sample(shape.key, "key", inside): _sample(shape.value, name, inside)}
        case "integer" | "long":
            return 1
        case "float" | "double":
            return 1.5
        case "boolean":
            return True
        case "timestamp":
            return "2026-11-21T03:00:00+00:00"
        case "blob":
            return SAMPLE
        case _ if name == "authorizationToken":
            return "QVdTOnNhbXBsZQ=="  # ECR's, which the CLI decodes: AWS:sample
        case _ if shape.enum:
            return next((value for value in shape.enum if value.lower() in _FINE), shape.enum[0])
        case _:
            return f"{SAMPLE}-{name or shape.name}".ljust(int(shape.metadata.get("min", 0)), "x")


def _outside(shape: Any, value: Any, path: str) -> Any:
    """What AWS would refuse and the CLI lets pass: values outside an enumeration or a pattern."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for key, member in value.items():
            if key in shape.members:
                yield from _outside(shape.members[key], member, f"{path}.{key}".lstrip("."))
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        for member in value:
            yield from _outside(shape.member, member, path)
    elif shape.type_name == "map" and isinstance(value, dict):
        for member in value.values():
            yield from _outside(shape.value, member, path)
    elif shape.type_name == "string" and isinstance(value, str) and SAMPLE not in value:
        pattern = shape.metadata.get("pattern")
        if shape.enum and value not in shape.enum:
            yield f"{path}: given {value}; allowed: {', '.join(shape.enum)}; correct it"
        elif pattern and not _matches(pattern, value):
            yield f"{path}: given {value}; allowed: what matches {pattern}; correct it"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # Java's, and more than Python's can say
        return True


def run(driver: Any, argv: list[str], folder: str) -> dict[str, Any]:
    global heard
    os.chdir(folder)
    heard = Heard(argv)
    kept: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in _ONLY_IN_V2:
            for _ in range(_ONLY_IN_V2[word]):
                next(rest, None)
        else:
            kept.append(word)
    if kept[:2] in _COMMANDS_OF_V2:
        return {"out": "", "wrong": [], "calls": []}
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = driver.main(kept) or 0
        except Ended:
            pass
        except SystemExit as refused:
            status = int(refused.code or 0)
    if status:
        said = [line.strip() for line in err.getvalue().splitlines()]
        heard.wrong.append(" ".join(line for line in said if line and not _NOISE.match(line))[:600])
    return {"out": out.getvalue(), "wrong": heard.wrong, "calls": heard.calls}


def _exactly(_parser: Any, _option: str) -> list[Any]:
    """No abbreviations: what a prefix means changes with the next option that AWS adds."""
    return []


def _end(*_: Any, **__: Any) -> int:
    raise Ended


def _note_transfer(self: Any, parsed: Any, _globals: Any) -> int:
    heard.calls.append(("s3", self.NAME, {"paths": getattr(parsed, "paths", None)}))
    return 0


def main() -> None:
    facts.update(json.loads(sys.stdin.readline()))
    argparse.ArgumentParser._get_option_tuples = _exactly  # type: ignore[method-assign, assignment]
    endpoint.Endpoint.make_request = answer
    vars(waiter)["time"] = type("Time", (), {"sleep": staticmethod(_end)})
    for command in (subcommands.S3TransferCommand, subcommands.ListCommand):
        command._run_main = _note_transfer
    driver = clidriver.create_clidriver()
    # A client takes longer to make than all the rest of a command line.
    driver.session.create_client = functools.cache(driver.session.create_client)
    events = driver.session.get_component("event_emitter")
    events.register(
        "building-command-table.logs", lambda command_table, session, **_: command_table.update(tail=Tail(session))
    )
    driver.session.register("top-level-args-parsed", note_arguments)
    driver.session.register("before-parameter-build", note_parameters)
    streams = sys.stdout
    for line in sys.stdin:
        streams.write(json.dumps(run(driver, **json.loads(line))) + "\n")
        streams.flush()


main()
