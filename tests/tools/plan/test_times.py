"""Every resource type has times; every time says who says so."""

from pathlib import Path
from typing import Any

import pytest

from cloudmart_cdk.policy.families.classification import PROTECTED, STORES_NOTHING
from tests.tools.plan.small import TIMES, times_file
from tools.plan import times
from tools.plan.errors import PlanError, UntimedTypeError
from tools.plan.times import OPERATIONS, Operation

_MADE_BY_NOBODY_HERE = {
    "AWS::APS::Workspace",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::Instance",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::EFS::MountTarget",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::OpenSearchService::Domain",
    "AWS::SES::ConfigurationSet",
}
"""Types that the policies know and no stage has."""


def test_every_type_that_the_policies_know_has_times_or_is_made_by_nobody() -> None:
    assert (PROTECTED | STORES_NOTHING.keys()) - times.load().types() == _MADE_BY_NOBODY_HERE


def test_no_type_is_both_timed_and_a_matter_of_seconds() -> None:
    loaded = times.load()
    for operation in OPERATIONS:
        assert not loaded.entries[operation].keys() & loaded.types_of_seconds


def test_each_type_has_an_entry_that_holds_whatever_the_properties() -> None:
    loaded = times.load()
    for operation, entries in loaded.entries.items():
        for type_, of_type in entries.items():
            assert not of_type[-1].when, f"{operation} of {type_}: the last entry is for some only"
            assert not of_type[-1].having, f"{operation} of {type_}: the last entry is for some only"
            assert all(entry.when or entry.having for entry in of_type[:-1]), f"{type_}: entries that never count"


def test_every_time_has_a_document_and_what_is_no_estimate_an_address() -> None:
    for operation, type_, _, time in times.every(times.load()):
        document = time.document
        assert document.name, f"{operation} {type_}"
        assert document.kind == "estimate" or document.address.startswith("https://"), f"{operation} {type_}"
        assert document.kind != "estimate" or not document.address


def _multi_az(**more: Any) -> dict[str, Any]:
    return {"Type": "AWS::RDS::DBInstance", "Properties": {"MultiAZ": True}, **more}


@pytest.mark.parametrize(
    ("operation", "longer", "shorter"),
    [
        ("create", _multi_az(), {"Type": "AWS::RDS::DBInstance", "Properties": {"MultiAZ": False}}),
        ("delete", _multi_az(DeletionPolicy="Snapshot"), _multi_az()),
        ("delete", _multi_az(), _multi_az(DeletionPolicy="Retain")),
        (
            "create",
            {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {"NumNodeGroups": 2}},
            {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {}},
        ),
        (
            "create",
            {"Type": "AWS::EKS::Nodegroup", "Properties": {"ScalingConfig": {"DesiredSize": 2}}},
            {"Type": "AWS::EKS::Nodegroup", "Properties": {"ScalingConfig": {"DesiredSize": 0}}},
        ),
        (
            "create",
            {"Type": "AWS::AutoScaling::AutoScalingGroup", "CreationPolicy": {"ResourceSignal": {"Count": 2}}},
            {"Type": "AWS::AutoScaling::AutoScalingGroup"},
        ),
        (
            "delete",
            {"Type": "AWS::Lambda::Function", "Properties": {"VpcConfig": {}}},
            {"Type": "AWS::Lambda::Function", "Properties": {}},
        ),
    ],
)
def test_properties_that_matter(operation: Operation, longer: dict[str, Any], shorter: dict[str, Any]) -> None:
    loaded = times.load()
    assert loaded.of(operation, longer).span.usual > 1.3 * loaded.of(operation, shorter).span.usual


def test_what_is_retained_takes_no_time_to_go() -> None:
    kept = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain"}
    assert times.load().of("delete", kept).span.slow == 0
    assert times.load().of("create", kept).span.usual > 0


def test_a_type_without_a_time_says_where_to_add_it() -> None:
    with pytest.raises(UntimedTypeError, match=r"given AWS::New::Thing; .*tools/plan/times.toml"):
        times.load().of("create", {"Type": "AWS::New::Thing"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "page"', 'source = "hearsay"', "given source hearsay; allowed: page, guess"),
        ("minutes = [10, 20]", "minutes = [20, 10]", "given 20 and 10; allowed: usual, then slow"),
        ("minutes = [10, 20]", "minutes = [10, 20", "given .* line .*; allowed: TOML; correct that line"),
        ("minutes = [10, 20]", "", "given no 'minutes'; allowed"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        times.load(times_file(tmp_path, TIMES.replace(old, new, 1)))
