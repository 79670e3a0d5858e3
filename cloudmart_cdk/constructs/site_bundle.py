"""From a folder of sources to the folder that is uploaded: content hashes in the names, `config.json` beside.

Owns nothing in AWS and does not import `aws_cdk`. A function of its input alone, so that two synths agree.

A bundler's output is left as it is: renaming its files would break what its code puts together at run time.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ASSETS: Final = "assets"
"""Folder whose files get a content hash in their names, so that they may be cached for a year."""

CONFIG: Final = "config.json"
_TEXT: Final = (".html", ".css", ".js", ".mjs", ".svg", ".webmanifest")
_HASH_LENGTH: Final = 10
_AS_IS: Final = "surrogateescape"
"""Whatever the encoding of a text is, what is not renamed in it stays byte for byte."""

_HASHED: Final = re.compile(r"[.-](?:[\w-]{8}|[0-9a-f]{10,32})\.", re.ASCII)
"""A name that may hold a hash: 8 characters (Vite, Rollup, esbuild, Angular, Parcel), or more hexadecimal ones."""
_SURELY_HASHED: Final = re.compile(r"[.-](?:(?=[\w-]*[0-9A-Z])[\w-]{8}|[0-9a-f]{10,32})\.", re.ASCII)

_NAMED: Final = re.compile(r"""(?<=["'(])(?P<path>\.{0,2}/[\w./-]+\.\w+)(?=["')?#])""", re.ASCII)
"""A path in quotes or in CSS's `url()`, from the root or from the file's own folder."""


@dataclass(frozen=True)
class Bundle:
    """What was written, for whom it concerns how long each file may be cached."""

    lasting: tuple[str, ...]
    """Folders at the top in which every file has a hash in its name: its content never changes."""
    pages: tuple[str, ...]
    """All other files."""


def bundle(source: Path, into: Path, *, config: Mapping[str, object]) -> Bundle:
    """Write the site into the empty folder `into`.

    Each `assets/app.css` becomes `assets/app.<hash>.css`, and what names it follows, by `/assets/app.css` or from its
    own folder by `./app.css`. The hash is over the file and all that it names, so a page in front always changes
    with what it loads. Where a file of `assets` has a hash already, none is renamed.

    Raises `ValueError` for a page that names an asset that does not exist.
    """
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in _files(source)}
    assets = [name for name in files if name.startswith(f"{ASSETS}/")]
    renamed: dict[str, str] = {}
    if not any(_SURELY_HASHED.search(Path(name).name) for name in assets):
        names = {name: _named_by(name, files[name], assets) for name in files if name.endswith(_TEXT)}
        renamed = {name: _with_hash(name, [files[each] for each in _closure(name, names)]) for name in assets}
    for name, content in files.items():
        if renamed and name.endswith(_TEXT):
            content = _follow(name, content.decode(errors=_AS_IS), renamed).encode(errors=_AS_IS)
        target = into / renamed.get(name, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (into / CONFIG).write_text(
        json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    written = {renamed.get(name, name) for name in files} | {CONFIG}
    lasting = _lasting(written)
    return Bundle(lasting, tuple(sorted(name for name in written if name.split("/")[0] not in lasting)))


def _files(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file() and not path.name.startswith("."))


def _lasting(names: Iterable[str]) -> tuple[str, ...]:
    """One file without a hash is enough for a folder not to be: it may change in place."""
    folders: dict[str, list[str]] = {}
    for name in names:
        top, slash, rest = name.partition("/")
        if slash:
            folders.setdefault(top, []).append(Path(rest).name)
    return tuple(
        sorted(
            folder
            for folder, inside in folders.items()
            if all(map(_HASHED.search, inside)) and any(map(_SURELY_HASHED.search, inside))
        )
    )


def _resolved(file: str, path: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(file), path)).lstrip("/")


def _named_by(file: str, content: bytes, assets: Iterable[str]) -> list[str]:
    """The assets that a file of text names."""
    named = {_resolved(file, found["path"]) for found in _NAMED.finditer(content.decode(errors=_AS_IS))}
    return sorted(named.intersection(assets))


def _closure(name: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """A file, and all that it names, they name, and so on; modules may well name each other."""
    found, waiting = {name}, [name]
    while waiting:
        more = set(names.get(waiting.pop(), ())) - found
        found |= more
        waiting.extend(more)
    return [name, *sorted(found - {name})]


def _with_hash(name: str, contents: Iterable[bytes]) -> str:
    stem, _, extension = name.rpartition(".")
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return f"{stem}.{digest.hexdigest()[:_HASH_LENGTH]}.{extension}"


def _follow(file: str, text: str, renamed: Mapping[str, str]) -> str:
    def new_name(found: re.Match[str]) -> str:
        path = found["path"]
        name = _resolved(file, path)
        if name in renamed:
            return f"{path[: -len(name.rpartition('/')[2])]}{renamed[name].rpartition('/')[2]}"
        if path.startswith(f"/{ASSETS}/") and file.endswith(".html"):
            raise ValueError(f"{file} names /{name}, which is not among {', '.join(renamed)}")
        return path

    return _NAMED.sub(new_name, text)
