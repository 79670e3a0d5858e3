"""From an assembly to the page."""

from tools.assembly import Assembly

from .bodies import bodies
from .page import page
from .panels import panels
from .states import states


def preview(assembly: Assembly, *, prefix: str, region: str) -> str:
    """The HTML. Raises `PreviewError` for what cannot be drawn."""
    by_name = states(assembly)
    return page([(body.name, panels(body, states=by_name)) for body in bodies(assembly)], prefix=prefix, region=region)
