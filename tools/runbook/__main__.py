"""`python -m tools.runbook [page ...]`: rehearse the runbook; a line for each fault, status 1 when there is one."""

import argparse
import sys
from collections.abc import Sequence

from tools.assembly import synthesize

from .checks import CONFIGURATIONS, checked
from .names import Names
from .pages import pages


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.runbook", description="Rehearse the runbook's commands.")
    parser.add_argument("page", nargs="*", help="cpu, bad-release, ... (default: all)")
    wanted = parser.parse_args(arguments).page
    names = Names.of(
        (synthesize(context).folder, f"cloudmart-{context.get('stage', 'lab')}") for context in CONFIGURATIONS
    )
    found = [page for page in pages() if not wanted or page.path.stem in wanted]
    faults = checked(found, names)
    for fault in faults:
        print(fault)
    print(f"{len(found)} pages, {sum(len(page.snippets) for page in found)} commands, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
