"""Failures of a release that a user can do something about, each in one line.

What is wrong with a release is said where it is found.
"""

from commands.errors import CommandError


class DeliveryError(CommandError):
    """What has been begun stays as it is, fit to be continued or undone."""


class InterruptedReleaseError(DeliveryError):
    """Somebody stopped the command, not the release."""

    status = 130


class RolloutError(Exception):
    """The new version must not stay: the reason, as it follows on "because". Answered by the automatic return."""
