"""What ends a rehearsal."""

from commands.errors import BadInputError


class RehearsalError(BadInputError):
    """A guide that is none, or whose commands do not do what it says."""
