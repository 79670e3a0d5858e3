"""What ends a rehearsal: one line each."""


class RehearsalError(Exception):
    """Bad input, or a guide whose commands do not do what it says."""

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(f"error: {what}: given {given}; allowed: {allowed}; {do}")
