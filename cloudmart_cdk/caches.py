"""Where CDK keeps its caches: with the project, never in the user's home.

Owns the two folders that the library writes to at synth: jsii's unpacked packages (16 s of CPU when cold) and the
fingerprints of assets. Imports nothing of CDK: it has to be called before.
"""

import os
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"


def keep_caches_in_project() -> None:
    """Point CDK's caches into `.cache`, in this process and those that it starts.

    The fingerprints follow `HOME` and have no variable of their own (aws-cdk-lib 2.275,
    `core/lib/fs/fingerprint-disk-cache`). The app reads nothing from a home: credentials are the CLI's affair.
    """
    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = str(home)
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CACHE / "jsii"))
