"""`python -m tests.delivery.services.killed ORDER[:NUMBER] release ...`: the command, killed as an order is given.

The order has arrived (CloudFormation is at work, or the weights are set), nothing after it is done. By SIGKILL, so that
nothing is tidied up. NUMBER: weights that are set are told apart by what the canary gets.
"""

import os
import signal
import sys
from typing import Any

from delivery import __main__
from delivery.services.hands import Direct


def main() -> int:
    order, _, number = sys.argv.pop(1).partition(":")
    give = getattr(Direct, order)

    def give_and_die(self: Direct, *values: Any) -> Any:
        answer = give(self, *values)
        if not number or values == (int(number),):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Direct, order, give_and_die)
    return __main__.main()


if __name__ == "__main__":
    sys.exit(main())
