"""Why a message did not get through: it may later, or it never will. Neither ever names an address or a key."""


class Unavailable(Exception):  # noqa: N818  (a state of the other side, not a fault of ours)
    """The other side did not take it now. `retry_after`: seconds that it asked to wait; 0: it did not say."""

    def __init__(self, reason: str, *, retry_after: float = 0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Refused(Exception):  # noqa: N818  (as above)
    """It will not be taken however often it is sent. `status`: the HTTP status; 0: it was never sent."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


def fault(what: str, *, given: str, allowed: str, do: str) -> str:
    """The one line that says what is wrong with the configuration."""
    return f"error: {what}: given {given}; allowed {allowed}; do {do}"
