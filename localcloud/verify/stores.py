"""What answers behind the database's and the cache's endpoints, asked as the shop asks.

Everything is looked up where the shop looks it up: parameters and secrets by name.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cloudmart_cdk.settings.topology import DATA
from localcloud.verify.table import Check
from localcloud.verify.view import View

_SECONDS = 10


def checks(view: View) -> Iterator[Check]:
    if view.stack(DATA) is None:
        return
    yield from _database(view)
    yield from _cache(view)


def _parameters(view: View, folder: str) -> dict[str, str]:
    path = view.settings.names.parameter(folder)
    pages = view.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
    return {p["Name"].removeprefix(f"{path}/"): p["Value"] for page in pages for p in page["Parameters"]}


def _secret(view: View, name: str) -> str:
    answer = view.client("secretsmanager").get_secret_value(SecretId=view.settings.names.secret(name))
    return str(answer["SecretString"])


def _database(view: View) -> Iterator[Check]:
    known, user = _parameters(view, "database"), json.loads(_secret(view, "database/app"))
    for role in ("host", "reader-host"):
        if role in known:
            connect = partial(
                psycopg.connect,
                host=known[role],
                port=known["port"],
                dbname=known["name"],
                user=user["username"],
                password=user["password"],
                sslrootcert=str(view.ca_file),
                connect_timeout=_SECONDS,
            )
            yield Check(f"database {role}, asked by the application", "PostgreSQL 16 with TLS", _version(connect))
            yield Check(f"database {role}, asked without TLS", "refused", _plainly(connect))


def _version(connect: Any) -> str:
    with connect(sslmode="verify-full") as connection:
        tls = "with TLS" if connection.pgconn.ssl_in_use else "without TLS"
        return f"PostgreSQL {connection.info.server_version // 10_000} {tls}"


def _plainly(connect: Any) -> str:
    try:
        with connect(sslmode="disable"):
            return "accepted"
    except psycopg.OperationalError as error:
        return "refused" if "no encryption" in str(error) else str(error)


def _cache(view: View) -> Iterator[Check]:
    known = _parameters(view, "cache")
    options: dict[str, Any] = {
        "host": known["host"],
        "port": int(known["port"]),
        "ssl": True,
        "ssl_ca_certs": str(view.ca_file),
        "socket_timeout": _SECONDS,
    }
    kind = redis.RedisCluster if known["mode"] == "cluster" else redis.Redis
    with kind(**options, password=_secret(view, "cache/auth")) as cache:
        yield Check("cache with TLS and its token", True, cache.ping())
    with redis.Redis(**options, retry=Retry(NoBackoff(), 0)) as stranger:
        try:
            found = str(stranger.ping())
        except redis.AuthenticationError:
            found = "refused"
        yield Check("cache without the token", "refused", found)
