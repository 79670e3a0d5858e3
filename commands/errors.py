"""Failures that a user can do something about, each in one line.

Owns their form; a command derives its own from them, or raises these.
"""

from typing import ClassVar


class CommandError(Exception):
    """What went wrong, why, and what to do: one line, fit to be the last one printed."""

    status: ClassVar[int] = 1
    """Exit status of the command."""

    def __init__(self, what: str, *, why: str, do: str) -> None:
        super().__init__(" ".join(f"error: {what}: {why}; {do}".split()))


class BadInputError(CommandError):
    """Something that is given, and cannot be."""

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(what, why=f"given {given}; allowed: {allowed}", do=do)


class CommandLineError(BadInputError):
    """A command line that can never work."""

    status = 2


class RefusedSettingsError(CommandError):
    """Settings that no synth takes, in their own line."""

    def __init__(self, line: str) -> None:
        Exception.__init__(self, line)
