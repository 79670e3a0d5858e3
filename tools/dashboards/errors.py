"""What the preview refuses: said in one line, with the widget's name."""


class PreviewError(ValueError):
    """`what: given X; allowed Y; do Z`."""

    def __init__(self, what: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(f"{what}: given {given}; allowed: {allowed}; {do}")
