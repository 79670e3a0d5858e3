"""What the cost tools refuse, in one line fit to be shown as it is."""


class CostError(Exception):
    """`str()` says what was given, what is allowed and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(f"error: {text}")


def refused(what: str, *, given: str, allowed: str, do: str) -> CostError:
    """In the words of every error of this project."""
    return CostError(f"{what}: given {given}; allowed: {allowed}; {do}")
