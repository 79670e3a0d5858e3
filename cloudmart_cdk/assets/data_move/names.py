"""The names of databases around a move.

Owns how they are made from the name of the one in use, and which of them are ours to touch.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .problems import Problem

_LONGEST_NAME: Final = 63 - len("_before_20261231t235959")
"""PostgreSQL's names have at most 63 bytes."""


@dataclass(frozen=True)
class Names:
    """The names around `current`, the database that programs use."""

    current: str

    def __post_init__(self) -> None:
        if len(self.current) > _LONGEST_NAME:
            raise Problem(
                "database",
                given=f"the name {self.current}, of {len(self.current)} characters",
                allowed=f"at most {_LONGEST_NAME}, so that the old one can be kept beside it",
                do="take a shorter name",
            )

    @property
    def incoming(self) -> str:
        """Reserved: what bears this name was left by a move that was interrupted."""
        return f"{self.current}_data_move"

    @property
    def restorer(self) -> str:
        """Reserved too: the role that a dump is restored as."""
        return self.incoming

    def before(self) -> str:
        """A new name for the database that is to be kept."""
        return f"{self.current}_before_{datetime.now(UTC):%Y%m%dt%H%M%S}"

    def kept(self, name: str) -> str:
        """`name`, if it is one of a database that was kept. `Problem`: it is not."""
        if re.fullmatch(re.escape(self.current) + r"_before_\d{8}t\d{6}", name):
            return name
        raise Problem(
            "database",
            given=name,
            allowed=f"{self.current}_before_<timestamp>, as a move printed it",
            do="copy the name from there, or from: select datname from pg_database",
        )
