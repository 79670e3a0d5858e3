"""What a plan refuses."""


class PlanError(Exception):
    """One line: what was given, what is allowed, what to do."""


class UntimedTypeError(PlanError):
    """A resource type, or a kind of it, that the times do not know."""
