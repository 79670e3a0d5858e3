"""Failures that a user can do something about."""

from typing import ClassVar


class CloudError(Exception):
    """What went wrong, why, and what to do: one line, fit to be the last one printed."""

    status: ClassVar[int] = 1
    """Exit status of the command."""

    def __init__(self, what: str, *, why: str, do: str) -> None:
        text = f"error: {what}: {why}; {do}"
        super().__init__(" ".join(text.split()))


class RefusedSettingsError(CloudError):
    """Settings that are refused, in their own line."""

    def __init__(self, line: str) -> None:
        Exception.__init__(self, line)


class CommandLineError(CloudError):
    """A command line that can never work; the wording is that of refused settings."""

    status = 2

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(what, why=f"given {given}; allowed: {allowed}", do=do)
