"""What a front end is: a folder of built files that the CDN can serve as they are.

Owns the choice between the shop's own page and a team's build, and what is asked of a build before it is deployed.
Does not import `aws_cdk`: bad input is answered before a synth. The files are `constructs.site_bundle`'s.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

_PROJECT: Final = Path(__file__).parents[1]
OWN: Final = Path(__file__).parent / "assets" / "site"
"""The shop's own page."""
INDEX: Final = "index.html"
_ELSEWHERE: Final = ("api", "images")
"""Folders that the CDN looks for in other places than the site's bucket."""
_LOADED: Final = {"script": "src", "link": "href", "img": "src"}
_LOADING_LINKS: Final = frozenset({"stylesheet", "modulepreload", "icon", "manifest", "preload"})
_FRONTEND_DIST: Final = "-c frontend.dist=web/dist"


class SiteError(Exception):
    """Not a front end that can be published. `setting` is whose value has to change."""

    def __init__(self, setting: str, *, given: str, allowed: str, do: str) -> None:
        super().__init__(f"error: {setting}: given {given}; allowed: {allowed}; {do}")
        self.setting, self.given, self.allowed, self.do = setting, given, allowed, do


def site_folder(dist: str) -> Path:
    """The folder that the setting `frontend.dist` means, unchecked; relative ones are seen from the project's."""
    return _PROJECT / Path(dist).expanduser() if dist else OWN


def checked(dist: str, *, content_security_policy: str) -> Path:
    """The folder, fit to be published.

    Raises `SiteError` for one that is not there, is no build (a bundler's sources have an `index.html` too), holds
    what the CDN would never serve, or has inline scripts that the policy forbids.
    """
    folder = site_folder(dist)
    if not dist:
        return folder
    index = folder / INDEX
    if not index.is_file():
        raise SiteError(
            "frontend.dist",
            given=f"{dist}, which {f'holds no {INDEX}' if folder.is_dir() else 'is no folder'}",
            allowed=f"a front end's build folder with its {INDEX}, or nothing for the shop's own page",
            do=f"build the front end, then e.g. {_FRONTEND_DIST}",
        )
    for name in _ELSEWHERE:
        if (folder / name).exists():
            raise SiteError(
                "frontend.dist",
                given=f"{dist}, which holds {name}/",
                allowed="a build without api/ and images/, which the CDN takes from the backend and the images bucket",
                do=f"move {name}/ to e.g. assets/ in the build",
            )
    page = _Page(index)
    for name in page.loaded:
        if not (folder / name).is_file():
            raise SiteError(
                "frontend.dist",
                given=f"{dist}, whose {INDEX} loads /{name}, which is not in it",
                allowed="a finished build, not its sources, made for the root of its host",
                do=f"build the front end (base or homepage /), then e.g. {_FRONTEND_DIST}",
            )
    for script in page.inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        if not ("'unsafe-inline'" in content_security_policy or f"'sha256-{digest}'" in content_security_policy):
            raise SiteError(
                "frontend.content_security_policy",
                given=f"a policy that forbids the inline script of {dist}/{INDEX}",
                allowed=f"one whose script-src holds 'sha256-{digest}'",
                do="add it, or build without inline scripts (Create React App: INLINE_RUNTIME_CHUNK=false)",
            )
    return folder


class _Page(HTMLParser):
    """What a page loads from its own host, as paths in the folder, and its inline scripts."""

    def __init__(self, file: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._script: list[str] | None = None
        self.feed(file.read_text(encoding="utf-8", errors="replace"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" not in values:
            runs = re.fullmatch(r"(module|(text|application)/javascript)?", values.get("type", ""))
            self._script = [] if runs else None
        attribute = _LOADED.get(tag)
        if attribute and attribute in values:
            rel = set(values.get("rel", "").split())
            if tag != "link" or rel & _LOADING_LINKS:
                self.loaded.extend(_local(values[attribute]))

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.inline.append("".join(self._script))
            self._script = None


def _local(url: str) -> Iterator[str]:
    """The file that an address of this host names; none for another host, data, or the stack's `config.json`."""
    parts = urlsplit(url.strip())
    if parts.scheme or parts.netloc or not parts.path:
        return
    name = str(PurePosixPath(unquote(parts.path).lstrip("/")))
    if name != "config.json":
        yield name
