"""`python -m shop`: the server. `python -m shop.migrate` comes before it."""

import logging
import sys

import uvloop

from . import VERSION, logs, traces
from .api.application import application
from .environment import Environment, SettingError
from .server import serve
from .shop import Found, Shop, find


async def run(environment: Environment, found: Found) -> None:
    provider = traces.set_up(environment)
    async with Shop(environment, found) as shop:
        await serve(application(shop), environment)
    if provider is not None:
        traces.finish(provider)


def main() -> int:
    logs.set_up()
    try:
        environment = Environment.read()
        found = find(environment)
    except SettingError as refused:
        print(refused, file=sys.stderr)
        return 1
    logs.event(logging.getLogger("shop"), "starting", version=VERSION, stage=environment.stage)
    uvloop.run(run(environment, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
