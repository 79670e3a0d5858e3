"""Content hashes in names, and nothing but the input decides them."""

import json
import re
from pathlib import Path

import pytest

from cloudmart_cdk.constructs.site_bundle import bundle


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
    written = bundle(source, tmp_path / "out", config={"stage": "lab"})
    assert written.pages == ("a.txt", "config.json", "index.html")
    assert written.lasting == ("assets",)
    (asset,) = _names(tmp_path / "out") - set(written.pages)
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
    source = _write(tmp_path / "in", {"index.html": "<script src='/assets/gone.js'>", "assets/app.js": "1"})
    with pytest.raises(ValueError, match=r"index\.html names /assets/gone\.js"):
        bundle(source, tmp_path / "out", config={})


def test_what_names_an_asset_follows_from_wherever_it_is(tmp_path: Path) -> None:
    source = _write(
        tmp_path / "in",
        {
            "index.html": '<link href="./assets/a.css"><script src="/assets/a.js?x">',
            "assets/a.css": "b { background: url(./b.svg) } c { background: url('/assets/b.svg#c') }",
            "assets/a.js": "import './deep/c.js'; import('./not-there.js'); fetch('/assets');",
            "assets/b.svg": "<svg/>",
            "assets/deep/c.js": 'import "../a.js";',
        },
    )
    bundle(source, tmp_path / "out", config={})
    new = {re.sub(r"\.[0-9a-f]{10}\.", ".", name): name for name in _names(tmp_path / "out")}
    text = {name: (tmp_path / "out" / new[name]).read_text() for name in new}
    css, js, deep, svg = (new[name].removeprefix("assets/") for name in _assets(new))
    assert text["index.html"] == f'<link href="./assets/{css}"><script src="/assets/{js}?x">'
    assert text["assets/a.css"] == f"b {{ background: url(./{svg}) }} c {{ background: url('/assets/{svg}#c') }}"
    assert text["assets/a.js"] == f"import './{deep}'; import('./not-there.js'); fetch('/assets');"
    assert text["assets/deep/c.js"] == f'import "../{js}";', "modules may name each other"


def _assets(names: dict[str, str]) -> list[str]:
    order = ("assets/a.css", "assets/a.js", "assets/deep/c.js", "assets/b.svg")
    assert {name for name in names if name.startswith("assets/")} == set(order)
    return list(order)


def test_a_name_changes_with_all_that_stands_behind_it(tmp_path: Path) -> None:
    """Cached for a year: a script whose import has changed must not be found under its old name."""
    files = {"assets/a.js": "import './b.js'", "assets/b.js": "import './c.js'", "assets/c.js": "1", "assets/d.js": ""}
    bundle(_write(tmp_path / "in", files), tmp_path / "one", config={})
    bundle(_write(tmp_path / "in", {"assets/c.js": "2"}), tmp_path / "two", config={})
    kept = _names(tmp_path / "one") & _names(tmp_path / "two")
    assert {name.split(".")[0] for name in kept} == {"config", "assets/d"}


_VITE = {
    "index.html": '<script type="module" crossorigin src="/assets/index-DiwrgTda.js"></script>',
    "assets/index-DiwrgTda.js": 'const load = () => import("./Cart-abcdefgh.js"); fetch("/assets/gone.js");',
    "assets/Cart-abcdefgh.js": "1",
    "assets/index-B-x3kP1d.css": "a { background: url(./logo-C0ffee_1.svg) }",
    "assets/logo-C0ffee_1.svg": "<svg/>",
    "vite.svg": "<svg/>",
}
_CREATE_REACT_APP = {
    "index.html": '<script defer src="/static/js/main.8d3f1c2a.js"></script>',
    "static/js/main.8d3f1c2a.js": "1",
    "static/js/main.8d3f1c2a.js.LICENSE.txt": "MIT",
    "static/js/main.8d3f1c2a.js.map": "{}",
    "static/css/main.0123abcd.css": "",
    "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg": "<svg/>",
    "asset-manifest.json": "{}",
}
_ANGULAR = {"index.html": '<script src="main-ABCDEFGH.js">', "main-ABCDEFGH.js": "1", "media/a-B2345678.woff2": "1"}


@pytest.mark.parametrize(
    ("build", "lasting"), [(_VITE, ("assets",)), (_CREATE_REACT_APP, ("static",)), (_ANGULAR, ("media",))]
)
def test_a_bundlers_build_is_left_as_it_is(tmp_path: Path, build: dict[str, str], lasting: tuple[str, ...]) -> None:
    written = bundle(_write(tmp_path / "in", build), tmp_path / "out", config={"api": "/api"})
    assert written.lasting == lasting
    assert _names(tmp_path / "out") == build.keys() | {"config.json"}
    assert {name: (tmp_path / "out" / name).read_text() for name in build} == build
    outside = {name for name in build if name.split("/")[0] not in lasting}
    assert set(written.pages) == outside | {"config.json"}


def test_one_file_without_a_hash_and_none_of_its_folder_is_kept(tmp_path: Path) -> None:
    """It may change in place; what only might be a hash (`product-carousel.js`) is none beside nothing surer."""
    mixed = bundle(_write(tmp_path / "in", _VITE | {"assets/logo.png": "1"}), tmp_path / "out", config={})
    assert mixed.lasting == ()
    assert {"assets/logo.png", "assets/index-DiwrgTda.js"} <= set(mixed.pages)
    words = {"css/product-carousel.css": "", "css/site-overview.css": ""}
    assert bundle(_write(tmp_path / "words", words), tmp_path / "out-2", config={}).lasting == ()


def test_a_text_of_any_encoding_is_copied_byte_for_byte(tmp_path: Path) -> None:
    source = _write(tmp_path / "in", {"index.html": "", "assets/app.js": "1"})
    korean = "/* \xb0\xa1 */ a { b: url(/assets/app.js) }".encode("latin-1")
    (source / "old.css").write_bytes(korean)
    bundle(source, tmp_path / "out", config={})
    assert (tmp_path / "out/old.css").read_bytes().startswith(b"/* \xb0\xa1 */ a { b: url(/assets/app.")


def test_config_of_a_build_gives_way_to_the_stages(tmp_path: Path) -> None:
    source = _write(tmp_path / "in", {"index.html": "", "config.json": '{"api": "http://localhost:8000"}'})
    bundle(source, tmp_path / "out", config={"api": "/api"})
    assert json.loads((tmp_path / "out/config.json").read_text()) == {"api": "/api"}
