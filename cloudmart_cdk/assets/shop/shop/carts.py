"""Carts: a hash of product to quantity in Redis for each session, gone a week after its last change."""

from typing import Final

from .cache import Cache
from .failures import CartFull

LIFETIME: Final = 7 * 24 * 3600
"""Seconds after the last change."""
PRODUCTS: Final = 50
QUANTITY: Final = 99

_PUT: Final = """
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

    async def put(self, session: str, product: int, quantity: int) -> None:
        """Raises `CartFull`."""
        arguments = [_PUT, 1, _key(session), product, quantity, PRODUCTS, LIFETIME]
        if not await self._cache.run("cart.put", lambda redis: redis.eval(*arguments)):
            raise CartFull(f"A cart holds {PRODUCTS} different products.")

    async def remove(self, session: str, *products: int) -> None:
        await self._cache.run("cart.remove", lambda redis: redis.hdel(_key(session), *products))

    async def empty(self, session: str) -> None:
        await self._cache.run("cart.empty", lambda redis: redis.delete(_key(session)))


def _key(session: str) -> str:
    return f"cart:{session}"
