"""What stops a drill: one line."""


class DrillError(Exception):
    """`what` went wrong, what was `given`, what is `allowed`, and what to `do`; each a few words."""

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(f"error: {what}: given {given}; allowed {allowed}; do {do}")
