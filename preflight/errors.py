"""What ends the command before anything is checked: one line each."""

from typing import ClassVar


class PreflightError(Exception):
    """Nothing could be checked."""

    status: ClassVar[int] = 1

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(" ".join(f"error: {what}: given {given}; allowed: {allowed}; {do}".split()))


class CommandLineError(PreflightError):
    """A command line that can never work."""

    status = 2


class SettingsRefusedError(PreflightError):
    """Settings that no synth takes; the line is theirs."""

    def __init__(self, line: str) -> None:
        Exception.__init__(self, line)
