"""What a plan refuses."""

from commands.errors import BadInputError


class PlanError(BadInputError):
    """Templates or times that nothing can be planned with."""


class UntimedTypeError(PlanError):
    """A resource type, or a kind of it, that the times do not know."""
