"""What goes wrong, said once: the exceptions that become problem documents (`api/problems.py`)."""

from typing import Final

RETRY_AFTER: Final = 2
"""Seconds after which a client may ask again for what a store's absence kept from it."""


class UnavailableError(Exception):
    """A store is away; trying again later is right."""

    def __init__(self, store: str) -> None:
        super().__init__(f"The {store} is not reachable at the moment.")
        self.store = store


class TooSlowError(UnavailableError):
    """A store is there, and has too much to do."""

    def __init__(self, store: str) -> None:
        super().__init__(store)
        self.args = (f"The {store} has too much to do at the moment.",)


class Rejected(Exception):  # noqa: N818  # an answer, not a fault
    """A request that is well formed and still not done."""

    kind: str
    status: int = 409

    def __init__(self, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.more = more


class NotFound(Rejected):
    kind, status = "not-found", 404


class Invalid(Rejected):
    kind, status = "invalid", 422

    def __init__(self, where: str, at: str, detail: str) -> None:
        super().__init__(f"{at}: {detail}", errors=[{"in": where, "at": at, "detail": detail}])


class CartFull(Rejected):
    kind = "cart-full"


class OutOfStock(Rejected):
    kind = "out-of-stock"


class PriceChanged(Rejected):
    kind = "price-changed"


class ProductGone(Rejected):
    kind = "product-gone"


class KeyReused(Rejected):
    kind, status = "idempotency-key-reused", 422
