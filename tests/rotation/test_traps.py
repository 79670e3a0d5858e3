"""The application's users may create what they like in schema public; the function that comes as the owner, and may
do more, must not run it (CVE-2018-1058)."""

from .conftest import APP, OWNER, Stage

_TRAP = """
CREATE FUNCTION public.pg_advisory_xact_lock(integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'cloudmart_owner' THEN
        CREATE ROLE ghost LOGIN CREATEROLE;
    END IF;
    PERFORM pg_catalog.pg_advisory_xact_lock($1::bigint);
END $$
"""


def test_what_the_application_plants_is_not_run_as_the_owner(stage: Stage) -> None:
    stage.prepare()
    assert OWNER == "cloudmart_owner"
    with stage.connect(stage.login(stage.app)) as session:
        session.execute(_TRAP)
    try:
        stage.prepare()
        stage.rotate(stage.app)
        with stage.connect(stage.login(stage.owner)) as session:
            assert session.execute("SELECT rolname FROM pg_roles WHERE rolname = 'ghost'").fetchall() == []
        assert stage.login(stage.app)[0].startswith(APP)
    finally:
        stage.superuser("DROP FUNCTION public.pg_advisory_xact_lock(integer)", "DROP ROLE IF EXISTS ghost")
