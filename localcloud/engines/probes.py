"""Whether an engine answers at its endpoint: asked as a client asks, with TLS, but without credentials."""

from pathlib import Path
from typing import Final

import redis as client
from psycopg import conninfo, pq
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWERS: Final = "answers"
SILENT: Final = "DOES NOT ANSWER"
_SECONDS: Final = 3


def database(host: str, port: int, *, ca_file: Path) -> str:
    """What PostgreSQL says there. `ca_file`: PEM of the authority that its certificate is checked against."""
    place = (
        f"host={host} port={port} user=status dbname=status sslmode=verify-full connect_timeout={_SECONDS}"
        f" {conninfo.make_conninfo(sslrootcert=str(ca_file))}"
    )
    match pq.PGconn.ping(place.encode()):
        case pq.Ping.OK:
            return ANSWERS
        case pq.Ping.REJECT:
            return "recovers or shuts down"
    return SILENT


def cache(host: str, port: int, *, ca_file: Path) -> str:
    """What Redis says there. `ca_file`: PEM of the authority that its certificate is checked against."""
    with client.Redis(
        host=host,
        port=port,
        ssl=True,
        ssl_ca_certs=str(ca_file),
        socket_timeout=_SECONDS,
        socket_connect_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 0),
    ) as connection:
        try:
            connection.ping()
        except client.AuthenticationError:
            pass
        except (client.RedisError, OSError):
            return SILENT
    return ANSWERS
