"""A dump's text, split into statements as psql splits it. It runs nothing, and knows no psql command that does.

Owns quoting, comments and where a statement ends (psql's `psqlscan.l`); what a statement may be is `statements`'. No
boundary of security: the server, which knows better what one statement is, refuses a text with two (`server.run_one`).
Memory: one statement, or one batch of rows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .dump import END, newer
from .problems import Problem, TruncatedError

_BATCH: Final = 1 << 18
"""Bytes of rows that are handed on at once."""
_LONGEST: Final = 1 << 30
"""Bytes: PostgreSQL takes no longer statement."""

_TOKEN: Final = re.compile(
    rb"[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*"  # a word, so that a dollar or an E inside of one is none
    rb"|\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$"
    rb"|['\"();\\]|--|/\*"
)
_QUOTE: Final = re.compile(rb"'")
_ESCAPED: Final = re.compile(rb"'|\\.", re.DOTALL)
_COMMENT: Final = re.compile(rb"/\*|\*/")
_VERSION: Final = re.compile(rb"-- Dumped (from database|by pg_dump) version (\d+)")
_RESTRICTED: Final = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]+\s*\Z")
_CREATED: Final = re.compile(rb"\\connect\b")


@dataclass(frozen=True)
class Statement:
    """One SQL statement, its semicolon included, and the line it begins in."""

    text: bytes
    line: int


class Script:
    """Iterate for statements; after a `COPY ... FROM stdin` its `rows` come first."""

    def __init__(self, lines: Iterator[bytes], *, server_major: int) -> None:
        """`server_major`: of the server it is to be restored into; a dump that says it is newer is refused."""
        self._lines = lines
        self._server_major = server_major
        self._complete = False
        self.line = 0

    def __iter__(self) -> Iterator[Statement]:
        scanner = _Scanner()
        started: list[bytes] = []
        first = 0
        for line in self._lines:
            self.line += 1
            if not started and (line.startswith(b"--") or line.isspace()):
                self._comment(line)
                continue
            if not started and line.startswith(b"\\"):
                self._meta_command(line)
                continue
            begun = 0
            for end in scanner.ends(line):
                if end < 0:
                    self._meta_command(line)
                yield Statement(b"".join(started) + line[begun:end], first or self.line)
                started, begun, first = [], end, 0
            if started or not line[begun:].isspace():
                first = first or self.line
                started.append(line[begun:])
                scanner.length += len(line)
                if scanner.length > _LONGEST:
                    raise TruncatedError(f"line {first}: a statement without an end")
        if started or not self._complete:
            raise TruncatedError(f"line {self.line} is the last, and does not say that the dump is complete")

    def rows(self) -> Iterator[list[bytes]]:
        """The rows after a COPY statement, in batches of lines."""
        batch: list[bytes] = []
        size = 0
        for line in self._lines:
            if line == b"\\.\n":
                self.line += len(batch) + 1
                if batch:
                    yield batch
                return
            batch.append(line)
            size += len(line)
            if size > _BATCH:
                self.line += len(batch)
                yield batch
                batch, size = [], 0
        raise TruncatedError(f"line {self.line + len(batch)} is the last, in the middle of a table")

    def _comment(self, line: bytes) -> None:
        if said := _VERSION.match(line):
            major = int(said[2])
            if major > self._server_major:
                raise newer(line[3:].decode(errors="replace").strip())
        elif line.startswith(END):
            self._complete = True

    def _meta_command(self, line: bytes) -> None:
        """psql's own commands. Only a newer pg_dump's lock against them is known here, and not needed."""
        if _RESTRICTED.match(line):
            return
        if _CREATED.match(line):
            raise creates_database(self.line)
        raise Problem(
            "dump",
            given=f"a psql command in line {self.line}: {line[:60].decode(errors='replace')}",
            allowed="SQL as pg_dump writes it; psql commands never run",
            do="ask where the dump comes from; dump again",
        )


def creates_database(line: int) -> Problem:
    """A dump that would make a database of its own."""
    return Problem(
        "dump",
        given=f"one that makes and enters a database of its own (line {line}: pg_dump -C, or pg_dumpall)",
        allowed="the content of one database",
        do="dump again without -C",
    )


class _Scanner:
    """Where statements end. Keeps its place between lines."""

    def __init__(self) -> None:
        self._closing: re.Pattern[bytes] | None = None
        self._comments = 0
        self._forget()

    def _forget(self) -> None:
        self._parentheses = self._atomic = 0
        self._words: list[bytes] = []
        self.length = 0

    def ends(self, line: bytes) -> Iterator[int]:
        """Positions behind the semicolons that end a statement; -1: a backslash that psql would obey."""
        position = 0
        while position < len(line):
            if self._closing:
                position = self._close(line, position)
                continue
            token = _TOKEN.search(line, position)
            if token is None:
                return
            position = token.end()
            match token[0]:
                case b"--":
                    return
                case b"/*":
                    self._closing, self._comments = _COMMENT, 1
                case b"'":
                    escapes = line[token.start() - 1 : token.start()] in (b"E", b"e") and self._after_escape
                    self._closing = _ESCAPED if escapes else _QUOTE
                case b'"':
                    self._closing = re.compile(b'"')
                case b"(":
                    self._parentheses += 1
                case b")":
                    self._parentheses = max(0, self._parentheses - 1)
                case b"\\":
                    yield -1
                case b";":
                    if not self._parentheses and not self._atomic:
                        self._forget()
                        yield position
                case text if text.startswith(b"$"):
                    self._closing = re.compile(re.escape(text))
                case word:
                    self._word(word.lower())
            self._after_escape = token[0] in (b"E", b"e")

    _after_escape = False

    def _close(self, line: bytes, position: int) -> int:
        """Behind the end of what is quoted, or of the line."""
        assert self._closing
        found = self._closing.search(line, position)
        if found is None:
            return len(line)
        if self._closing is _COMMENT:
            self._comments += 1 if found[0] == b"/*" else -1
            if self._comments:
                return found.end()
        elif found[0].startswith(b"\\"):
            return found.end()
        self._closing = None
        return found.end()

    def _word(self, word: bytes) -> None:
        """Semicolons inside `CREATE FUNCTION ... BEGIN ATOMIC ... END` end nothing."""
        if len(self._words) < 4:
            self._words.append(word)
        created = self._words[1:] if self._words[0] == b"create" else []
        if created[:2] == [b"or", b"replace"]:
            created = created[2:]
        if created[:1] not in ([b"function"], [b"procedure"]) or self._parentheses:
            return
        if word == b"begin" or (word == b"case" and self._atomic):
            self._atomic += 1
        elif word == b"end" and self._atomic:
            self._atomic -= 1
