"""What is asked of a team's front end before it is deployed. The checks that settings make of it, with their lines."""

from pathlib import Path

import pytest

from cloudmart_cdk.settings import SettingsError, load_settings
from cloudmart_cdk.site_folder import OWN, SiteError, checked, site_folder

_POLICY = "default-src 'none'; script-src 'self'"


def _build(folder: Path, **files: str) -> str:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return str(folder)


def test_nothing_is_the_shops_own_page() -> None:
    assert checked("", content_security_policy=_POLICY) == OWN
    assert (OWN / "index.html").is_file()


def test_a_relative_folder_is_seen_from_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert site_folder("cloudmart_cdk/assets/site") == OWN


def test_a_build_is_taken(tmp_path: Path) -> None:
    page = """<link rel="stylesheet" href="./a.css"><link rel="preconnect" href="/x"><link rel="icon" href="data:,">
        <script type="module" src="/a.js?v=1"></script><script type="application/ld+json">{}</script>
        <script src="https://cdn.example.com/x.js"></script><link rel="preload" href="/config.json">"""
    dist = _build(tmp_path, index_html=page, a_css="", a_js="")
    assert checked(dist, content_security_policy=_POLICY) == tmp_path


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ("is no folder", "build folder with its index.html", "-c frontend.dist=")),
        ({"main_js": ""}, ("holds no index.html", "build the front end")),
        (
            {"index_html": '<script type="module" src="/src/main.jsx"></script>'},
            ("loads /src/main.jsx, which is not in it", "not its sources", "build the front end"),
        ),
        ({"index_html": "", "images__a_png": ""}, ("holds images/", "images bucket", "move images/")),
        ({"index_html": "", "api__a_json": ""}, ("holds api/", "move api/")),
    ],
    ids=["no folder", "no index", "sources", "images", "api"],
)
def test_a_folder_that_is_no_build(tmp_path: Path, files: dict[str, str], words: tuple[str, ...]) -> None:
    dist = _build(tmp_path / "web", **files)
    with pytest.raises(SiteError) as refused:
        checked(dist, content_security_policy=_POLICY)
    line = str(refused.value)
    assert line.startswith(f"error: frontend.dist: given {dist}, ")
    assert "\n" not in line
    assert all(word in line for word in words), line


def test_an_inline_script_that_the_policy_forbids_is_named_with_what_would_allow_it(tmp_path: Path) -> None:
    """Create React App writes one; the page would stay blank, and only the browser's console would say why."""
    dist = _build(tmp_path, index_html="<script>!function(e){}([])</script>")
    with pytest.raises(SettingsError) as refused:
        load_settings({"frontend.dist": dist})
    line = str(refused.value)
    digest = "'sha256-dwuKaOEaraWuvQe+zZK+ELuuEML3q/4QYPTbfLPHyTc='"
    assert line.startswith("error: frontend.content_security_policy: given a policy that forbids the inline script")
    assert digest in line
    assert "INLINE_RUNTIME_CHUNK=false" in line
    for allowed in (f"{_POLICY} {digest}", f"{_POLICY} 'unsafe-inline'"):
        context = {"frontend.dist": dist, "frontend.content_security_policy": allowed}
        assert load_settings(context).frontend.dist == dist
