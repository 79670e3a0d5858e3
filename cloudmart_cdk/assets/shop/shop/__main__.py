"""`python -m shop`: the server. `python -m shop.migrate` comes before it."""

import logging
import sys
from typing import Final

import uvloop

from . import VERSION, logs, traces
from .api.application import application
from .environment import Environment, SettingError
from .server import serve
from .shop import Found, Shop, find

AGAIN: Final = 75
"""Exit status that asks to be started again (EX_TEMPFAIL of sysexits.h): the start migrates the database."""


async def run(environment: Environment, found: Found) -> int:
    """The exit status, after everything is answered."""
    provider = traces.set_up(environment)
    async with Shop(environment, found) as shop:
        await serve(application(shop), environment, leave=shop.database.older)
        status = AGAIN if shop.database.older.is_set() else 0
    if provider is not None:
        traces.finish(provider)
    return status


def main() -> int:
    logs.set_up()
    try:
        environment = Environment.read()
        found = find(environment)
    except SettingError as refused:
        print(refused, file=sys.stderr)
        return 1
    logs.event(logging.getLogger("shop"), "starting", version=VERSION, stage=environment.stage)
    return uvloop.run(run(environment, found))


if __name__ == "__main__":
    sys.exit(main())
