"""`make dashboards`: the dashboards of a stage as one page, to look at without AWS."""

import argparse
import subprocess
import sys
from typing import Final

from cloudmart_cdk.settings import SettingsError, load_settings
from tools.assembly import PROJECT, synthesize

from .errors import PreviewError
from .preview import preview

FOLDER: Final = PROJECT / ".cache" / "dashboards"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.dashboards", description=__doc__)
    parser.add_argument("--stage", default="prod", help="lab, dev, staging or prod")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings({"stage": given.stage})
        html = preview(synthesize({"stage": given.stage}), prefix=settings.names.prefix, region=settings.region)
        file = FOLDER / f"{given.stage}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html, encoding="utf-8")
        print(f"written: {file.relative_to(PROJECT)}; open it in a browser")
    except (PreviewError, SettingsError) as refused:
        print(f"error: {str(refused).removeprefix('error: ')}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        print(f"error: synth: given status {failed.returncode}; allowed: 0; mend what it says above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
