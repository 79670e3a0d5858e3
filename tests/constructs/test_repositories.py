"""The services' container registries."""

import json
from typing import Any

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize

SERVICES = {"auth", "event", "queue", "reservation", "payment", "notification"}


@pytest.mark.parametrize("stage", ["lab", "prod"])
def test_one_per_service_scanned_and_immutable(synthesized: Synthesize, stage: str) -> None:
    repositories = [r["Properties"] for r in synthesized(stage).resources(EKS, "AWS::ECR::Repository").values()]
    assert {r["RepositoryName"] for r in repositories} == {f"cloudmart-{stage}/{service}" for service in SERVICES}
    for repository in repositories:
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["EncryptionConfiguration"] == {"EncryptionType": "AES256"}


@pytest.mark.parametrize(
    ("stage", "emptied", "policy"),
    [("lab", True, "Delete"), ("dev", True, "Delete"), ("staging", False, "Retain"), ("prod", False, "Retain")],
)
def test_images_stay_where_data_does(synthesized: Synthesize, stage: str, emptied: bool, policy: str) -> None:
    for repository in synthesized(stage).resources(EKS, "AWS::ECR::Repository").values():
        assert repository["Properties"]["EmptyOnDelete"] is emptied
        assert repository["UpdateReplacePolicy"] == policy


def _kept(images: list[tuple[str, int]], rules: list[dict[str, Any]]) -> set[str]:
    """Names of the images that ECR leaves, of (tag, or nothing for a part of an index; days since its push)."""
    left = {f"{tag}#{number}": (tag, days) for number, (tag, days) in enumerate(images)}
    for rule in sorted(rules, key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        assert rule["action"] == {"type": "expire"}
        chosen = {name: each for name, each in left.items() if bool(each[0]) is (selection["tagStatus"] == "tagged")}
        if selection["countType"] == "imageCountMoreThan":
            newest = sorted(chosen, key=lambda name: chosen[name][1])[: selection["countNumber"]]
            gone = chosen.keys() - set(newest)
        else:
            gone = {name for name, (_, days) in chosen.items() if days > selection["countNumber"]}
        left = {name: each for name, each in left.items() if name not in gone}
    return {name.partition("#")[0] for name in left}


def test_ten_releases_stay_however_many_parts_each_has(synthesized: Synthesize) -> None:
    (repository, *_) = synthesized("lab").resources(EKS, "AWS::ECR::Repository").values()
    rules = json.loads(repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    pushes = [(name, age) for age in range(12) for name in (f"v{age}", "", "")]
    assert _kept(pushes, rules) - {""} == {f"v{age}" for age in range(10)}
