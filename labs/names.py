"""Which names are one copy's only, where students share an account."""

import re
from typing import Final, get_args

from cloudmart_cdk.settings.model import Stage

_LONGER: Final = re.compile(rf".*[-/]({'|'.join(get_args(Stage))})([-/]|$)")


def of_longer_name(rest: str) -> bool:
    """Whether an id that goes on with `rest` after `<name>-<stage>` may be of `<name>-<stage>-<more>-<stage>`: then it
    is not for us to say. `rest` begins with its `-`."""
    return _LONGER.match(rest) is not None
