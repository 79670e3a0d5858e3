"""Alive, and ready. Alive is cheap and asks nobody: a load balancer must not end instances because a store is away."""

import asyncio
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from .. import VERSION
from ..failures import UnavailableError
from .answers import personal
from .dependencies import TheShop
from .models import Alive, Health, Ready
from .problems import described

router = APIRouter(tags=["health"])


@router.get("/health", response_model=Alive)
async def alive() -> Response:
    """The process is alive."""
    return personal({"status": "ok"})


@router.get("/api/health", response_model=Health)
async def health(shop: TheShop) -> Response:
    """The process is alive, and which one it is."""
    environment = shop.environment
    return personal({"status": "ok", "instance": environment.instance, "version": VERSION, "stage": environment.stage})


@router.get("/ready", response_model=Ready, responses=described() | {503: {"model": Ready, "description": "Unready"}})
async def ready(shop: TheShop) -> Response:
    """Whether both stores answer."""
    database, cache = await asyncio.gather(
        _state(shop.database.read_own("SELECT 1", name="ready")),
        _state(shop.cache.run("ready", lambda redis: redis.ping())),
    )
    well = database == cache == "ok"
    document = {
        "status": "ready" if well else "unready",
        "checks": {"database": {"state": database}, "cache": {"state": cache}},
    }
    return personal(document, status=200 if well else 503)


async def _state(question: Awaitable[object]) -> Literal["ok", "down"]:
    try:
        await question
    except UnavailableError:
        return "down"
    return "ok"
