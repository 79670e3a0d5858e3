"""As much of Logs Insights' language as the saved queries use: commands, functions, fields, patterns.

Reads a query; runs none of it but the patterns of `parse`, which are regular expressions.
"""

import re
from dataclasses import dataclass, field
from typing import Final

COMMANDS: Final = ("fields", "filter", "parse", "stats", "sort", "limit", "display")
FUNCTIONS: Final = {"count", "sum", "pct", "earliest", "latest", "floor", "ispresent"}
_WORDS: Final = {"and", "or", "not", "in", "like", "as", "by", "desc", "asc"}
_LITERAL: Final = re.compile(r'"[^"]*"|/(?:[^/\\]|\\.)*/')
_NAME: Final = re.compile(r"`([^`]+)`|([@A-Za-z_][\w.]*)(\s*\()?")


class QueryError(ValueError):
    """A query that Logs Insights would refuse, or that uses what is not known here."""


@dataclass
class Reading:
    used: set[str] = field(default_factory=set)
    """Fields that a line must have, or an earlier command have made."""
    made: set[str] = field(default_factory=set)
    patterns: list[re.Pattern[str]] = field(default_factory=list)


def read(query: str) -> Reading:
    """Raises `QueryError`."""
    reading = Reading()
    lines = [line for line in query.splitlines() if not line.startswith("#")]
    for command in re.split(r"\n\s*\|\s*|\s+\|\s+(?=[a-z]+\s)", "\n".join(lines)):
        name, _, rest = command.strip().partition(" ")
        if name not in COMMANDS:
            raise QueryError(f"command {name!r}; known: {', '.join(COMMANDS)}")
        if name == "limit":
            if not 0 < int(rest) <= 10_000:
                raise QueryError(f"limit {rest}; allowed: 1 to 10000")
        elif name == "parse":
            _parse(rest, reading)
        else:
            _expressions(name, rest, reading)
    if taken := reading.made & set(COMMANDS):
        raise QueryError(f"fields {', '.join(sorted(taken))}; allowed: names that are no command's")
    return reading


def _parse(rest: str, reading: Reading) -> None:
    found = re.fullmatch(r"(@?\w+) /(.*)/", rest, flags=re.DOTALL)
    if not found:
        raise QueryError(f"parse {rest!r}; allowed: a field and a pattern")
    reading.used.add(found[1])
    pattern = re.compile(re.sub(r"\(\?<(?=[a-z])", "(?P<", found[2]))
    reading.patterns.append(pattern)
    reading.made |= pattern.groupindex.keys()


def _expressions(command: str, rest: str, reading: Reading) -> None:
    if _LITERAL.sub("", rest).count("(") != _LITERAL.sub("", rest).count(")"):
        raise QueryError(f"parentheses of {command} {rest!r}")
    for pattern in re.findall(r"like /((?:[^/\\]|\\.)*)/", rest):
        re.compile(pattern)
    bare = _LITERAL.sub(" ", rest)
    named = set(re.findall(r"\bas\s+(\w+)", bare))
    for quoted, name, call in _NAME.findall(re.sub(r"\bas\s+\w+", " ", bare)):
        if call and name not in _WORDS:
            if name not in FUNCTIONS:
                raise QueryError(f"function {name}; known: {', '.join(sorted(FUNCTIONS))}")
        elif quoted or name not in _WORDS:
            reading.used |= {quoted or name} - reading.made
    reading.made |= named
    if command == "stats":
        # Lines are gone: what follows sees the groups and what was counted.
        reading.made |= set(re.findall(r"[@A-Za-z_][\w.]*", bare.partition(" by ")[2]))
