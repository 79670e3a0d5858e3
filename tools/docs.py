"""`make docs`: what documents take from the code, written anew. A test fails when it was forgotten.

Owns docs/architecture.svg, docs/policy.md, docs/settings.md, the pictures of costs, plans and labs, and what stands in
pages between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.model import Stage
from labs.grade import rubric
from tools import architecture, capacity, lab_pages, lab_pictures, policy_page, tables
from tools.assembly import PROJECT, Assembly, synthesize
from tools.cost import page as cost
from tools.dashboards import queries
from tools.plan import pages as plan

STAGES: Final[tuple[str, ...]] = get_args(Stage)
_SETTINGS_HEAD: Final = """# Settings

Every setting, what it takes, and what the stages have: written by `make docs` from the settings' model. Where the
stages differ, each is named. Any of them can be overridden, `cdk deploy --all -c stage=staging -c backend.max=6`, or
changed in `cloudmart_cdk/settings/stages/`. A list is given with commas: `-c sources=203.0.113.0/24,198.51.100.7/32`.

"""


_README: Final = PROJECT / "README.md"
_EKS: Final = PROJECT / "docs" / "eks.md"
_DASHBOARDS: Final = PROJECT / "docs" / "dashboards.md"


def generate(stages: Mapping[str, Assembly], picture: Assembly, pages: Mapping[Path, str]) -> dict[Path, str]:
    """File -> content. `stages`: an assembly of each; `picture`: the one that is drawn; `pages`: those with blocks, as
    they are."""
    settings = {stage: load_settings({"stage": stage}) for stage in STAGES}
    bills = cost.sheets_of(stages)
    blocks = {
        "resources": tables.resources(stages),
        "stages": tables.stages(settings),
        "capacity": capacity.text(),
        "queries": queries.table(stages["prod"], prefix=settings["prod"].names.prefix),
        "plan_readme": plan.table({stage: stages[stage] for stage in ("lab", "prod")}),
        **cost.blocks(bills),
        **plan.blocks(stages),
        **lab_pages.blocks(stages["lab"]),
        **rubric.blocks(),
    }
    return {
        PROJECT / "docs" / "architecture.svg": architecture.draw(picture),
        PROJECT / "docs" / "policy.md": policy_page.page(),
        PROJECT / "docs" / "settings.md": _SETTINGS_HEAD + tables.reference(settings),
        **cost.pictures(bills),
        **plan.pictures(stages),
        **lab_pictures.pictures(stages["lab"]),
        **{page: fill(text, blocks) for page, text in pages.items()},
    }


def fill(text: str, blocks: Mapping[str, str]) -> str:
    """Put each block between its markers. Raises `KeyError` for a marker whose block nobody makes."""
    return re.sub(
        r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{blocks[found[2]]}\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


def pages() -> dict[Path, str]:
    """The pages that have generated blocks, as they are."""
    return {
        page: page.read_text(encoding="utf-8")
        for page in (_README, _EKS, _DASHBOARDS, cost.PAGE, plan.PAGE, *lab_pages.files(), *rubric.pages())
    }


def main() -> int:
    stages = {stage: synthesize({"stage": stage}) for stage in STAGES}
    for file, content in generate(stages, synthesize(architecture.CONTEXT), pages()).items():
        if content and (not file.exists() or file.read_text(encoding="utf-8") != content):
            file.write_text(content, encoding="utf-8")
            print(f"written: {file.relative_to(PROJECT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
