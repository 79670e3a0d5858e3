"""The database's secrets rotate, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from cloudmart_cdk.assets.rotation.errors import RotationError
from cloudmart_cdk.assets.rotation.postgresql import LoginRefusedError
from tests.support import PROJECT

from .conftest import APP, CLONE, FIRST_PASSWORD, OWNER, SHOP, STEPS, Stage


def _one_line(error: BaseException) -> str:
    text = str(error)
    assert text.startswith("error: ")
    assert "\n" not in text
    for part in ("given", "allowed", "do"):
        assert f"{part} " in text
    return text


def test_users_take_turns_and_the_last_login_stays_good(stage: Stage) -> None:
    stage.prepare()
    logins = [stage.login(stage.app)]
    for user in (CLONE, APP, CLONE):
        stage.rotate(stage.app)
        logins.append(stage.login(stage.app))
        assert logins[-1][0] == user
        assert stage.login(stage.app, "AWSPREVIOUS") == logins[-2]
        assert stage.accepts(logins[-1])
        assert stage.accepts(logins[-2]), "who has not read the secret since must still get in"
    assert not stage.accepts(logins[0])
    assert not stage.accepts(logins[1]), "at the next rotation it ends"
    assert len({password for _, password in logins}) == len(logins)


def test_the_place_in_the_secret_stays(stage: Stage) -> None:
    stage.prepare()
    stage.rotate(stage.app)
    value = json.loads(stage.secrets.get_secret_value(SecretId=stage.app)["SecretString"])
    assert value["host"] == stage.server.host


def test_the_owner_changes_its_own_password(stage: Stage) -> None:
    for _ in range(2):
        before = stage.login(stage.owner)
        stage.rotate(stage.owner)
        after = stage.login(stage.owner)
        assert after[0] == before[0] == OWNER
        assert stage.accepts(after)
        assert not stage.accepts(before)


@pytest.mark.parametrize("which", ["owner", "app"])
@pytest.mark.parametrize("done", range(1, len(STEPS) + 1))
def test_interrupted_after_any_step_it_finishes(stage: Stage, which: str, done: int) -> None:
    stage.prepare()
    arn = getattr(stage, which)
    before = stage.login(arn)
    version = stage.rotate(arn, steps=STEPS[:done])
    assert stage.accepts(stage.login(arn)) or (which == "owner" and done in (2, 3))
    stage.rotate(arn, version=version)
    assert stage.login(arn) != before
    assert stage.accepts(stage.login(arn))
    assert version in _versions(stage, arn, "AWSCURRENT")


def test_every_step_may_run_twice(stage: Stage) -> None:
    stage.prepare()
    for arn in (stage.owner, stage.app):
        stage.rotate(arn, steps=tuple(step for step in STEPS for _ in range(2)))
        assert stage.accepts(stage.login(arn))


def test_a_rotation_that_is_over_may_be_run_again(stage: Stage) -> None:
    """Its label AWSPENDING is gone by then, or not."""
    stage.prepare()
    for arn in (stage.owner, stage.app):
        version = stage.rotate(arn)
        after = stage.login(arn)
        stage.secrets.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=version)
        stage.rotate(arn, version=version)
        assert stage.login(arn) == after
        assert _versions(stage, arn, "AWSCURRENT") == [version]


def _versions(stage: Stage, arn: str, label: str) -> list[str]:
    labelled: dict[str, list[str]] = stage.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return [version for version, labels in labelled.items() if label in labels]


def test_killed_in_the_middle_of_a_statement_it_finishes(stage: Stage) -> None:
    """The process dies while the database works for it: the roles' transaction is open."""
    stage.prepare()
    version = stage.rotate(stage.app, steps=STEPS[:1])
    event = {"Step": "setSecret", "SecretId": stage.app, "ClientRequestToken": version}
    program = f"from cloudmart_cdk.assets.rotation import handler; handler.handle({event!r}, None)"
    with psycopg.connect(stage.server.superuser_dsn, autocommit=True) as blocker:
        blocker.execute("SELECT pg_advisory_lock(hashtext(%s))", [SHOP])
        with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=dict(os.environ)) as process:
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
            _until(lambda: blocker.execute(waits).fetchone() is not None)
            process.send_signal(signal.SIGKILL)
    assert stage.login(stage.app)[0] == APP
    assert stage.accepts(stage.login(stage.app))
    stage.rotate(stage.app, version=version)
    assert stage.login(stage.app)[0] == CLONE
    assert stage.accepts(stage.login(stage.app))


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_missing_clone_is_made(stage: Stage) -> None:
    stage.prepare()
    stage.superuser(f"DROP OWNED BY {CLONE}", f"DROP ROLE {CLONE}")
    stage.rotate(stage.app)
    assert stage.login(stage.app)[0] == CLONE
    assert stage.accepts(stage.login(stage.app))


def test_the_app_rotates_while_the_owner_does(stage: Stage) -> None:
    """Between setSecret and finishSecret of the owner its AWSCURRENT is not what the database knows."""
    stage.prepare()
    version = stage.rotate(stage.owner, steps=STEPS[:2])
    stage.rotate(stage.app)
    assert stage.accepts(stage.login(stage.app))
    stage.rotate(stage.owner, version=version)
    assert stage.accepts(stage.login(stage.owner))


def test_an_owner_set_back_to_its_last_password_rotates(stage: Stage) -> None:
    """As a restored snapshot has it."""
    stage.rotate(stage.owner)
    stage.superuser(f"ALTER ROLE {OWNER} PASSWORD '{FIRST_PASSWORD}'")
    stage.rotate(stage.owner)
    assert stage.accepts(stage.login(stage.owner))


def test_a_wrong_owner_is_one_clear_line_and_changes_nothing(stage: Stage) -> None:
    stage.prepare()
    before = stage.login(stage.app)
    stage.secrets.put_secret_value(
        SecretId=stage.owner, SecretString=json.dumps({"username": OWNER, "password": "wrong-wrong"})
    )
    stage.secrets.put_secret_value(
        SecretId=stage.owner, SecretString=json.dumps({"username": OWNER, "password": "wrong-again"})
    )
    for arn in (stage.app, stage.owner):
        with pytest.raises(RotationError) as refused:
            stage.rotate(arn)
        text = _one_line(refused.value)
        assert "database/owner" in text
        assert OWNER in text
        assert "wrong-" not in text
    assert stage.login(stage.app) == before
    assert stage.accepts(before)


@pytest.mark.parametrize("value", ["not json", "[]", '{"username": "x"}', '"text"', "null"])
def test_a_secret_that_cannot_be_read_is_one_clear_line(stage: Stage, value: str) -> None:
    stage.secrets.put_secret_value(SecretId=stage.app, SecretString=value)
    with pytest.raises(RotationError) as refused:
        stage.rotate(stage.app)
    assert "database/app" in _one_line(refused.value)
    with pytest.raises(RotationError):
        stage.prepare()


def test_a_user_that_lost_its_group_fails_the_test_and_stays_pending(stage: Stage) -> None:
    stage.prepare()
    before = stage.login(stage.app)
    version = stage.rotate(stage.app, steps=STEPS[:2])
    stage.superuser(f"ALTER ROLE {CLONE} RESET role")
    with pytest.raises(RotationError) as refused:
        stage.step("testSecret", stage.app, version)
    assert CLONE in _one_line(refused.value)
    assert stage.login(stage.app) == before


def test_a_pending_password_that_does_not_get_in_is_never_made_current(stage: Stage) -> None:
    stage.prepare()
    for arn in (stage.app, stage.owner):
        version = stage.rotate(arn, steps=STEPS[:1])
        with pytest.raises(RotationError) as refused:
            stage.step("testSecret", arn, version)
        _one_line(refused.value)


def test_a_schedule_is_tried_without_a_pending_value(stage: Stage) -> None:
    """Secrets Manager stages a version and runs testSecret alone when a schedule does not rotate at once."""
    stage.prepare()
    for arn in (stage.app, stage.owner):
        version = str(uuid.uuid4())
        current = stage.secrets.get_secret_value(SecretId=arn)["SecretString"]
        stage.secrets.put_secret_value(
            SecretId=arn, ClientRequestToken=version, SecretString=current, VersionStages=["AWSPENDING"]
        )
        stage.step("testSecret", arn, version)


def test_a_version_that_nobody_staged_is_refused(stage: Stage) -> None:
    for step in STEPS[1:]:
        with pytest.raises(RotationError) as refused:
            stage.step(step, stage.app, str(uuid.uuid4()))
        assert "AWSPENDING" in _one_line(refused.value)


def test_other_secrets_and_steps_are_refused(stage: Stage) -> None:
    version = stage.rotate(stage.owner, steps=STEPS[:1])
    for step, arn in (("createSecret", "arn:aws:secretsmanager:x:y:secret:other-abcdef"), ("dance", stage.owner)):
        with pytest.raises(RotationError) as refused:
            stage.step(step, arn, version)
        _one_line(refused.value)


def test_nobody_is_refused_while_it_rotates(stage: Stage) -> None:
    """Who reads the secret at every login gets in every time; so does who read it once, before."""
    stage.prepare()
    read_once = stage.login(stage.app)
    stop, refused, count = threading.Event(), [], [0, 0]

    def keep_logging_in(number: int, login: Callable[[], tuple[str, str]]) -> None:
        while not stop.is_set():
            if not stage.accepts(login()):
                refused.append(number)
            count[number] += 1

    threads = [
        threading.Thread(target=keep_logging_in, args=(number, login))
        for number, login in enumerate((lambda: stage.login(stage.app), lambda: read_once))
    ]
    for thread in threads:
        thread.start()
    try:
        _until(lambda: min(count) > 0)
        stage.rotate(stage.app)
        after = list(count)
        _until(lambda: all(now > then for now, then in zip(count, after, strict=True)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not refused


def test_no_secret_in_any_log(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the function's nor the database's, though that logs every statement."""
    stage.superuser(f"ALTER ROLE {OWNER} SET log_statement = 'all'")
    stage.prepare()
    passwords = {password for arn in (stage.owner, stage.app) for _, password in [stage.login(arn)]}
    for arn in (stage.app, stage.owner, stage.app):
        stage.rotate(arn)
        passwords.add(stage.login(arn)[1])
    stage.superuser(f"ALTER ROLE {OWNER} RESET log_statement")
    logged = (stage.server.folder / "log").read_text()
    assert "ALTER ROLE" in logged
    printed = "".join(capfd.readouterr())
    assert '"step": "finishSecret"' in printed
    for line in printed.splitlines():
        json.loads(line)
    for password in passwords:
        assert password not in logged + printed


def test_without_the_right_authority_nothing_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from localcloud.engines.certificates import Authority

    stage.prepare()
    version = stage.rotate(stage.app, steps=STEPS[:1])
    monkeypatch.setenv("CA_FILE", str(Authority(tmp_path_factory.mktemp("stranger")).ca_file))
    with pytest.raises(RotationError) as refused:
        stage.step("setSecret", stage.app, version)
    assert "certificate verify failed" in _one_line(refused.value)


def test_a_database_that_is_down_is_one_clear_line(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PORT", "1")
    with pytest.raises(RotationError) as refused:
        stage.rotate(stage.owner)
    assert f"{stage.server.host}:1" in _one_line(refused.value)


def test_a_missing_setting_is_one_clear_line(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_HOST")
    with pytest.raises(RotationError) as refused:
        stage.rotate(stage.owner)
    assert "DATABASE_HOST" in _one_line(refused.value)


def test_login_refusals_name_the_user_only() -> None:
    assert str(LoginRefusedError("somebody")) == "somebody"


def test_the_proxy_knows_both_users(proxied: Stage) -> None:
    """RDS Proxy reads the current version of one secret a user: both must be what the database knows."""
    proxied.prepare()
    proxied.rotate(proxied.app)
    for _ in range(2):
        proxied.rotate(proxied.app)
        current, previous = (proxied.login(proxied.app, label) for label in ("AWSCURRENT", "AWSPREVIOUS"))
        assert {proxied.login(arn) for arn in proxied.proxy} == {current, previous}
        assert all(proxied.accepts(proxied.login(arn)) for arn in proxied.proxy)


def test_killed_before_the_proxy_was_told_it_is_told(proxied: Stage) -> None:
    proxied.prepare()
    version = proxied.rotate(proxied.app, steps=STEPS[:1])
    user, password = proxied.login(proxied.app, "AWSPENDING")
    proxied.superuser(f"ALTER ROLE {user} PASSWORD '{password}'")
    proxied.rotate(proxied.app, version=version)
    assert proxied.login(proxied.app) in {proxied.login(arn) for arn in proxied.proxy}


def test_without_a_proxy_its_secrets_are_left_alone(stage: Stage) -> None:
    before: list[Any] = [stage.login(arn) for arn in stage.proxy]
    stage.prepare()
    stage.rotate(stage.app)
    assert [stage.login(arn) for arn in stage.proxy] == before
