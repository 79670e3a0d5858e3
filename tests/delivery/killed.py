"""`python -m tests.delivery.killed PHASE release ...`: the command, killed as its step of that phase is done.

The phase is in the record, its work is done, the next phase is not written: a second run has to do it again. Killed
by SIGKILL, so that nothing is tidied up.
"""

import os
import signal
import sys

from delivery import __main__, ledger
from delivery.ledger import Ledger, Release


def main() -> int:
    phase = sys.argv.pop(1)
    write = Ledger.write

    def write_or_die(self: Ledger, release: Release) -> None:
        before = self.read()
        if before and before.release.phase == ledger.Phase(phase) != release.phase:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, release)

    Ledger.write = write_or_die  # type: ignore[method-assign]  # this process is there to die
    return __main__.main()


if __name__ == "__main__":
    sys.exit(main())
