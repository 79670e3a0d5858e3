"""The databases around a move: the new one, the one in use, those kept from before.

Owns their making, their switch and their removal, and what is theirs beside the data: owner, locale,
privileges, settings. The switch is one transaction, so whatever dies in the middle of it has changed nothing.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import errors, sql

from . import restorer
from .names import Names
from .problems import Problem, explain
from .server import Connection, Server

MAINTENANCE: Final = "postgres"
"""Where one is connected to while databases are renamed; RDS has it too."""
_PATIENCE: Final = 10.0
"""Seconds that a server gets to come back before what it holds of ours is left for the next run."""
_GONE_SECONDS: Final = 3.0
"""What the session of a run before may take to be gone."""
LOCK: Final = 0x636C6F75
"""First half of the advisory lock: ours; the second is the hash of the database's name."""

_FACTS: Final = """
select pg_get_userbyid(datdba), datcollate, datctype, datlocprovider::text, daticulocale,
    shobj_description(oid, 'pg_database'), pg_has_role(datdba, 'usage')
from pg_database where datname = %s
"""
_CREATE: Final = (
    "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {collate} LC_CTYPE {ctype} "
    "LOCALE_PROVIDER {provider}"
)
_PRIVILEGES: Final = """
select pg_get_userbyid(nullif(a.grantee, 0::oid)), a.privilege_type, a.is_grantable
from {catalog} o, aclexplode(coalesce(o.{acl}, acldefault({kind}, o.{owner}))) a
where o.{name} = %s and a.grantee <> o.{owner}
"""
_SETTINGS: Final = """
select pg_get_userbyid(nullif(s.setrole, 0)), split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c where d.datname = %s
"""
_TABLES: Final = """
select oid::regclass::text from pg_class where relkind in ('r', 'p') and relnamespace in (
    select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
) order by pg_total_relation_size(oid) desc
"""
_END_SESSIONS: Final = """
select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
where a.datname = any (%s) and not r.rolsuper
"""
_SESSIONS: Final = "select distinct usename, application_name from pg_stat_activity where datname = any (%s) limit 5"


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Interrupts are ignored: what is said afterwards about the databases has to be true. At most some 10 s."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ours(connection: Connection, database: str) -> bool:
    """Whether nobody else moves. The session of a run that has just ended may take a moment to be gone."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        ((ours,),) = connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (LOCK, database))
        if ours or time.monotonic() > deadline:
            return bool(ours)
        time.sleep(0.1)


class Databases:
    """Holds one connection, and with it the right to be the only move of this database."""

    def __init__(self, server: Server, names: Names, connection: Connection) -> None:
        self._server, self.names, self._connection = server, names, connection
        self.mark: str | None = None
        """What the database in use says about where it came from."""

    @classmethod
    @contextlib.contextmanager
    def locked(cls, server: Server, names: Names) -> Iterator["Databases"]:
        """`Problem`: no such database, not ours to rename, or another move is at it."""
        with server.connect(MAINTENANCE) as connection:
            if not _ours(connection, names.current):
                raise Problem(
                    "move",
                    given=f"another one of {names.current}, which is running",
                    allowed="one at a time",
                    do="wait for it to end",
                )
            made = cls(server, names, connection)
            made._look()
            yield made

    @property
    def major(self) -> int:
        return self._connection.info.server_version // 10000

    def _look(self) -> None:
        facts = self._connection.execute(_FACTS, (self.names.current,)).fetchone()
        if facts is None:
            raise Problem(
                "database",
                given=f"{self.names.current}, which does not exist on {self._server.host}",
                allowed="the stage's database",
                do="deploy DataStack first, or see --database",
            )
        self._owner, self._collate, self._ctype, self._provider, self._icu, self.mark, ours = facts
        if not ours:
            raise Problem(
                "user",
                given=f"{self._server.user}, which does not own {self.names.current} ({self._owner} does)",
                allowed="the database's owner",
                do="run with the owner's secret",
            )

    def exists(self, name: str) -> bool:
        return self._connection.execute("select from pg_database where datname = %s", (name,)).rowcount == 1

    def join(self, group: str) -> None:
        """Let this user drop what `group` owns; it made the role, and so may. `Problem`: there is no such role."""
        row = self._connection.execute(
            "select pg_has_role(oid, 'usage') from pg_roles where rolname = %s", (group,)
        ).fetchone()
        if row is None:
            raise Problem(
                "role",
                given=f"{group}, which does not exist on {self._server.host}",
                allowed="the group that owns the shop's tables",
                do="deploy DataStack first: its rotation function makes the roles",
            )
        if not row[0]:
            self._do("GRANT {} TO CURRENT_USER WITH INHERIT TRUE", group)

    def make(self, group: str) -> None:
        """An empty database as the one in use is, in UTF-8, in which `group` may make what it wants."""
        icu = self._provider == "i"
        self._connection.execute(
            sql.SQL(_CREATE + " ICU_LOCALE {icu}" * icu).format(
                name=sql.Identifier(self.names.incoming),
                owner=sql.Identifier(self._owner),
                collate=sql.Literal(self._collate),
                ctype=sql.Literal(self._ctype),
                provider=sql.SQL("icu" if icu else "libc"),
                icu=sql.Literal(self._icu),
            )
        )
        self._do("REVOKE ALL ON DATABASE {} FROM PUBLIC", self.names.incoming)
        self._do("GRANT CREATE ON DATABASE {} TO {}", self.names.incoming, group)
        with self._server.connect(self.names.incoming) as connection:
            connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(group)))

    def admit(self, group: str) -> Server:
        """The server, as the role of this run logs in to the new database."""
        return restorer.make(self._connection, self._server, self.names, group)

    def dismiss(self) -> None:
        """Remove that role. `Problem`: the dump holds on to it."""
        restorer.end(self._connection, self.names)

    def clear(self) -> bool:
        """Remove the new database and its role; False: there was no database."""
        there = self.drop(self.names.incoming)
        restorer.drop(self._connection, self.names)
        return there

    def drop(self, name: str) -> bool:
        """False: there was none. Whoever is connected to it is not any more."""
        there = self.exists(name)
        if there:
            self._do("DROP DATABASE {} WITH (FORCE)", name)
        return there

    def clear_anew(self) -> None:
        """As `clear`, on a connection of its own, when who knows what state this one is in. `Problem`: no answer."""
        self._empty(self.names.incoming)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                with self._server.connect(MAINTENANCE) as connection:
                    Databases(self._server, self.names, connection).clear()
                return
            except (Problem, psycopg.Error):
                # A server whose disk is full may be recovering just now.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _empty(self, name: str) -> None:
        """Drop the tables first, which needs no room on the disk, as far as they can be dropped.

        DROP DATABASE begins with a checkpoint, and one that finds the disk full takes the server down (seen in 16.2).
        """
        with contextlib.suppress(Problem, psycopg.Error), self._server.connect(name) as connection:
            connection.execute("SET lock_timeout = '5s'")
            for (table,) in connection.execute(_TABLES).fetchall():
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.SQL(table)))

    def settle(self, group: str, mark: str) -> None:
        """Give the new database what the old one has beside its data: the schema's privileges, settings, an origin.

        The database's own privileges go with the name: `switch`.
        """
        incoming = self.names.incoming
        self._do("REVOKE ALL ON DATABASE {} FROM {}", incoming, group)
        with self._server.connect(self.names.current) as old, self._server.connect(incoming) as new:
            new.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            for grantee, privilege, grantable in self._privileges(old, "schema", "public"):
                self._grant(new, privilege, "SCHEMA", "public", grantee, grantable)
            for role, setting, value in self._connection.execute(_SETTINGS, (self.names.current,)).fetchall():
                # FROM CURRENT: the server spells lists such as search_path itself.
                new.execute("select set_config(%s, %s, false)", (setting, value))
                whose = sql.SQL("DATABASE {0}") if role is None else sql.SQL("ROLE {1} IN DATABASE {0}")
                new.execute(
                    sql.SQL("ALTER {} SET {} FROM CURRENT").format(
                        whose.format(sql.Identifier(incoming), sql.Identifier(role or "")), sql.Identifier(setting)
                    )
                )
                new.execute(sql.SQL("RESET {}").format(sql.Identifier(setting)))
        self._connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(incoming), sql.Literal(mark))
        )

    @staticmethod
    def _privileges(connection: Connection, what: str, name: str) -> list[tuple[str | None, str, bool]]:
        columns = {
            "database": ("pg_database", "datacl", "d", "datdba", "datname"),
            "schema": ("pg_namespace", "nspacl", "n", "nspowner", "nspname"),
        }[what]
        catalog, acl, kind, owner, column = columns
        query = sql.SQL(_PRIVILEGES).format(
            catalog=sql.Identifier(catalog),
            acl=sql.Identifier(acl),
            kind=sql.Literal(kind),
            owner=sql.Identifier(owner),
            name=sql.Identifier(column),
        )
        return connection.execute(query, (name,)).fetchall()

    @staticmethod
    def _grant(
        connection: Connection, privilege: str, kind: str, name: str, grantee: str | None, grantable: bool
    ) -> None:
        connection.execute(
            sql.SQL("GRANT {} ON {} {} TO {} {}").format(
                sql.SQL(privilege),
                sql.SQL(kind),
                sql.Identifier(name),
                sql.SQL("PUBLIC") if grantee is None else sql.Identifier(grantee),
                sql.SQL("WITH GRANT OPTION" if grantable else ""),
            )
        )

    def switch(self, incoming: str) -> str:
        """`incoming` takes the name of the database in use, which is kept; returns under which name.

        Both renames are one transaction. The first takes the lock that every new connection waits for, and waits up to
        5 s itself until nobody is connected, which a second connection sees to: so programs meet a cut connection and
        one that takes a moment, and nobody writes into the old database any more. Whoever may connect to it may from
        then on connect to the new one, and only the owner to the one that is kept. `Problem`: sessions that do not end.
        """
        names = [self.names.current, incoming]
        while self.exists(before := self.names.before()):
            time.sleep(0.1)  # names have a resolution of a second
        with undisturbed(), self._server.connect(MAINTENANCE) as helper:
            done = threading.Event()
            ender = threading.Thread(target=_end_sessions, args=(helper, names, done), daemon=True)
            ender.start()
            try:
                with self._connection.transaction():
                    self._do("ALTER DATABASE {} RENAME TO {}", self.names.current, before)
                    self._do("ALTER DATABASE {} RENAME TO {}", incoming, self.names.current)
                    self._hand_over(before)
            except errors.ObjectInUse:
                sessions = [f"{user} ({program})" for user, program in self._connection.execute(_SESSIONS, (names,))]
                raise Problem(
                    "switch",
                    given=f"sessions that do not end: {', '.join(sessions) or 'prepared transactions'}",
                    allowed="none of a superuser, nor prepared transactions",
                    do="end them, run again",
                ) from None
            except psycopg.Error as error:
                raise explain(error, "switching databases") from error
            finally:
                done.set()
                ender.join()
        return before

    def _hand_over(self, before: str) -> None:
        """Privileges on the database `before` become privileges on the one in use."""
        for grantee, privilege, grantable in self._privileges(self._connection, "database", before):
            whom = sql.SQL("PUBLIC") if grantee is None else sql.Identifier(grantee)
            self._connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM {} CASCADE").format(sql.Identifier(before), whom)
            )
            self._grant(self._connection, privilege, "DATABASE", self.names.current, grantee, grantable)

    def _do(self, statement: str, *identifiers: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


def _end_sessions(connection: Connection, databases: list[str], done: threading.Event) -> None:
    """Until `done`: end whoever is connected. A superuser's sessions are not ours to end."""
    with contextlib.suppress(psycopg.Error):
        while not done.is_set():
            connection.execute(_END_SESSIONS, (databases,))
            done.wait(0.02)
