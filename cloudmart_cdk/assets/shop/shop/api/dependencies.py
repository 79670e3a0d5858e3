"""What routes ask for."""

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from ..shop import Shop


async def _shop(request: Request) -> Shop:
    return cast(Shop, request.app.state.shop)


TheShop = Annotated[Shop, Depends(_shop)]
