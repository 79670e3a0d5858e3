"""What ends the command before anything is checked."""

from commands.errors import BadInputError


class PreflightError(BadInputError):
    """Nothing could be checked."""
