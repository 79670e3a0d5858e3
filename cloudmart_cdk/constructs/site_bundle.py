"""From a folder of sources to the folder that is uploaded: content hashes in the names, `config.json` beside.

Owns nothing in AWS and does not import `aws_cdk`. A function of its input alone, so that two synths agree.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ASSETS: Final = "assets"
"""Folder whose files carry a content hash in their names, so that they may be cached for a year."""

CONFIG: Final = "config.json"
_REWRITTEN: Final = (".html", ".css", ".js", ".svg", ".webmanifest")
_HASH_LENGTH: Final = 10


def bundle(source: Path, into: Path, *, config: Mapping[str, object]) -> tuple[str, ...]:
    """Write the site into the empty folder `into`; answers the paths of its files outside `assets/`.

    Each `assets/app.css` becomes `assets/app.<hash>.css`, and pages that name `/assets/app.css` follow. A file
    that names another asset is hashed as written, so a page in front always changes with what it loads.

    Raises `ValueError` for a page that names an asset that does not exist.
    """
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in _files(source)}
    renamed = {name: _with_hash(name, content) for name, content in files.items() if name.startswith(f"{ASSETS}/")}
    for name, content in files.items():
        if name not in renamed and name.endswith(_REWRITTEN):
            content = _follow(name, content.decode(), renamed).encode()
        target = into / renamed.get(name, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (into / CONFIG).write_text(
        json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return tuple(sorted({name for name in files if name not in renamed} | {CONFIG}))


def _files(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file() and not path.name.startswith("."))


def _with_hash(name: str, content: bytes) -> str:
    stem, _, extension = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]}.{extension}"


def _follow(page: str, text: str, renamed: Mapping[str, str]) -> str:
    def new_name(found: re.Match[str]) -> str:
        name = found[1]
        if name not in renamed:
            raise ValueError(f"{page} names /{name}, which is not among {', '.join(renamed)}")
        return f"/{renamed[name]}"

    return re.sub(rf"/({ASSETS}/[\w./-]+)", new_name, text)
