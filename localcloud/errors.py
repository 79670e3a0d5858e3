"""Failures of the local cloud that a user can do something about."""

from commands.errors import CommandError


class CloudError(CommandError):
    """A cloud that is not, or does not do, what is asked of it."""
