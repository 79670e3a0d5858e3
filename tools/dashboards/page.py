"""The page: panels, styles, script and uPlot in one file that needs nothing else, so that it opens offline."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from tools.assembly import PROJECT

from .errors import PreviewError
from .panels import Panel

_PARTS: Final = Path(__file__).parent / "page"
_UPLOT: Final = PROJECT / "node_modules" / "uplot" / "dist"


def page(boards: Sequence[tuple[str, Sequence[Panel]]], *, prefix: str, region: str) -> str:
    """`boards`: name and panels of each. Raises `PreviewError` where uPlot was not installed."""
    if not _UPLOT.is_dir():
        raise PreviewError(
            "uPlot", given="no node_modules/uplot", allowed="the version pinned in package.json", do="run make setup"
        )
    data: dict[str, Any] = {
        "prefix": f"{prefix}-",
        "region": region,
        "boards": [{"name": name, "panels": list(panels)} for name, panels in boards],
    }
    links = "".join(f'<a href="#{escape(name)}">{escape(name.removeprefix(f"{prefix}-"))}</a>' for name, _ in boards)
    # No tag can end the script: in JSON "<" may be written so.
    embedded = json.dumps(data, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Dashboards of {escape(prefix)}: a preview</title>\n"
        f"<style>{_text(_UPLOT / 'uPlot.min.css')}{_text(_PARTS / 'page.css')}</style>\n</head>\n<body>\n"
        f"<header>{links}<p><b>A preview with sample series, not AWS.</b> {_STORY}</p></header>\n<main></main>\n"
        f'<script type="application/json" id="boards">{embedded}</script>\n'
        f"<script>{_text(_UPLOT / 'uPlot.iife.min.js')}</script>\n<script>{_text(_PARTS / 'page.js')}</script>\n"
        "</body>\n</html>\n"
    )


_STORY: Final = (
    "16:10 in Seoul. At 11:30 a sale opened. At 14:00 the shop's release went out, to all at 14:30; from 15:20 a query "
    "of it overloaded the database; at 16:01 it was taken back."
)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
