"""What a dump, and what the shop's own users, can make a move do: nothing that they could not do without it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloudmart_cdk.assets.data_move.server import Server, run_one
from tests.data_move.conftest import DUMPS, Mover
from tests.data_move.test_switch import kept
from tests.stores import APP, CLONE, OWNER, PASSWORD, SHOP

HEAD = b"--\n-- PostgreSQL database dump\n--\n\n"
TAIL = b"\n--\n-- PostgreSQL database dump complete\n--\n"
GAINED = "gained"
"""A role that whoever has got the owner's rights makes, to be seen by."""


@pytest.fixture(autouse=True)
def nothing_gained(mover: Mover) -> Iterator[None]:
    """Whatever a test tries: no role is made by it, and nobody is let into one."""
    facts = (
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles ORDER BY 1",
        "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2",
    )
    # One move before, because the owner joins the group at its first.
    assert mover.move(DUMPS / "partition-root.sql", mover.database()).status == 0
    before = [mover.query("postgres", fact) for fact in facts]
    yield
    assert [mover.query("postgres", fact) for fact in facts] == before


def dump(folder: Path, body: bytes) -> Path:
    path = folder / "made.sql"
    path.write_bytes(HEAD + body + TAIL)
    return path


TRY = b"""
CREATE FUNCTION public.try() RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text := '';
    command text;
BEGIN
    EXECUTE '%s';
    FOREACH command IN ARRAY ARRAY[
        'CREATE ROLE gained SUPERUSER', 'CREATE ROLE gained', 'GRANT rds_superuser TO cloudmart_shop',
        'ALTER ROLE cloudmart_app CREATEROLE', 'GRANT cloudmart_owner TO cloudmart_shop'
    ] LOOP
        BEGIN
            EXECUTE command;
            said := said || command || '; ';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
    END LOOP;
    RETURN said || session_user || ' ' || current_user || ' ' || (
        SELECT concat_ws(' ', rolinherit, rolcreaterole, rolconnlimit, rolvaliduntil < now() + interval '11 minutes')
        FROM pg_roles WHERE rolname = session_user);
END$$;
CREATE TABLE public.tried (word text, said text DEFAULT public.try());
COPY public.tried (word) FROM stdin;
one
\\.
"""


@pytest.mark.parametrize("way", ["RESET ROLE", "RESET ALL"])
def test_function_in_a_dump_comes_back_to_the_group(mover: Mover, tmp_path: Path, way: str) -> None:
    database = mover.database()
    ended = mover.move(dump(tmp_path, TRY.replace(b"%s", way.encode())), database)
    assert (ended.status, ended.error) == (0, "")
    assert mover.query(database, "SELECT said FROM tried") == [(f"{database}_data_move {SHOP} f f 1 t",)]


@pytest.mark.parametrize(
    "way",
    ["SET ROLE NONE", "RESET SESSION AUTHORIZATION", f"SET ROLE {OWNER}", f"SET SESSION AUTHORIZATION {OWNER}"],
)
def test_function_in_a_dump_gets_nowhere_else(mover: Mover, tmp_path: Path, way: str) -> None:
    """Behind the group is a role that may do nothing; the owner's is out of reach."""
    database = mover.database()
    before = mover.around(database)
    ended = mover.move(dump(tmp_path, TRY.replace(b"%s", way.encode())), database)
    assert ended.status == 1
    assert "permission denied" in ended.error
    assert mover.untouched(database, before)


def test_dump_cannot_keep_the_role_that_it_is_restored_as(mover: Mover, tmp_path: Path) -> None:
    database = mover.database()
    before = mover.around(database)
    hold = TRY.replace(b"%s", b"GRANT USAGE ON SCHEMA held TO ' || session_user || '")
    ended = mover.move(dump(tmp_path, b"CREATE SCHEMA held;\n" + hold), database)
    assert ended.status == 1
    assert f"grants something to {database}_data_move, the role that it is restored as" in ended.error
    assert mover.untouched(database, before)


SMUGGLED = {
    "behind an alias": b"CREATE FUNCTION public.h() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1 AS begin; END; "
    b"RESET ROLE; CREATE ROLE gained; SELECT 1 AS end;\n",
    "in a sequence's name": b'CREATE SEQUENCE public."s;select/**/1";\n'
    b"SELECT pg_catalog.setval('public.s;select/**/1', 1, true);\n",
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_one_text_is_one_command(mover: Mover, tmp_path: Path, how: str) -> None:
    """The server counts, whatever the splitter took for one."""
    database = mover.database()
    before = mover.around(database)
    ended = mover.move(dump(tmp_path, SMUGGLED[how]), database)
    assert ended.status == 1
    assert "cannot insert multiple commands into a prepared statement" in ended.error
    assert mover.untouched(database, before)


def test_what_the_shop_s_users_plant_is_not_run_by_the_owner(mover: Mover) -> None:
    database = mover.database()
    with psycopg.connect(mover.stores.dsn(database=database), autocommit=True) as program:
        for left, right in (("oid", "int4"), ("name", "varchar"), ("oid", "int8")):
            for name, operator in (("equal", "="), ("unequal", "<>")):
                program.execute(
                    f"CREATE FUNCTION public.{name}({left}, {right}) RETURNS boolean LANGUAGE plpgsql AS "
                    f"$$BEGIN CREATE ROLE {GAINED}; RETURN true; END$$"
                )
                program.execute(
                    f"CREATE OPERATOR public.{operator} "
                    f"(LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.{name})"
                )
        program.execute("SET ROLE NONE")
        program.execute(f"ALTER ROLE {APP} IN DATABASE {database} SET search_path = public, pg_catalog")
    moved = mover.move(DUMPS / "partition-root.sql", database)
    assert (moved.status, moved.error) == (0, "")
    back = mover.run("--bring-back", kept(moved.said), database=database)
    assert (back.status, back.error) == (0, "")


def test_owner_s_sessions_look_nothing_up_in_public(mover: Mover) -> None:
    database, postgres = mover.database(), mover.stores.postgres
    server = Server(
        host=postgres.host, port=postgres.port, user=OWNER, password=PASSWORD, ca_file=Path(mover.stores.ca_file)
    )
    with mover.superuser() as superuser:
        superuser.execute(f"ALTER DATABASE {database} SET search_path = public, pg_catalog")
    with server.connect(database) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("",)
        with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
            run_one(connection, b"SELECT 1; SELECT 2")


def test_kept_database_is_the_owner_s_alone_until_it_is_brought_back(mover: Mover) -> None:
    database = mover.database()
    with mover.superuser() as superuser:
        superuser.execute(f"GRANT CONNECT ON DATABASE {database} TO {SHOP} WITH GRANT OPTION")

    def acl(name: str) -> set[str]:
        query = f"SELECT a::text FROM pg_database, unnest(datacl) a WHERE datname = '{name}'"
        return {text for (text,) in mover.query("postgres", query)}

    def connect(user: str, name: str) -> None:
        psycopg.connect(mover.stores.dsn(user, database=name)).close()

    before = acl(database)
    assert f"=Tc/{OWNER}" in before, "everybody may connect"
    old = kept(mover.move(DUMPS / "partition-root.sql", database).said)
    for round_trip in (False, True):
        other = kept(mover.run("--bring-back", old, database=database).said) if round_trip else old
        assert acl(database) == before
        assert acl(other) == {f"{OWNER}=CTc/{OWNER}"}
        connect(OWNER, other)
        for user in (APP, CLONE):
            connect(user, database)
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                connect(user, other)
