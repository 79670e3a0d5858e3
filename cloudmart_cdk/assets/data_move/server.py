"""Where the database is, and connections to it.

Owns the parameters of a connection: TLS with full verification, the pauses after which it counts as lost. Not what is
said on it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from .problems import Problem, explain

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A PostgreSQL server and the role that owns its databases; not a superuser, as on RDS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca_file: Path
    """PEM of the authorities that the server's certificate is checked against."""

    def connect(self, database: str) -> Connection:
        """A connection that commits each statement. `Problem`: none to be had."""
        try:
            return psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=database,
                sslmode="verify-full",
                sslrootcert=str(self.ca_file),
                connect_timeout=10,
                keepalives_idle=60,
                application_name="data_move",
                client_encoding="UTF8",
                autocommit=True,
                prepare_threshold=None,
            )
        except psycopg.OperationalError as error:
            if f'database "{database}" does not exist' in str(error):
                raise Problem(
                    "database",
                    given=f"{database}, which does not exist on {self.host}",
                    allowed="the stage's database",
                    do="deploy DataStack first, or see --database",
                ) from None
            raise explain(error, f"connecting to {self.host}:{self.port}", connecting=True) from None
