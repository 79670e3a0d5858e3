"""The little of Markdown that text widgets of this project use: headings, links, code, bold."""

import re
from html import escape

from .errors import PreviewError

_KNOWN = re.compile(r"\[([^\]]+)\]\(([^)]+)\)|`([^`]+)`|\*\*([^*]+)\*\*")


def html(markdown: str, *, where: str) -> str:
    """Raises `PreviewError` for lists, tables and pictures, which nobody has drawn yet."""
    return "".join(_block(line, where) for line in markdown.splitlines() if line)


def _block(line: str, where: str) -> str:
    if heading := re.match(r"(#{1,3}) (.+)", line):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    if re.match(r"[-*+|>!]|\d+\.", line):
        raise PreviewError(
            where,
            given=f"a line that begins {line[:10]!r}",
            allowed="headings and paragraphs",
            do="say it in a sentence, or teach tools/dashboards/markdown.py to draw it",
        )
    return f"<p>{_inline(line)}</p>"


def _inline(text: str) -> str:
    parts, end = [], 0
    for found in _KNOWN.finditer(text):
        parts.append(escape(text[end : found.start()]))
        label, address, code, strong = found.groups()
        if label:
            parts.append(f'<a href="{escape(_local(address))}">{escape(label)}</a>')
        else:
            parts.append(f"<code>{escape(code)}</code>" if code else f"<b>{escape(strong)}</b>")
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _local(address: str) -> str:
    """Another dashboard is another part of the page."""
    return address.replace("#dashboards:name=", "#")
