"""A deploy prepares the database for its users, and learns whether that worked."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest

from cloudmart_cdk.assets.rotation import handler, roles
from cloudmart_cdk.assets.shop.shop.database import STATEMENT

from .conftest import APP, CLONE, OWNER, SHOP, Remaining, Stage


class _Answers(BaseHTTPRequestHandler):
    """The presigned address: takes one PUT; the first `refusals` are answered 503."""

    taken: list[dict[str, Any]]
    refusals: int

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).refusals:
            type(self).refusals -= 1
            self.send_response(503)
        else:
            type(self).taken.append({**json.loads(body), "type": self.headers.get("Content-Type")})
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, type[_Answers]]]:
    answers = type("Answers", (_Answers,), {"taken": [], "refusals": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/answer", answers
        server.shutdown()
        thread.join()


def _event(address: str, request: str, **more: str) -> dict[str, Any]:
    ids = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Users"}
    return {"RequestType": request, "ResponseURL": address, "ResourceProperties": {}, **ids, **more}


def _membership(connection: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT session_user::text, current_user::text").fetchall()


def test_prepared_twice_the_roles_are_the_same(stage: Stage) -> None:
    for _ in range(2):
        stage.prepare()
        with psycopg.connect(stage.server.superuser_dsn) as connection:
            roles = connection.execute(
                "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles "
                "WHERE rolname = ANY(%s) ORDER BY rolname",
                [[APP, CLONE, SHOP]],
            ).fetchall()
        assert roles == [
            (APP, True, False, False, False),
            (CLONE, True, False, False, False),
            (SHOP, False, False, False, False),
        ]
        with stage.connect(stage.login(stage.app)) as connection:
            assert _membership(connection) == [(APP, SHOP)]


def test_either_user_has_the_shop_s_time_limits_without_asking(stage: Stage) -> None:
    """Behind RDS Proxy nobody asks; the owner, who moves data, has none."""
    stage.prepare()
    shop = {"statement_timeout": STATEMENT, "idle_in_transaction_session_timeout": 2 * STATEMENT}
    for _ in range(2):
        with stage.connect(stage.login(stage.app)) as connection:
            assert _limits(connection) == {name: seconds * 1000 for name, seconds in shop.items()}
        stage.rotate(stage.app)
    with stage.connect(stage.login(stage.owner)) as connection:
        assert _limits(connection) == dict.fromkeys(shop, 0)


def _limits(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[str, float]:
    """Milliseconds."""
    rows = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(roles.LIMITS)])
    return {name: float(setting) for name, setting in rows}


def test_what_one_user_makes_the_other_may_change(stage: Stage) -> None:
    stage.prepare()
    with stage.connect(stage.login(stage.app)) as connection:
        connection.execute("CREATE TABLE made_by_one (id int)")
    stage.rotate(stage.app)
    with stage.connect(stage.login(stage.app)) as connection:
        assert _membership(connection) == [(CLONE, SHOP)]
        connection.execute("ALTER TABLE made_by_one ADD COLUMN name text")
        connection.execute("DROP TABLE made_by_one")


def test_the_owner_is_no_superuser(stage: Stage) -> None:
    """So that what works here works on RDS."""
    with stage.connect(stage.login(stage.owner)) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [OWNER]).fetchall() == [(False,)]


def test_a_restored_database_gets_the_password_of_today(stage: Stage) -> None:
    stage.prepare()
    stage.superuser(f"ALTER ROLE {APP} PASSWORD 'of-the-day-of-the-snapshot'")
    stage.prepare()
    assert stage.accepts(stage.login(stage.app))


def test_prepared_again_in_the_middle_of_a_rotation_nothing_breaks(stage: Stage) -> None:
    stage.prepare()
    version = stage.rotate(stage.app, steps=("createSecret", "setSecret", "testSecret"))
    stage.prepare()
    stage.rotate(stage.app, version=version, steps=("finishSecret",))
    assert stage.accepts(stage.login(stage.app))
    assert stage.accepts(stage.login(stage.app, "AWSPREVIOUS"))


def test_behind_a_proxy_every_login_that_it_has_works(proxied: Stage) -> None:
    """The proxy reports a database as unhealthy when one of its logins is refused."""
    proxied.prepare()
    assert proxied.login(proxied.proxy[0]) == proxied.login(proxied.app)
    for arn in proxied.proxy:
        assert proxied.accepts(proxied.login(arn))
    proxied.prepare()
    assert proxied.accepts(proxied.login(proxied.proxy[1]))


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_deploy_is_told_that_it_worked(
    stage: Stage, cloudformation: tuple[str, type[_Answers]], request_type: str
) -> None:
    address, answers = cloudformation
    answers.refusals = 1  # S3 is asked again
    handler.handle(_event(address, request_type), Remaining())
    (answer,) = answers.taken
    assert (answer["Status"], answer["RequestId"], answer["type"]) == ("SUCCESS", "request", "")
    assert answer["PhysicalResourceId"] == "database-users"
    assert stage.accepts(stage.login(stage.app))


def test_a_deploy_is_told_in_one_line_why_not(
    stage: Stage, cloudformation: tuple[str, type[_Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, answers = cloudformation
    monkeypatch.setenv("DATABASE_PORT", "1")
    handler.handle(_event(address, "Create"), Remaining())
    monkeypatch.setenv("APP_SECRET_ARN", stage.app.replace("test-", "gone-"))
    handler.handle(_event(address, "Create"), Remaining())
    assert [answer["Status"] for answer in answers.taken] == ["FAILED", "FAILED"]
    for answer in answers.taken:
        assert "\n" not in answer["Reason"]
        assert len(json.dumps(answer)) < 4096
    assert f"{stage.server.host}:1" in answers.taken[0]["Reason"]


def test_a_destroy_does_nothing_and_needs_no_database(
    stage: Stage, cloudformation: tuple[str, type[_Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, answers = cloudformation
    stage.prepare()
    monkeypatch.delenv("DATABASE_HOST")
    handler.handle(_event(address, "Delete", PhysicalResourceId="database-users"), Remaining())
    assert [answer["Status"] for answer in answers.taken] == ["SUCCESS"]
    assert stage.accepts(stage.login(stage.app))


def test_a_database_that_says_nothing_is_not_waited_for(
    stage: Stage, cloudformation: tuple[str, type[_Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, answers = cloudformation
    monkeypatch.setattr("cloudmart_cdk.assets.rotation.postgresql._SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DATABASE_HOST", "127.0.0.1")
        monkeypatch.setenv("DATABASE_PORT", str(silent.getsockname()[1]))
        handler.handle(_event(address, "Create"), Remaining())
    (answer,) = answers.taken
    assert answer["Status"] == "FAILED"
    assert "timed out" in answer["Reason"]
