"""Carts: a hash of product to quantity in Redis for each session, gone a week after its last change."""

from typing import Final

from .cache import Cache
from .failures import CartFull

LIFETIME: Final = 7 * 24 * 3600
"""Seconds after the last change."""
PRODUCTS: Final = 50
QUANTITY: Final = 99

_PUT: Final = """
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[1]) == 0 then
    return -1
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


class Carts:
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def read(self, session: str) -> dict[int, int]:
        """Product to quantity, by product."""
        kept = await self._cache.run("cart.read", lambda redis: redis.hgetall(_key(session)))
        return {product: int(kept[str(product)]) for product in sorted(map(int, kept))}

    async def put(self, session: str, product: int, quantity: int, *, existing: bool = False) -> bool:
        """Whether it was put in: `existing` puts it into a cart that is there only. Raises `CartFull`."""
        arguments = [_PUT, 1, _key(session), product, quantity, PRODUCTS, LIFETIME, int(existing)]
        done = await self._cache.run("cart.put", lambda redis: redis.eval(*arguments))
        if done == 0:
            raise CartFull(f"A cart holds {PRODUCTS} different products.")
        return bool(done == 1)

    async def remove(self, session: str, *products: int) -> None:
        if await self._cache.run("cart.remove", lambda redis: redis.hdel(_key(session), *products)):
            await self._remember(session)

    async def empty(self, session: str) -> None:
        if await self._cache.run("cart.empty", lambda redis: redis.delete(_key(session))):
            await self._remember(session)

    async def known(self, session: str) -> bool:
        """Whether the session has a cart, or had one lately."""
        # One by one: a cluster may have them on different nodes.
        return await self._exists(_key(session)) or await self._exists(_mark(session))

    async def _exists(self, key: str) -> bool:
        return bool(await self._cache.run("cart.known", lambda redis: redis.exists(key)))

    async def _remember(self, session: str) -> None:
        """Redis forgets a cart with its last product; the session goes on."""
        await self._cache.run("cart.remember", lambda redis: redis.set(_mark(session), 1, ex=LIFETIME))


def _key(session: str) -> str:
    return f"cart:{session}"


def _mark(session: str) -> str:
    return f"had-cart:{session}"
