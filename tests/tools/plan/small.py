"""Small assemblies and times, written down rather than synthesized."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.assembly import Assembly

Template = Mapping[str, Any]

TIMES = """
read = 2026-11-22
[document.page]
kind = "AWS"
name = "a page"
address = "https://docs.aws.amazon.com/"
[document.guess]
kind = "estimate"
name = "a guess"
address = ""
[stack]
create = [1, 2]
delete = [0, 0]
a_minute = 60
source = "guess"
[seconds]
create = [0, 0]
delete = [0, 0]
source = "guess"
types = ["Quick"]
[[create]]
type = "Slow"
minutes = [10, 20]
source = "page"
[[delete]]
type = "Slow"
minutes = [3, 4]
source = "guess"
[[create]]
type = "Named"
minutes = [5, 5]
ready = 1
source = "page"
[[delete]]
type = "Named"
minutes = [1, 1]
source = "page"
"""


def assembly(folder: Path, stacks: Mapping[str, Template], needs: Mapping[str, list[str]] | None = None) -> Assembly:
    """`stacks`: name -> resources. `needs`: name -> stacks before it."""
    artifacts: dict[str, Any] = {}
    for name, resources in stacks.items():
        (folder / f"{name}.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/ap-northeast-2",
            "properties": {"templateFile": f"{name}.json"},
            "dependencies": [*(needs or {}).get(name, ()), f"{name}.assets"],
            "metadata": {f"/{name}/{id}/Resource": [{"type": "aws:cdk:logicalId", "data": id}] for id in resources},
        }
        artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest"}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    return Assembly(folder)


def times_file(folder: Path, text: str = TIMES) -> Path:
    file = folder / "times.toml"
    file.write_text(text, encoding="utf-8")
    return file


def slow(*after: str) -> dict[str, Any]:
    """Ten minutes up, three down."""
    return {"Type": "Slow", "DependsOn": list(after)}
