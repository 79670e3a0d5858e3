"""Family KEEP, the rules that are functions: what stays and what goes, in lab (nothing) and in prod (data)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cloudmart_cdk.policy.families import retention
from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_PROD: dict[str, Any] = {"stage": "prod"}
_DB, _CLUSTER, _BUCKET = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::S3::Bucket"
_TABLE = "AWS::DynamoDB::Table"
_VAULT, _SECRET = "AWS::Backup::BackupVault", "AWS::SecretsManager::Secret"

KEPT = {
    _DB: "Snapshot",
    _CLUSTER: "Snapshot",
    "AWS::ElastiCache::ReplicationGroup": "Snapshot",
    "AWS::ElastiCache::ServerlessCache": "Retain",
    _BUCKET: "Retain",
    "AWS::S3::BucketPolicy": "Retain",
    "AWS::KMS::Key": "Retain",
    _SECRET: "Retain",
    "AWS::ECR::Repository": "Retain",
    _VAULT: "Retain",
    "AWS::EFS::FileSystem": "Retain",
    "AWS::EC2::Volume": "Retain",
    _TABLE: "Retain",
    "AWS::DynamoDB::GlobalTable": "Retain",
    "AWS::OpenSearchService::Domain": "Retain",
    "AWS::Kinesis::Stream": "Retain",
    "AWS::Logs::LogGroup": "Delete",
    "AWS::SQS::Queue": "Delete",
}
"""ADR 0005: type -> what becomes of it in prod. In lab everything is deleted."""
_MAY_STAY = ("AWS::S3::BucketPolicy", _VAULT)
"""Those that may outlive a lab too: a policy that a late log meets, a vault with recovery points."""


def _ref(logical_id: str, attribute: str = "") -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id}


def _stays(type_: str, deletion: str, replaced: str | None = None, properties: Any = None) -> dict[str, Any]:
    """A resource with its two policies, which are alike unless said otherwise; empty: not stated."""
    policies = {"DeletionPolicy": deletion, "UpdateReplacePolicy": deletion if replaced is None else replaced}
    return resource(type_, properties, **{name: value for name, value in policies.items() if value})


def _table() -> Iterator[Case]:
    """Each type of the table, both ways, and half-way."""
    for type_, policy in KEPT.items():
        other = "Delete" if policy != "Delete" else "Retain"
        short = type_.removeprefix("AWS::")
        yield kept("KEEP-1", f"{short} {policy} in prod", {"R": _stays(type_, policy)})
        yield lost(
            "KEEP-1", f"{short} {other} in prod", {"R": _stays(type_, other)}, f"DeletionPolicy {other}; allowed"
        )
        yield lost("KEEP-1", f"{short} {policy}, {other} when replaced", {"R": _stays(type_, policy, other)})
        yield lost("KEEP-1", f"{short} {other}, {policy} when replaced", {"R": _stays(type_, other, policy)})
        yield good("KEEP-1", f"{short} deleted in lab", {"R": _stays(type_, "Delete")})
        make = good if type_ in _MAY_STAY else bad
        yield make("KEEP-1", f"{short} retained in lab", {"R": _stays(type_, "Retain")})
        make = good if policy == "Delete" else bad
        yield make("KEEP-1", f"{short} with nothing stated in prod", {"R": _stays(type_, "")}, **_PROD)


def kept(rule: str, name: str, resources: Any, **options: Any) -> Case:
    """A good case of prod."""
    return good(rule, name, resources, **{**_PROD, **options})


def lost(rule: str, name: str, resources: Any, says: str = "", **options: Any) -> Case:
    """A bad case of prod."""
    return bad(rule, name, resources, says=says, **{**_PROD, **options})


def _source(value: Any) -> dict[str, Any]:
    return {"SourceDBInstanceIdentifier": value}


_MAIN = _stays(_DB, "Snapshot")
_REPLICA = _stays(_DB, "Delete", properties=_source(_ref("Main")))
_BY_ARN = _stays(_DB, "Delete", properties=_source({"Fn::Join": ["", ["arn:aws:rds:x:1:db:", _ref("Main")]]}))
_READER = _stays(_DB, "Delete", properties={"DBClusterIdentifier": _ref("Main")})
_OF_NO_CLUSTER = _stays(_DB, "Delete", properties={"DBClusterIdentifier": ""})
_HALF = _stays(_DB, "Delete", properties={"SourceDBInstanceIdentifier": {"Fn::If": ["Maybe", _ref("Main"), ""]}})
_BY_FUNCTION = resource(_BUCKET, DeletionPolicy={"Fn::If": ["M", "Retain", "Delete"]}, UpdateReplacePolicy="Retain")
_REPOSITORY, _EXCEPT = "AWS::ECR::Repository", "RetainExceptOnCreate"
_SHOP: dict[str, Any] = {"stack": "BackendAsgStack"}
_POLICIES = (
    *_table(),
    kept("KEEP-1", "a replica that goes", {"Main": _MAIN, "Replica": _REPLICA}),
    kept("KEEP-1", "a replica by its source's ARN", {"Main": _MAIN, "Replica": _BY_ARN}),
    lost(
        "KEEP-1",
        "a replica with a snapshot",
        {"Main": _MAIN, "R": _stays(_DB, "Snapshot", properties=_source(_ref("Main")))},
        "DeletionPolicy Snapshot; allowed: Delete in stage prod",
    ),
    lost("KEEP-1", "a replica of nothing", {"R": _stays(_DB, "Delete", properties=_source(""))}),
    lost("KEEP-1", "a replica of somebody's", {"R": _stays(_DB, "Delete", properties=_source("theirs"))}),
    lost("KEEP-1", "a replica from a parameter", {"R": _stays(_DB, "Delete", properties=_source(_ref("Source")))}),
    lost("KEEP-1", "a replica in one branch", {"Main": _MAIN, "R": _HALF}),
    kept("KEEP-1", "an instance of Aurora", {"Main": _stays(_CLUSTER, "Snapshot"), "R": _READER}),
    lost("KEEP-1", "an instance of no cluster", {"R": _OF_NO_CLUSTER}),
    lost("KEEP-1", "an instance of a bucket", {"Main": _stays(_BUCKET, "Retain"), "R": _READER}),
    kept("KEEP-1", "a table of what was told", {"T": _stays(_TABLE, "Delete")}, stack="MonitoringStack"),
    lost("KEEP-1", "a table of what was told that stays", {"T": _stays(_TABLE, "Retain")}, stack="MonitoringStack"),
    kept("KEEP-1", "the origin header's secret", {"S": _stays(_SECRET, "Delete")}, **_SHOP),
    lost("KEEP-1", "an origin header's secret that stays", {"S": _stays(_SECRET, "Retain")}, **_SHOP),
    kept("KEEP-1", "a repository of a failed creation", {"R": _stays(_REPOSITORY, _EXCEPT, "Retain")}),
    lost(
        "KEEP-1",
        "a policy that no replacement knows",
        {"R": _stays(_REPOSITORY, _EXCEPT)},
        f"UpdateReplacePolicy {_EXCEPT}; allowed: Retain in stage prod",
    ),
    lost("KEEP-1", "a policy that a function writes", {"R": _BY_FUNCTION}),
    kept("KEEP-1", "data that a setting throws away", {"R": _stays(_BUCKET, "Delete")}, deletion="everything"),
    lost("KEEP-1", "data that a setting keeps", {"R": _stays(_BUCKET, "Delete")}, stage="lab", deletion="keep-data"),
)


def _balancer(*values: Any) -> dict[str, Any]:
    attributes = [{"Key": "deletion_protection.enabled", "Value": value} for value in values]
    return {"Lb": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", {"LoadBalancerAttributes": attributes})}


_PROTECTION = (
    kept("KEEP-20", "true as text", _balancer("true")),
    kept("KEEP-20", "true as a boolean", _balancer(True)),
    lost("KEEP-20", "false", _balancer("false"), "deletion_protection.enabled false; allowed: true in stage prod"),
    lost("KEEP-20", "nothing", _balancer(), "deletion_protection.enabled not set"),
    lost("KEEP-20", "true and false", _balancer("true", "false")),
    lost("KEEP-20", "a parameter", _balancer({"Ref": "Protect"})),
    lost("KEEP-20", "true in one branch", _balancer({"Fn::If": ["Maybe", "true", "false"]})),
    good("KEEP-20", "nothing in lab", _balancer()),
    kept("KEEP-20", "what is switched off to destroy", _balancer("false"), deletion_protection="false"),
    bad("KEEP-20", "what a setting protects in lab", _balancer("false"), deletion_protection="true"),
)

_TAG = {"Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]}
_EMPTIER = resource("Custom::S3AutoDeleteObjects", {"BucketName": _ref("Bucket")})
_EITHER = {"BucketName": {"Fn::If": ["Maybe", _ref("Bucket"), "x"]}}
_TAGGED = resource(_BUCKET, _TAG)
_EMPTIED = (
    good("KEEP-21", "a bucket that is emptied", {"Bucket": _TAGGED, "Emptier": _EMPTIER}),
    bad("KEEP-21", "a bucket that is not", {"Bucket": _TAGGED}, says="not emptied before it goes"),
    bad("KEEP-21", "a bucket without the tag that the function asks for", {"Bucket": resource(_BUCKET), "E": _EMPTIER}),
    bad("KEEP-21", "a second bucket", {"Bucket": _TAGGED, "E": _EMPTIER, "Second": _TAGGED}, says="Second"),
    bad("KEEP-21", "a bucket by its name", {"Bucket": _TAGGED, "E": resource(_EMPTIER["Type"], {"BucketName": "x"})}),
    bad("KEEP-21", "a bucket of one branch", {"Bucket": _TAGGED, "E": resource(_EMPTIER["Type"], _EITHER)}),
    bad("KEEP-21", "a function that may not come", {"Bucket": _TAGGED, "E": {**_EMPTIER, "Condition": "Maybe"}}),
    good(
        "KEEP-21",
        "a bucket with two outcomes",
        {"Bucket": resource(_BUCKET, {**_TAG, "BucketName": {"Fn::If": ["M", "a", "b"]}}), "E": _EMPTIER},
    ),
    kept("KEEP-21", "a bucket that stays in prod", {"Bucket": resource(_BUCKET)}),
    lost(
        "KEEP-21",
        "a bucket that stays and is emptied",
        {"Bucket": _TAGGED, "E": _EMPTIER},
        "emptying a bucket when it goes; allowed: nothing of the kind in stage prod",
    ),
)

_ON: dict[str, Any] = {"Status": "Enabled"}
_SOON = {**_ON, "ExpirationInDays": 1}
_ON_A_DAY = {**_ON, "ExpirationDate": "2027-01-01T00:00:00Z"}
_PERHAPS = {"Status": {"Ref": "Status"}, "ExpirationInDays": 1}
_OFF = {"Status": "Disabled", "ExpirationInDays": 1}
_STEPS = [
    {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
    {"StorageClass": "GLACIER", "TransitionInDays": 90},
]
_YEAR = "STANDARD_IA at 30, GLACIER at 90, gone after 365 days and by no rule sooner"


def _bucket(*rules: Any, **properties: Any) -> dict[str, Any]:
    return {"Bucket": resource(_BUCKET, {"LifecycleConfiguration": {"Rules": list(rules)}, **properties})}


def _log_rule(**changes: Any) -> dict[str, Any]:
    rule = {**_ON, "Transitions": _STEPS, "ExpirationInDays": 365, **changes}
    return {key: value for key, value in rule.items() if value is not GONE}


def _logs(name: str, *more: Any, stack: str = "VpcStack", **changes: Any) -> Case:
    """The log bucket's lifecycle, well done, with other rules behind."""
    return kept("KEEP-22", name, _bucket(_log_rule(**changes), *more), stack=stack)


def _short(name: str, *more: Any, stack: str = "VpcStack", **changes: Any) -> Case:
    return lost("KEEP-22", name, _bucket(_log_rule(**changes), *more), f"allowed: {_YEAR}", stack=stack)


_LOGGING = resource(_BUCKET, {"LoggingConfiguration": {"DestinationBucketName": _ref("Bucket")}})
_LOG_BUCKET = (
    _logs("the lifecycle of the specification"),
    _logs("days as text", ExpirationInDays="365"),
    _logs("the trail's", stack="MonitoringStack"),
    _logs("a second rule that is off", _OFF),
    _logs("a second rule that clears unfinished uploads away", _ON),
    _logs("a second rule that is later", {**_ON, "ExpirationInDays": 400}),
    _short("no expiry", ExpirationInDays=GONE),
    _short("an early expiry", ExpirationInDays=91),
    _short("a later expiry", ExpirationInDays=366),
    _short("an expiry of one branch", ExpirationInDays={"Fn::If": ["Maybe", 365, 100]}),
    _short("no cold storage", Transitions=GONE),
    _short("cold storage at once", Transitions=[{"StorageClass": "GLACIER", "TransitionInDays": 1}]),
    _short("a rule that is off", Status="Disabled"),
    _short("a rule that a parameter switches on", Status={"Ref": "Status"}),
    _short("a rule of some objects", Prefix="alb/"),
    _short("a rule of large objects", ObjectSizeGreaterThan="1000"),
    _short("a rule of tagged objects", TagFilters=[{"Key": "a", "Value": "b"}]),
    _short("a second rule that is sooner", _SOON),
    _short("a second rule that is sooner for some", {**_SOON, "Prefix": "alb/"}),
    _short("a second rule that ends on a day", _ON_A_DAY),
    _short("a second rule that a parameter switches on", _PERHAPS),
    _short("a trail that is short", stack="MonitoringStack", ExpirationInDays=100),
    lost(
        "KEEP-22", "no lifecycle", {"Bucket": resource(_BUCKET)}, "LifecycleConfiguration is not set", stack="VpcStack"
    ),
    lost("KEEP-22", "rules from a parameter", _bucket({"Ref": "Rules"}), stack="VpcStack"),
    lost("KEEP-22", "a bucket that others log to", {"Bucket": resource(_BUCKET), "Other": _LOGGING}),
    kept("KEEP-22", "a bucket that nobody logs to", {"Bucket": resource(_BUCKET)}),
    good(
        "KEEP-22",
        "the days of a setting",
        _bucket(_log_rule(ExpirationInDays=100)),
        stack="VpcStack",
        logs__expire_days="100",
    ),
)


def _old(days: Any, *more: Any, status: Any = "Enabled") -> dict[str, Any]:
    """A bucket that keeps its old versions for `days`, with other rules behind."""
    rule = {**_ON, "NoncurrentVersionExpiration": {"NoncurrentDays": days}}
    return _bucket(rule, *more, VersioningConfiguration={"Status": status})


_SITE: dict[str, Any] = {"stack": "FrontendCdnStack"}
_TRAIL: dict[str, Any] = {"stack": "MonitoringStack"}
_OLDEST = {**_ON, "NoncurrentVersionExpiration": {"NoncurrentDays": 365}}
_A_DAY = {**_ON, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
_UNLIMITED = resource(_BUCKET, {"VersioningConfiguration": {"Status": "Enabled"}})
_STAY = "until somebody deletes them"
_VERSIONS = (
    kept("KEEP-23", "pictures for 90 days", _old(90)),
    kept("KEEP-23", "pictures for a year, in text", _old("365")),
    kept("KEEP-23", "the site for 30 days", _old(30), **_SITE),
    kept("KEEP-23", "the trail, which ends", _old(365, {**_ON, "ExpirationInDays": 365}), **_TRAIL),
    kept("KEEP-23", "a rule that is off", _old(90, _OFF)),
    kept("KEEP-23", "logs", {"Bucket": resource(_BUCKET)}, stack="VpcStack"),
    lost("KEEP-23", "pictures for 30 days", _old(30), "old versions kept for 90 days or more"),
    lost("KEEP-23", "the site for a week", _old(7), "old versions kept for 30 days or more", **_SITE),
    lost("KEEP-23", "the trail for 30 days", _old(30), "90 days or more", **_TRAIL),
    lost("KEEP-23", "a bucket of another stack for a week", _old(7), "30 days or more", **_SHOP),
    lost("KEEP-23", "versions suspended", _old(90, status="Suspended"), "Suspended; allowed: Enabled"),
    lost("KEEP-23", "versions by a parameter", _old(90, status={"Ref": "Status"}), "${Status}"),
    lost("KEEP-23", "versions in one branch", _old(90, status={"Fn::If": ["M", "Enabled", "Suspended"]}), "Suspended"),
    lost("KEEP-23", "no versions", {"Bucket": resource(_BUCKET)}, "VersioningConfiguration.Status is not set"),
    lost("KEEP-23", "versions without a limit", {"Bucket": _UNLIMITED}, "90 days or more"),
    lost("KEEP-23", "a rule that a parameter switches on", _bucket({**_OLDEST, "Status": {"Ref": "S"}}), "90 days"),
    lost("KEEP-23", "a second rule", _old(90, _A_DAY), "90 days or more"),
    lost(
        "KEEP-23", "a second rule the older way", _old(90, {**_ON, "NoncurrentVersionExpirationInDays": 1}), "90 days"
    ),
    lost("KEEP-23", "a second rule for some", _old(90, {**_A_DAY, "Prefix": "x"}), "90 days or more"),
    lost("KEEP-23", "a second rule by a parameter", _old(90, {**_A_DAY, "Status": {"Ref": "Status"}}), "90 days"),
    lost("KEEP-23", "pictures that go", _old(90, _SOON), _STAY),
    lost("KEEP-23", "pictures that go on a day", _old(90, _ON_A_DAY), _STAY),
    lost("KEEP-23", "pages that go", _old(30, {**_SOON, "Prefix": "x"}), _STAY, **_SITE),
)

_BACKUP = {"Key": "Backup", "Value": "cloudmart-prod"}
_CONDITION = {"ConditionKey": "Backup", "ConditionType": "STRINGEQUALS", "ConditionValue": "cloudmart-prod"}


def _rule(schedule: Any, days: Any, **more: Any) -> dict[str, Any]:
    vault = {"TargetBackupVault": _ref("Vault", "BackupVaultName")}
    return {**vault, "ScheduleExpression": schedule, "Lifecycle": {"DeleteAfterDays": days}, **more}


def _plan(*rules: Any) -> dict[str, Any]:
    return resource("AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanRule": list(rules)}})


_DAILY, _WEEKLY = _rule("cron(30 20 * * ? *)", 7), _rule("cron(0 22 ? * SAT *)", 30)
SAMPLE: dict[str, Any] = {
    "Vault": resource(_VAULT),
    "Role": resource("AWS::IAM::Role"),
    "Plan": _plan(_DAILY, _WEEKLY),
    "Selection": resource(
        "AWS::Backup::BackupSelection",
        {
            "BackupPlanId": _ref("Plan", "BackupPlanId"),
            "BackupSelection": {"IamRoleArn": _ref("Role", "Arn"), "ListOfTags": [_CONDITION]},
        },
    ),
    "Db": resource(_DB, {"Tags": [_BACKUP]}),
    "Replica": resource(_DB, _source(_ref("Db"))),
}


def _backup(name: str, path: str, value: Any, says: str = "", **options: Any) -> Case:
    """The sample, spoilt."""
    logical_id, _, rest = path.partition(".")
    resources = changed(SAMPLE, f"{logical_id}.Properties.{rest}" if rest else logical_id, value)
    return lost("KEEP-24", name, resources, says, **options)


def _planned(name: str, *rules: Any, says: str = "", **options: Any) -> Case:
    return _backup(name, "Plan", _plan(*rules), says, **options)


_ABROAD: dict[str, Any] = {"backup__copy_region": "ap-northeast-1"}


def _copied(days: int, vault: str = "ap-northeast-1:${AWS::AccountId}:backup-vault:Default") -> dict[str, Any]:
    copy = {"DestinationBackupVaultArn": {"Fn::Sub": f"arn:aws:backup:{vault}"}, "Lifecycle": {"DeleteAfterDays": days}}
    return {"CopyActions": [copy]}


def _copies(name: str, daily: Any, weekly: Any, says: str = "") -> Case:
    return _planned(name, {**_DAILY, **daily}, {**_WEEKLY, **weekly}, says=says, **_ABROAD)


_HOME_NAMED_ABROAD = "ap-northeast-2:${AWS::AccountId}:backup-vault:ap-northeast-1"
_OF_TAG = "Selection.BackupSelection"
_BOTH = {**SAMPLE, "Plan": _plan({**_DAILY, **_copied(7)}, {**_WEEKLY, **_copied(30)})}
_WELL = "daily for 7 days, weekly for 30 days"
_BACKUPS = (
    kept("KEEP-24", "a plan for what has the tag", SAMPLE),
    kept(
        "KEEP-24",
        "the days of the settings",
        {**SAMPLE, "Plan": _plan(_rule("cron(0 1 ? * * *)", 14), _WEEKLY)},
        backup__daily_days="14",
    ),
    kept("KEEP-24", "copies abroad", _BOTH, **_ABROAD),
    good("KEEP-24", "no plan in lab", {"Db": resource(_DB)}),
    kept("KEEP-24", "an app without data", {}, stack="VpcStack"),
    _backup("no plan", "Plan", GONE, "without a backup plan; allowed: one in stage prod"),
    _backup("a plan that may not come", "Plan", {**SAMPLE["Plan"], "Condition": "Maybe"}, "without a backup plan"),
    _planned("one rule", _DAILY, says=f"daily for 7 days; allowed: {_WELL}"),
    _planned("no rule", says="empty"),
    _planned("a third rule", _DAILY, _WEEKLY, _DAILY, says=f"allowed: {_WELL}"),
    _planned("a day", {**_DAILY, "Lifecycle": {"DeleteAfterDays": 1}}, _WEEKLY, says="daily for 1 days"),
    _planned("no limit", {**_DAILY, "Lifecycle": {}}, _WEEKLY, says="daily for 0 days"),
    _planned(
        "days of one branch",
        {**_DAILY, "Lifecycle": {"DeleteAfterDays": {"Fn::If": ["M", 7, 1]}}},
        _WEEKLY,
        says="daily for 1 days",
    ),
    _planned("a day in a hundred years", _rule("cron(0 0 1 1 ? 2099)", 7), _WEEKLY, says="cron(0 0 1 1 ? 2099) for 7"),
    _planned("twice weekly", _rule("cron(0 22 ? * SAT *)", 7), _WEEKLY, says="weekly for 7 days"),
    _planned("a schedule from a parameter", _rule({"Ref": "When"}, 7), _WEEKLY, says="${When}"),
    _planned("monthly", _DAILY, _rule("cron(0 22 1 * ? *)", 30), says="cron(0 22 1 * ? *)"),
    _planned(
        "somebody's vault", {**_DAILY, "TargetBackupVault": "Default"}, _WEEKLY, says="Default; allowed: a vault of"
    ),
    _planned("copies that nobody asked for", {**_DAILY, **_copied(7)}, _WEEKLY, says="allowed: no copies"),
    _copies("no copies", {}, {}, "allowed: copies in ap-northeast-1, of this account, for 7 days"),
    _copies("weekly copies only", {}, _copied(30), "for 7 days"),
    _copies("copies for a day", _copied(1), _copied(30)),
    _copies("copies at home, by another name", _copied(7, _HOME_NAMED_ABROAD), _copied(30)),
    _copies(
        "copies at somebody's", _copied(7, "ap-northeast-1:999999999999:backup-vault:x"), _copied(30), "999999999999"
    ),
    _backup("a second plan that is short", "Plan2", _plan({**_DAILY, "Lifecycle": {"DeleteAfterDays": 1}}), "Plan2"),
    _backup("no selection", "Selection", GONE, "chosen by another tag than Backup=cloudmart-prod"),
    _backup("a selection that may not come", "Selection", {**SAMPLE["Selection"], "Condition": "Maybe"}, "chosen by"),
    _backup("a selection of no plan", "Selection.BackupPlanId", "x", "chosen by another tag"),
    _backup("a selection in one branch", f"{_OF_TAG}.ListOfTags", {"Fn::If": ["M", [_CONDITION], []]}, "chosen by"),
    _backup("another tag", f"{_OF_TAG}.ListOfTags", [{**_CONDITION, "ConditionValue": "other"}], "chosen by another"),
    _backup("somebody's role", f"{_OF_TAG}.IamRoleArn", "arn:aws:iam::999999999999:role/x", "chosen by another tag"),
    _backup("disks only", f"{_OF_TAG}.Resources", ["arn:aws:ec2:*:*:volume/*"], "all of that tag"),
    _backup("all but databases", f"{_OF_TAG}.NotResources", ["arn:aws:rds:*:*:db:*"], "all of that tag"),
    _backup("what has another tag too", f"{_OF_TAG}.Conditions", {"StringEquals": [{"ConditionKey": "x"}]}, "all of"),
    _backup("a database without the tag", "Db.Tags", GONE, "tag Backup not set; allowed: Backup=cloudmart-prod"),
    _backup("a database of another stage", "Db.Tags", [{**_BACKUP, "Value": "cloudmart-dev"}], "cloudmart-dev"),
    _backup("a tag twice", "Db.Tags", [_BACKUP, {**_BACKUP, "Value": "no"}], "cloudmart-prod, no"),
    _backup("a cluster without the tag", "Cluster", resource(_CLUSTER), "Cluster"),
    _backup("a second database", "Db2", resource(_DB, _source("")), "Db2"),
)

CASES = (*_POLICIES, *_PROTECTION, *_EMPTIED, *_LOG_BUCKET, *_VERSIONS, *_BACKUPS)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


_FUNCTIONS = sorted({rule.id for rule in retention.RULES} - {row.id for row in retention.ROWS})


@pytest.mark.parametrize("rule", _FUNCTIONS)
def test_every_function_has_a_case_that_it_finds_and_one_that_it_accepts(rule: str) -> None:
    assert {case.bad for case in CASES if case.rule == rule} == {True, False}


def test_a_finding_says_the_policy_and_the_stage() -> None:
    app = deployment({"Bucket": _stays(_BUCKET, "Delete", "Retain")}, **_PROD)
    (finding,) = found(app, "KEEP-1")
    assert finding.id == "KEEP-1[DeletionPolicy]"
    assert finding.text.endswith("is DeletionPolicy Delete; allowed: Retain in stage prod")


@pytest.mark.parametrize("rules", [{"Lifecycle": {"DeleteAfterDays": {"Ref": "Days"}}}, {"Lifecycle": {"Ref": "L"}}])
def test_days_that_a_parameter_gives_cannot_be_read_and_do_not_pass(rules: Any) -> None:
    app = deployment({**SAMPLE, "Plan": _plan({**_DAILY, **rules}, _WEEKLY)}, **_PROD)
    assert "KEEP-24" in [finding.found.detail for finding in found(app, "READ-1")]


def test_auroras_backups_stay_where_data_is_kept() -> None:
    for value, findings in ((False, 0), (True, 1), (None, 1)):
        cluster = resource(_CLUSTER, {} if value is None else {"DeleteAutomatedBackups": value})
        assert len(found(deployment({"Cluster": cluster}, **_PROD), "KEEP-19")) == findings
        assert not found(deployment({"Cluster": cluster}), "KEEP-19")


def test_auroras_instances_have_minor_upgrades_by_default() -> None:
    for value, findings in (({}, 0), ({"AutoMinorVersionUpgrade": False}, 1)):
        reader = resource(_DB, {"DBClusterIdentifier": _ref("Main"), **value})
        assert len(found(deployment({"Main": resource(_CLUSTER), "Reader": reader}), "KEEP-14")) == findings
    assert found(deployment({"Db": resource(_DB)}), "KEEP-14")


_TEN = {"countType": "imageCountMoreThan", "countNumber": 10}
_TAGS = {**_TEN, "tagStatus": "tagged", "tagPatternList": ["*"]}
_LEFT = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}


@pytest.mark.parametrize(
    ("selections", "finds"),
    [
        ([{**_TEN, "tagStatus": "any"}], False),
        ([_TAGS, _LEFT], False),
        ([], True),
        ([_LEFT], True),
        ([{**_TAGS, "countNumber": 9}, _LEFT], True),
        ([{**_TAGS, "tagPatternList": ["v*"]}, _LEFT], True),
        ([_TAGS, {**_LEFT, "tagStatus": "any"}], True),
        ([_TAGS, {**_TAGS, "countNumber": 1}], True),
    ],
)
def test_the_last_ten_images_stay(selections: list[Any], finds: bool) -> None:
    rules = [{"rulePriority": n, "selection": each, "action": {"type": "expire"}} for n, each in enumerate(selections)]
    policy = {"LifecyclePolicyText": json.dumps({"rules": rules})}
    app = deployment({"R": resource("AWS::ECR::Repository", {"LifecyclePolicy": policy})})
    assert bool(found(app, "KEEP-11")) is finds
