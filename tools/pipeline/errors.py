"""What ends a command of the pipeline in one line."""


class PipelineError(Exception):
    """`what` is wrong, `why`, and what to `do`: `str()` is the line to show."""

    def __init__(self, what: str, *, why: str, do: str) -> None:
        super().__init__(f"error: {what}: {why}; {do}")
