"""What the programs of the runbook accept: the judge that `rehearsal` asks.

Owns the choice of who knows: for `aws` the CLI itself and the templates' names, for others the module that asks the
program; for the few that nobody asks, the options that the pages use.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from . import kubernetes_tools, metrics, project_tools
from .aws_cli import AwsCli
from .kinds import Held

_ASKED: Final[dict[str, Callable[[Sequence[str]], Iterator[str]]]] = {
    "cdk": project_tools.cdk,
    "helm": kubernetes_tools.helm,
    "kubectl": kubernetes_tools.kubectl,
    "make": project_tools.make,
    "python": project_tools.python,
}
_OPTIONS: Final[dict[str, frozenset[str]]] = {
    "curl": frozenset({"-s", "-i", "-f", "-I", "-o", "-w", "-H", "--max-time"}),
    "df": frozenset({"-h", "-i"}),
    "dnf": frozenset({"-y"}),
    "docker": frozenset({"-T", "-U", "-Fc", "-t", "--tag", "--platform", "--username", "--password-stdin"}),
    "du": frozenset({"-xh", "-d"}),
    "free": frozenset({"-m"}),
    "gh": frozenset({"--repo", "--limit", "--workflow"}),
    "git": frozenset({"--oneline", "-n", "--no-edit"}),
    "journalctl": frozenset({"-u", "-n", "-k", "--since", "--no-pager"}),
    "pg_dump": frozenset({"-Fc", "--encoding"}),
    "ps": frozenset({"--sort"}),
    "psql": frozenset({"-h", "-U", "-d", "-c", "-At"}),
    "sleep": frozenset(),
    "tail": frozenset({"-20", "-50"}),
    "systemctl": frozenset({"--failed", "--no-pager"}),
}
"""What the pages say to programs that are not asked. A new option is looked up in its manual, and added here."""


_ANSWERS: Final = {"python": "true\n"}
"""What is printed in place of `sample`: modules of the project print what a shell is to `eval`."""


class Programs:
    """The judge of one page: what a page's own commands have made is known to those after them."""

    def __init__(self, aws: AwsCli, held: Held) -> None:
        self._aws = aws
        self._held = held

    def __call__(self, program: str, arguments: Sequence[str], folder: Path) -> tuple[Sequence[str], str]:
        """(What is wrong, what the program would print.)"""
        if program == "aws":
            return self._judge_aws(arguments, folder)
        if program == "sudo" and arguments:
            return self(arguments[0], arguments[1:], folder)
        asked = _ASKED.get(program)
        wrong = [*asked(arguments)] if asked else [*_by_table(program, arguments)]
        return wrong, _ANSWERS.get(program, "sample\n") if [*arguments][-2:] != ["-o", "name"] else "sample/sample\n"

    def _judge_aws(self, arguments: Sequence[str], folder: Path) -> tuple[Sequence[str], str]:
        verdict = self._aws.judge(arguments, folder)
        named = [fault for call in verdict.calls for fault in self._held.faults(call)]
        named += [fault for call in verdict.calls for fault in metrics.faults(call, self._held.names)]
        return [*verdict.wrong, *named], verdict.output


def _by_table(program: str, arguments: Sequence[str]) -> Iterator[str]:
    if program not in _OPTIONS:
        yield f"given {program}; allowed: {', '.join(sorted(_OPTIONS))}; add it to tools/runbook/programs.py"
        return
    known = _OPTIONS[program]
    for word in arguments:
        option = word.partition("=")[0] if word.startswith("--") else word
        together = not option.startswith("--") and {f"-{letter}" for letter in option[1:]} <= known
        if word.startswith("-") and option not in known and not together:
            yield f"given {option}; allowed: {', '.join(sorted(known)) or 'no option'}"
