"""The engines behind the emulated databases and caches.

Owns which resource has which engine, their folders below `engines/`, and the authority of this cloud. The records that
the APIs answer from are the mends' matter.
"""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from localcloud.engines import addresses, postgres, redis
from localcloud.engines.certificates import Authority
from localcloud.engines.postgres import Postgres
from localcloud.engines.redis import Redis
from localcloud.state import State

_DEFAULT_CONNECTIONS: Final = 80
"""What RDS allows on a db.t3.micro."""

Engine = TypeVar("Engine", Postgres, Redis)

databases: dict[str, Postgres] = {}
"""Id of an instance, replica, cluster or proxy -> its engine; several may share one."""
caches: dict[str, Redis] = {}
"""Id of a replication group -> its engine."""


@functools.cache
def authority() -> Authority:
    """The authority of this cloud."""
    return Authority(State().engines)


def _started(name: str, start: Callable[[Path], Engine]) -> Engine:
    folder = State().engines / name
    # What an engine of that name left that was killed with its emulator.
    shutil.rmtree(folder, ignore_errors=True)
    return start(folder)


def start_database(
    name: str, *, owner: str, password: str, database: str, port: int, max_connections: int | None
) -> Postgres:
    """A new, empty database server of that name."""
    databases[name] = _started(
        name,
        lambda folder: postgres.start(
            folder,
            host=addresses.claim(),
            port=port,
            owner=owner,
            password=password,
            database=database,
            authority=authority(),
            max_connections=max_connections or _DEFAULT_CONNECTIONS,
            revive=True,
        ),
    )
    return databases[name]


def join_database(name: str, other: str, *, address: str | None = None) -> str:
    """Makes `name` a further endpoint of another's engine; its address."""
    engine = databases[other]
    address = address or addresses.claim()
    engine.open_at(address, authority())
    databases[name] = engine
    return address


def leave_database(name: str) -> None:
    """Forgets one name of an engine; with the last one the engine ends, and its data with it."""
    engine = databases.pop(name, None)
    if engine is not None and engine not in databases.values():
        engine.stop()
        shutil.rmtree(engine.folder, ignore_errors=True)


def start_cache(name: str, *, token: str, port: int, shards: int) -> Redis:
    """A new, empty cache of that name."""
    stop_cache(name)
    caches[name] = _started(
        name,
        lambda folder: redis.start(
            folder,
            host=addresses.claim(),
            port=port,
            password=token,
            shards=shards,
            authority=authority(),
            revive=True,
        ),
    )
    return caches[name]


def stop_cache(name: str) -> None:
    """Ends a cache, if there is one."""
    engine = caches.pop(name, None)
    if engine is not None:
        engine.stop()
        shutil.rmtree(engine.folder, ignore_errors=True)
