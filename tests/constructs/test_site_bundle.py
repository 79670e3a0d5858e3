"""Content hashes in names, and nothing but the input decides them."""

import json
import re
from pathlib import Path

import pytest

from cloudmart_cdk.constructs.site_bundle import bundle
from cloudmart_cdk.constructs.site_publication import PLACEHOLDER
from cloudmart_cdk.settings import load_settings


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_assets_get_a_hash_and_pages_follow(tmp_path: Path) -> None:
    source = _write(
        tmp_path / "in", {"index.html": '<script src="/assets/app.js">', "assets/app.js": "1", "a.txt": "x"}
    )
    pages = bundle(source, tmp_path / "out", config={"stage": "lab"})
    assert pages == ("a.txt", "config.json", "index.html")
    (asset,) = _names(tmp_path / "out") - set(pages)
    assert re.fullmatch(r"assets/app\.[0-9a-f]{10}\.js", asset)
    assert (tmp_path / "out/index.html").read_text() == f'<script src="/{asset}">'
    assert json.loads((tmp_path / "out/config.json").read_text()) == {"stage": "lab"}


def test_hash_follows_the_content_alone(tmp_path: Path) -> None:
    files = {"index.html": "", "assets/app.js": "1"}
    for run in ("a", "b"):
        bundle(_write(tmp_path / f"in-{run}", files), tmp_path / f"out-{run}", config={})
    assert _names(tmp_path / "out-a") == _names(tmp_path / "out-b")
    bundle(_write(tmp_path / "in-a", {"assets/app.js": "2"}), tmp_path / "out-c", config={})
    assert _names(tmp_path / "out-c") != _names(tmp_path / "out-a")


def test_page_that_names_a_missing_asset_is_refused(tmp_path: Path) -> None:
    source = _write(tmp_path / "in", {"index.html": "/assets/gone.js", "assets/app.js": "1"})
    with pytest.raises(ValueError, match=r"index\.html names /assets/gone\.js"):
        bundle(source, tmp_path / "out", config={})


def test_page_in_place_lives_under_its_own_content_security_policy() -> None:
    """No inline script or style, nothing from another host: what `default-src 'none'` and `'self'` allow."""
    policy = load_settings({}).frontend.content_security_policy
    assert "unsafe-inline" not in policy
    for page in PLACEHOLDER.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html), page
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), page
        assert all(url.startswith("/") for url in re.findall(r'(?:src|href)="(?!#)([^"]+)"', html)), page
    for asset in PLACEHOLDER.rglob("assets/*"):
        assert not re.search(r"https?://|@import|innerHTML|eval\(", asset.read_text(encoding="utf-8")), asset


def test_page_in_place_speaks_both_languages() -> None:
    """Every text stands beside its translation."""
    html = (PLACEHOLDER / "index.html").read_text(encoding="utf-8")
    body = html.partition("<body>")[2]
    assert 10 < len(re.findall(r'<span lang="ko">', body)) == len(re.findall(r'<span lang="en">', body))
