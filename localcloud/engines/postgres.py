"""PostgreSQL 16 as RDS offers it: TLS forced, an owner who is no superuser.

Owns the data folder, the start and the roles that RDS has before anybody logs in. TLS is `front`'s.
"""

import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from localcloud.engines import binaries, unprivileged
from localcloud.engines.certificates import Authority
from localcloud.engines.keeper import Front, Keeper, Order, Server
from localcloud.errors import CloudError
from localcloud.processes import started_at

SUPERUSER: Final = "rdsadmin"
NO_DATABASE: Final = "postgres"
"""What there is where no first database is asked for."""
_PLAIN_PORT_OFFSET: Final = 10_000
_START_SECONDS: Final = 20.0
_STATUS_LINE: Final = 8
"""Of postmaster.pid: where the postmaster says that it is ready, as pg_ctl reads it."""
_SETTINGS: Final = {
    # The folder goes with the cloud, and a machine that crashes takes the emulator's memory along: only a crash of the
    # engine itself has to be survived, for which the kernel's page cache is enough.
    "fsync": "off",
    "full_page_writes": "off",
    # In the data folder: segments in /dev/shm would outlive a server that is killed.
    "dynamic_shared_memory_type": "mmap",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u@%d ",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A server. Clients use `host` and `port`, with TLS; the plain port is for its owner."""

    folder: Path
    host: str
    port: int
    plain_port: int
    owner: str
    password: str
    database: str
    ca_file: Path
    superuser_password: str
    keeper: Keeper

    @property
    def superuser_dsn(self) -> str:
        """What RDS gives nobody: for setting up, and for tests that have to see everything."""
        return (
            f"host={self.host} port={self.plain_port} user={SUPERUSER} password={self.superuser_password}"
            f" dbname={self.database} sslmode=disable connect_timeout=10"
        )

    def start(self) -> None:
        """Starts it again, on the same data. Raises `CloudError` when it does not come up."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.keeper.start()
            if _ready(self.folder / "data"):
                return
            # After a kill the last of the old server's processes may hold its memory a moment longer.
            if time.monotonic() > deadline:
                raise self.keeper.failure(f"PostgreSQL is not ready after {_START_SECONDS:.0f} s")
            time.sleep(0.1)

    def kill(self) -> None:
        """As a power failure would; connections break, new ones are closed until `start`."""
        self.keeper.kill()

    def open_at(self, host: str, authority: Authority) -> None:
        """Answers at a further address too: another name of the same data. Raises `CloudError` when it is taken."""
        certificate = authority.issue(host, self.folder / f"{host}.pem")
        self.keeper.open(
            Front(
                kind="postgres",
                host=host,
                port=self.port,
                target_host=self.host,
                target_port=self.plain_port,
                certificate=str(certificate),
            )
        )

    def set_password(self, password: str) -> None:
        """The owner's, as `ModifyDBInstance` sets it."""
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(self.owner), sql.Literal(password))
        with psycopg.connect(self.superuser_dsn, autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Ends it and its front; `start` brings both back."""
        self.keeper.stop()


def _ready(data: Path, *, seconds: float = 2.0) -> bool:
    """Whether the postmaster says so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            lines = []
        # One that was killed leaves its last words behind.
        if len(lines) >= _STATUS_LINE and lines[_STATUS_LINE - 1].strip() == "ready" and started_at(int(lines[0])):
            return True
        time.sleep(0.01)
    return False


def start(
    folder: Path,
    *,
    host: str,
    port: int = 5432,
    owner: str,
    password: str,
    database: str,
    authority: Authority,
    max_connections: int = 100,
    revive: bool = False,
) -> Postgres:
    """A new server in `folder`, ready for connections. Raises `CloudError` when it does not start.

    `owner`, `password`, `database`: RDS's MasterUsername, MasterUserPassword and DBName. `revive`: a server
    that ends by itself is started again, on the same data, as RDS does.
    """
    programs = binaries.postgres()
    plain_port = port + _PLAIN_PORT_OFFSET
    data, secret = folder / "data", secrets.token_urlsafe(24)
    if data.exists():
        raise CloudError("PostgreSQL does not start", why=f"{data} exists already", do="give it a folder of its own")
    data.mkdir(parents=True, mode=0o700)
    password_file = folder / "superuser"
    password_file.touch(mode=0o600)
    password_file.write_text(secret)
    unprivileged.own(data, password_file)
    settings = _SETTINGS | {"listen_addresses": host, "port": str(plain_port), "max_connections": str(max_connections)}
    order = Order(
        folder=str(folder),
        servers=[
            Server(
                command=[str(programs / "postgres"), "-D", str(data)]
                + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
                # Fast shutdown: open sessions are ended, not waited for.
                stop_signal=signal.SIGINT,
                unprivileged=True,
                prepare=[
                    str(programs / "initdb"),
                    f"--pgdata={data}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions",
                ],
            )
        ],
        fronts=[
            Front(
                kind="postgres",
                host=host,
                port=port,
                target_host=host,
                target_port=plain_port,
                certificate=str(authority.issue(host, folder / "server.pem")),
            )
        ],
        revive=revive,
    )
    keeper = Keeper("PostgreSQL", order, log=folder / "log")
    server = Postgres(
        folder=folder,
        host=host,
        port=port,
        plain_port=plain_port,
        owner=owner,
        password=password,
        database=database,
        ca_file=authority.ca_file,
        superuser_password=secret,
        keeper=keeper,
    )
    try:
        server.start()
        _as_rds(server)
    except BaseException:
        server.stop()
        raise
    password_file.unlink()
    return server


def _as_rds(server: Postgres) -> None:
    """The master user of RDS: not a superuser, but member of rds_superuser, and owner of the first database."""
    place = server.superuser_dsn.replace(f"dbname={server.database}", f"dbname={NO_DATABASE}")
    owner = sql.Identifier(server.owner)
    statements: list[sql.SQL | sql.Composed] = [
        sql.SQL("CREATE ROLE rds_superuser NOLOGIN"),
        sql.SQL("GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION"),
        sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(owner, sql.Literal(server.password)),
        sql.SQL("GRANT rds_superuser TO {} WITH ADMIN OPTION").format(owner),
    ]
    if server.database != NO_DATABASE:
        statements.append(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(server.database), owner))
    with psycopg.connect(place, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
