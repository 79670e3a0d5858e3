"""What the cost tools refuse."""

from commands.errors import BadInputError


class CostError(BadInputError):
    """Nothing could be priced."""
