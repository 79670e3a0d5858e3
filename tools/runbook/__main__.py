"""`python -m tools.runbook [page ...]`: rehearse the runbook; a line for each fault, status 1 when there is one."""

import sys
from collections.abc import Sequence

from tools.assembly import synthesize

from .checks import CONFIGURATIONS, checked
from .names import Names
from .pages import pages


def main(arguments: Sequence[str]) -> int:
    names = Names.of(
        (synthesize(context).folder, f"{context.get('name', 'cloudmart')}-{context.get('stage', 'lab')}")
        for context in CONFIGURATIONS
    )
    wanted = [page for page in pages() if not arguments or page.path.stem in arguments]
    faults = checked(wanted, names)
    for fault in faults:
        print(fault)
    print(f"{len(wanted)} pages, {sum(len(page.snippets) for page in wanted)} commands, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
