"""The shop's page as files: sound HTML, small, alive under its own policy, and both languages complete."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from cloudmart_cdk.constructs.site_bundle import bundle
from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.site_folder import OWN

_ASSETS: Final = OWN / "assets"
_VOID: Final = frozenset({"meta", "link", "img", "input", "path", "rect"})
_SCRIPTS: Final = sorted(path.name for path in _ASSETS.glob("*.js"))
_MOST_GZIPPED: Final = 30_000
"""Bytes of HTML, CSS and scripts together: below what a phone on slow 4G (1.6 Mbit/s) loads in 150 ms."""


class _Html(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag} has an attribute twice: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def values(self, attribute: str) -> list[str]:
        return [values[attribute] for _, values in self.elements if attribute in values]


@pytest.fixture(scope="module")
def html() -> _Html:
    return _Html((OWN / "index.html").read_text(encoding="utf-8"))


def _imports(script: str) -> set[str]:
    return set(re.findall(r"from '\./([\w-]+\.js)'", (_ASSETS / script).read_text(encoding="utf-8")))


def _texts() -> set[str]:
    """The keys of one language; that the other has the same is `logic.test.mjs`'s."""
    korean = (_ASSETS / "texts.js").read_text(encoding="utf-8").partition("  ko: {")[2].partition("  en: {")[0]
    return set(re.findall(r"^    (\w+):", korean, re.MULTILINE))


def test_elements_are_closed_and_ids_unique(html: _Html) -> None:
    assert html.open == []
    ids = html.values("id")
    assert len(set(ids)) == len(ids)
    assert set(html.values("for")) <= set(ids)


def test_landmarks_and_language(html: _Html) -> None:
    tags = [tag for tag, _ in html.elements]
    assert [tags.count(tag) for tag in ("header", "main", "footer", "nav", "title")] == [1, 1, 1, 1, 1]
    assert dict(html.elements)["html"]["lang"] == "ko"
    assert ("form", "search") in [(tag, values.get("role")) for tag, values in html.elements]
    assert all("alt" in values for tag, values in html.elements if tag == "img")


def test_every_text_exists_and_is_used(html: _Html) -> None:
    used = {*html.values("data-text"), *html.values("data-label"), *html.values("data-placeholder")}
    for script in _SCRIPTS:
        text = (_ASSETS / script).read_text(encoding="utf-8")
        for call in re.findall(r"\bt\(([^()]*)", text):
            used |= set(re.findall(r"'([a-z]\w*)'", call, re.IGNORECASE))
        used |= set(re.findall(r"'(promise\w+)'", text))
    used = {key for key in used if key not in ("cart-full", "promises")} | {f"sort_{each}" for each in _sorts()}
    assert used == _texts()


def _sorts() -> list[str]:
    (found,) = re.findall(r"SORTS = \[(.*)\];", (_ASSETS / "catalogue.js").read_text(encoding="utf-8"))
    return re.findall(r"'(\w+)'", found)


def test_what_scripts_look_up_is_in_the_page(html: _Html) -> None:
    wanted = {
        id for script in _SCRIPTS for id in re.findall(r"\bat\('([\w-]+)'\)", (_ASSETS / script).read_text("utf-8"))
    }
    assert wanted <= set(html.values("id"))
    assert wanted


def test_every_module_is_asked_for_at_once(html: _Html) -> None:
    """Without it a module is found when the one that imports it has come: a round trip for each step."""
    links = [values["href"] for _, values in html.elements if values.get("rel") == "modulepreload"]
    assert links == [f"/assets/{script}" for script in _SCRIPTS if script != "app.js"]
    assert set().union(*map(_imports, _SCRIPTS)) == set(_SCRIPTS) - {"app.js"}


def test_lives_under_its_own_content_security_policy() -> None:
    """No inline script or style, nothing from another host: what `default-src 'none'` and `'self'` allow."""
    policy = load_settings({}).frontend.content_security_policy
    assert "unsafe-inline" not in policy
    page = (OWN / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert all(url.startswith("/") for url in re.findall(r'(?:src|href|action)="(?!#)([^"]+)"', page))
    for asset in _ASSETS.iterdir():
        text = asset.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|innerHTML|outerHTML|insertAdjacent|eval\(|\.style\.cssText", text), (
            asset
        )


def test_everything_that_is_named_is_there_and_nothing_else(html: _Html) -> None:
    for url in html.values("src") + [values["href"] for tag, values in html.elements if tag == "link"]:
        assert url == "/config.json" or (OWN / url.lstrip("/")).is_file(), url
    for sheet in _ASSETS.glob("*.css"):
        for url in re.findall(r'url\("([^"]+)"\)', sheet.read_text(encoding="utf-8")):
            assert (OWN / url.lstrip("/")).is_file(), url
    texts = "".join(path.read_text(encoding="utf-8") for path in OWN.rglob("*") if path.is_file())
    assert [path.name for path in _ASSETS.iterdir() if f"/{path.name}" not in texts] == []


def test_is_light(tmp_path: Path) -> None:
    """As uploaded; CloudFront compresses each file by itself."""
    bundle(OWN, tmp_path, config={})
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".html", ".css", ".js")]
    assert sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in files) <= _MOST_GZIPPED
