"""From an assembly to the page."""

from tools.assembly import Assembly

from .bodies import bodies
from .page import page
from .panels import panels


def preview(assembly: Assembly, *, prefix: str, region: str) -> str:
    """The HTML. Raises `PreviewError` for what cannot be drawn."""
    return page(
        [(body.name, panels(body, state_of=lambda arn: "OK")) for body in bodies(assembly)],
        prefix=prefix,
        region=region,
    )
