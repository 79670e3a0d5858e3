"""The project's own commands: `cdk`, `make`, `python -m`.

Owns asking each of them in a way that changes nothing: cdk's help and our settings, make's dry run, the modules' own
parsers.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from cloudmart_cdk.caches import CACHE
from cloudmart_cdk.settings import SettingsError, load_settings
from cloudmart_cdk.settings.topology import NEEDS
from commands.errors import CommandError
from delivery import command_line as delivery_line
from localcloud import command_line as localcloud_line
from preflight import __main__ as preflight_line

from .pages import PROJECT


def cdk(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line: command, options, stage, settings, stacks."""
    command, rest = (arguments[0], iter(arguments[1:])) if arguments else ("", iter(()))
    known = _cdk_options(command)
    if not known:
        yield f"given cdk {command}; allowed: what `cdk --help` lists"
        return
    context, stacks = {}, []
    for word in rest:
        option, _, value = word.partition("=")
        if not word.startswith("-"):
            stacks.append(word)
            continue
        if option not in known:
            yield f"given {option}; allowed: what `cdk {command} --help` lists"
        elif known[option] and not value:
            value = next(rest, "")
        if option in ("-c", "--context"):
            key, _, setting = value.partition("=")
            context[key] = setting
    yield from _cdk_settings(command, context, stacks)


def _cdk_settings(command: str, context: dict[str, str], stacks: list[str]) -> Iterator[str]:
    if command == "bootstrap":
        return
    if "stage" not in context:
        yield "given no stage, which is lab; allowed: -c stage=...; say it"
    try:
        settings = load_settings(context)
    except SettingsError as wrong:
        yield str(wrong)
        return
    for stack in stacks:
        there = [each for each in NEEDS if settings.has(each)]
        if stack not in there:
            yield f"given {stack}; allowed: {', '.join(there)}; correct it"


@cache
def _cdk_options(command: str) -> dict[str, bool]:
    """Option -> it takes a value. Empty: there is no such command."""
    shown = _cdk_help(command)
    if not re.match(rf"cdk {re.escape(command)}\b", shown.strip()):
        return {}
    options: dict[str, bool] = {}
    for entry in re.split(r"\n(?=\s+-)", shown):
        names = re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)(?=[,\s])", entry.strip().split("  ")[0] + " ")
        options.update(dict.fromkeys(names, "[boolean]" not in entry))
        options.update({f"--no-{name[2:]}": False for name in names if name.startswith("--") and not options[name]})
    return options


def _cdk_help(command: str) -> str:
    """A second of Node.js each, so kept in the project's cache."""
    package = PROJECT / "node_modules" / "aws-cdk" / "package.json"
    version = str(json.loads(package.read_text(encoding="utf-8"))["version"])
    kept = CACHE / "cdk-help" / version / re.sub(r"[^a-z-]", "_", command)
    if kept.exists():
        return kept.read_text(encoding="utf-8")
    program = PROJECT / "node_modules" / ".bin" / "cdk"
    home = PROJECT / ".cache" / "cdk"
    environment = {**os.environ, "CDK_HOME": str(home), "CDK_DISABLE_CLI_TELEMETRY": "true", "COLUMNS": "400"}
    shown = subprocess.run(
        [str(program), command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
        env=environment,
        timeout=120,
    ).stdout
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_text(shown, encoding="utf-8")
    draft.replace(kept)  # whole or not at all
    return shown


def make(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line: targets by make itself, variables by the Makefile."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for word in arguments:
        variable, separator, _ = word.partition("=")
        if separator and f"$({variable})" not in makefile:
            yield f"given {variable}; allowed: variables of the Makefile"
    done = subprocess.run(["make", "-n", "-C", str(PROJECT), *arguments], capture_output=True, text=True, timeout=60)
    if done.returncode:
        yield done.stderr.strip().splitlines()[-1]


def python(arguments: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line that runs a module of the project."""
    match [*arguments]:
        case ["-m", module, *rest] if module in _PARSERS:
            try:
                _PARSERS[module](rest)
            except CommandError as wrong:
                yield str(wrong)
            except SystemExit:
                pass  # help
        case ["-m", module, *rest] if module.startswith(("labs.", "tools.", "localcloud.", "tests.")):
            refused = _parsed(module, tuple(rest))
            if refused:
                yield refused
        case _:
            yield f"given python {' '.join(arguments[:2])}; allowed: -m delivery, labs, localcloud, preflight, tools..."


_PARSERS: Final[Mapping[str, Callable[[Sequence[str]], object]]] = {
    "delivery": delivery_line.parse,
    "localcloud": lambda rest: localcloud_line.options(localcloud_line.parse(rest)),
    "preflight": preflight_line.parse,
}
"""Module -> what refuses a line of it, in this process; all others are asked in their own."""

_PARSE: Final = """\
import argparse, runpy, sys
real = argparse.ArgumentParser.parse_args
def parse(self, *given, **named):
    real(self, *given, **named)
    raise SystemExit(0)
argparse.ArgumentParser.parse_args = parse
module = sys.argv.pop(1)
sys.argv[0] = module
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@cache
def _parsed(module: str, arguments: tuple[str, ...]) -> str:
    """What the module's own parser says; it gets no further than that. One that has none is not run."""
    file = _source(module)
    if file is None:
        return f"given {module}; allowed: a module of the project"
    source = file.read_text(encoding="utf-8")
    if "argparse" not in source and "commands.options" not in source:
        return f"given {' '.join(arguments)}; allowed: nothing after {module}" if arguments else ""
    done = subprocess.run(
        [sys.executable, "-c", _PARSE, module, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def _source(module: str) -> Path | None:
    """The file that `python -m` runs."""
    place = PROJECT.joinpath(*module.split("."))
    return next((file for file in (place / "__main__.py", place.with_suffix(".py")) if file.exists()), None)
