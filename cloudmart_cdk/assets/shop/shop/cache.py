"""Redis, one node or a cluster.

Owns connecting (TLS, AUTH that rotates, timeouts) and what is tried again; not what is kept there. Raises
`UnavailableError` when Redis cannot be had.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, ConnectionError, RedisClusterException, RedisError, ResponseError

from .credentials import Credential
from .failures import UnavailableError
from .settings import CacheSettings
from .traces import client_span

T = TypeVar("T")

TIMEOUT: Final = 1.0
"""Seconds to connect, and for an answer."""
CONNECTIONS: Final = 20


class _Token(CredentialProvider):
    def __init__(self, token: Credential[str]) -> None:
        self._token = token

    def get_credentials(self) -> tuple[str]:
        return (self._token.value,)

    async def get_credentials_async(self) -> tuple[str]:
        return self.get_credentials()


class Cache:
    """`await cache.run("cart.read", lambda redis: redis.hgetall(key))`; one key each, so that a cluster takes it."""

    def __init__(self, settings: CacheSettings, *, token: Credential[str], ca_file: Path) -> None:
        self._token = token
        options: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port,
            "credential_provider": _Token(token),
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            "decode_responses": True,
            "protocol": 2,
            "ssl_ca_certs": str(ca_file),
            "ssl_cert_reqs": "required",
            "ssl_check_hostname": True,
            # A connection that died in the pool is replaced at once; a timeout is not repeated.
            "retry": Retry(ConstantBackoff(0.01), 1, supported_errors=(ConnectionError,)),
        }
        self._redis: Any
        if settings.cluster:
            self._redis = RedisCluster(ssl=True, max_connections=CONNECTIONS, **options)
        else:
            pool = BlockingConnectionPool(
                connection_class=SSLConnection, max_connections=CONNECTIONS, timeout=TIMEOUT, **options
            )
            self._redis = Redis(connection_pool=pool)

    async def run(self, name: str, operation: Callable[[Any], Awaitable[T]]) -> T:
        """What `operation` answers; it may be called again, so it must be safe to repeat."""
        with client_span(name, "redis", **{"db.operation.name": name}):
            while True:
                tried = self._token.value
                try:
                    answer = await operation(self._redis)
                except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
                    if not _token_refused(error) or not await self._token.refused(tried):
                        raise UnavailableError("cache") from error
                else:
                    self._token.accepted()
                    return answer

    async def close(self) -> None:
        await self._redis.aclose()


def _token_refused(error: BaseException | None) -> bool:
    """A cluster client wraps what its first node said."""
    while error is not None:
        if isinstance(error, AuthenticationError):
            return True
        if isinstance(error, ResponseError) and str(error).startswith(("NOAUTH", "WRONGPASS")):
            return True
        error = error.__cause__ or error.__context__
    return False
