"""AWS's public parameters.

Fault: two of the machine image parameters exist, out of a tree of hundreds.
"""

import re
from typing import Any, Final

from ministack.services import ssm

_IMAGES: Final = re.compile(
    r"/aws/service/(ami-amazon-linux-latest/al2023-ami-.*"
    r"|eks/optimized-ami/\d\.\d+/amazon-linux-2023/(x86_64|arm64)/\w+/recommended/image_id"
    r"|ecs/optimized-ami/amazon-linux-2023/(arm64/)?recommended/image_id)"
)
_STUB_IMAGE: Final = "ami-0c2023a1b2c3d4e5f"
"""MiniStack's image of Amazon Linux 2023."""


class _Images(dict[str, str]):
    """MiniStack's table, answering for the whole tree."""

    def get(self, name: str, default: Any = None) -> Any:
        known = super().get(name)
        return known or (_STUB_IMAGE if _IMAGES.fullmatch(name) else default)


def install() -> None:
    ssm._PUBLIC_AMI_PARAMETERS = _Images(ssm._PUBLIC_AMI_PARAMETERS)
