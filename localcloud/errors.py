"""Failures that a user can do something about."""


class CloudError(Exception):
    """What went wrong, why, and what to do: one line, fit to be the last one printed."""

    def __init__(self, what: str, *, why: str, do: str) -> None:
        text = f"error: {what}: {why}; {do}"
        super().__init__(" ".join(text.split()))
