"""DataStack against specification sections 1 and 3."""

import json
from typing import Any

import pytest

from cloudmart_cdk.assets.rotation import roles
from tests.conftest import Synthesize
from tests.matrix import MATRIX
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")


def _only(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (resource,) = resources.values()
    return resource


@pytest.mark.parametrize(
    ("stage", "figures"),
    [
        (
            "lab",
            {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20", "MultiAZ": True, "BackupRetentionPeriod": 1},
        ),
        (
            "dev",
            {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20", "MultiAZ": False, "BackupRetentionPeriod": 1},
        ),
        (
            "staging",
            {"DBInstanceClass": "db.t3.medium", "AllocatedStorage": "100", "MultiAZ": True, "BackupRetentionPeriod": 7},
        ),
        (
            "prod",
            {
                "DBInstanceClass": "db.t3.medium",
                "AllocatedStorage": "100",
                "MultiAZ": True,
                "BackupRetentionPeriod": 7,
                "MaxAllocatedStorage": 500,
                "DeletionProtection": True,
            },
        ),
    ],
)
def test_database_figures(synthesized: Synthesize, stage: str, figures: dict[str, Any]) -> None:
    properties = _only(synthesized(stage).resources("DataStack", "AWS::RDS::DBInstance"))["Properties"]
    assert {key: properties.get(key) for key in figures} == figures
    assert ("MaxAllocatedStorage" in properties) is (stage == "prod")
    assert properties["DeletionProtection"] is (stage == "prod")


@pytest.mark.parametrize("stage", STAGES)
def test_database_is_closed_encrypted_and_logged(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    properties = _only(app.resources("DataStack", "AWS::RDS::DBInstance"))["Properties"]
    assert properties["Engine"] == "postgres"
    assert properties["EngineVersion"] == "16.9"
    assert properties["StorageType"] == "gp3"
    assert properties["StorageEncrypted"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["EnableIAMDatabaseAuthentication"] is True
    assert properties["AutoMinorVersionUpgrade"] is True
    assert properties["DatabaseInsightsMode"] == "standard"
    assert properties["EnableCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    parameters = _only(app.resources("DataStack", "AWS::RDS::DBParameterGroup"))["Properties"]["Parameters"]
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["max_connections"] == ("100" if stage in ("staging", "prod") else "80")
    groups = {g["Properties"].get("LogGroupName") for g in app.resources("DataStack", "AWS::Logs::LogGroup").values()}
    assert {f"/aws/rds/instance/cloudmart-{stage}-db/{log}" for log in ("postgresql", "upgrade")} <= groups


@pytest.mark.parametrize(
    ("stage", "policy"), [("lab", "Delete"), ("dev", "Delete"), ("staging", "Snapshot"), ("prod", "Snapshot")]
)
def test_stores_go_or_leave_a_snapshot(synthesized: Synthesize, stage: str, policy: str) -> None:
    app = synthesized(stage)
    for kind in ("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup"):
        store = _only(app.resources("DataStack", kind))
        assert store["DeletionPolicy"] == store["UpdateReplacePolicy"] == policy
    kept = "Retain" if policy == "Snapshot" else "Delete"
    for kind in ("AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"):
        for resource in app.resources("DataStack", kind).values():
            assert resource["DeletionPolicy"] == kept


@pytest.mark.parametrize(("stage", "proxied"), [("lab", False), ("dev", False), ("staging", True), ("prod", True)])
def test_proxy_stands_in_front_and_takes_tls_only(synthesized: Synthesize, stage: str, proxied: bool) -> None:
    app = synthesized(stage)
    proxies = app.resources("DataStack", "AWS::RDS::DBProxy")
    host = _parameters(app.resources("DataStack", "AWS::SSM::Parameter"))[f"/cloudmart/{stage}/database/host"]
    if proxied:
        assert _only(proxies)["Properties"]["RequireTLS"] is True
        assert host == {"Fn::GetAtt": [next(iter(proxies)), "Endpoint"]}
        pool = _only(app.resources("DataStack", "AWS::RDS::DBProxyTargetGroup"))["Properties"]
        assert pool["ConnectionPoolConfigurationInfo"]["ConnectionBorrowTimeout"] == 30
    else:
        assert not proxies
        assert host["Fn::GetAtt"][1] == "Endpoint.Address"


@pytest.mark.parametrize(
    ("stage", "figures"),
    [
        ("lab", {"CacheNodeType": "cache.t3.micro", "NumCacheClusters": 1, "AutomaticFailoverEnabled": False}),
        ("dev", {"CacheNodeType": "cache.t3.micro", "NumCacheClusters": 1, "AutomaticFailoverEnabled": False}),
        (
            "staging",
            {
                "CacheNodeType": "cache.t3.medium",
                "NumNodeGroups": 2,
                "ReplicasPerNodeGroup": 1,
                "AutomaticFailoverEnabled": True,
                "MultiAZEnabled": True,
            },
        ),
        (
            "prod",
            {
                "CacheNodeType": "cache.t3.medium",
                "NumNodeGroups": 2,
                "ReplicasPerNodeGroup": 1,
                "AutomaticFailoverEnabled": True,
                "MultiAZEnabled": True,
            },
        ),
    ],
)
def test_cache(synthesized: Synthesize, stage: str, figures: dict[str, Any]) -> None:
    properties = _only(synthesized(stage).resources("DataStack", "AWS::ElastiCache::ReplicationGroup"))["Properties"]
    assert {key: properties.get(key) for key in figures} == figures
    assert (properties["Engine"], properties["EngineVersion"]) == ("redis", "7.1")
    assert properties["AtRestEncryptionEnabled"] is properties["TransitEncryptionEnabled"] is True
    assert "resolve:secretsmanager" in str(properties["AuthToken"])
    assert properties["SnapshotRetentionLimit"] == 1
    assert properties["LogDeliveryConfigurations"][0]["LogType"] == "slow-log"


def test_secrets_by_name_and_redis_auth_in_its_alphabet(synthesized: Synthesize) -> None:
    secrets = [s["Properties"] for s in synthesized().resources("DataStack", "AWS::SecretsManager::Secret").values()]
    named = {s["Name"]: s["GenerateSecretString"] for s in secrets}
    paths = ("database/owner", "database/app", "cache/auth", "jwt", "oauth-client", "payment-gateway")
    assert set(named) == {f"cloudmart-lab/{path}" for path in paths}
    assert all("KmsKeyId" in s for s in secrets)
    auth = named["cloudmart-lab/cache/auth"]
    assert 16 <= auth["PasswordLength"] <= 128
    assert auth["ExcludePunctuation"] is True


def test_nothing_secret_is_written_in_a_template(synthesized: Synthesize) -> None:
    database = _only(synthesized().resources("DataStack", "AWS::RDS::DBInstance"))["Properties"]
    assert "{{resolve:secretsmanager:" in str(database["MasterUserPassword"])


def _parameters(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {p["Properties"]["Name"]: p["Properties"]["Value"] for p in resources.values()}


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_say_where_things_are(synthesized: Synthesize, stage: str) -> None:
    values = _parameters(synthesized(stage).resources("DataStack", "AWS::SSM::Parameter"))
    prefix = f"/cloudmart/{stage}"
    assert values[f"{prefix}/database/port"] == "5432"
    assert values[f"{prefix}/database/name"] == "cloudmart"
    assert values[f"{prefix}/database/proxy"] == ("true" if stage in ("staging", "prod") else "false")
    assert values[f"{prefix}/database/connection-timeout"] == "30"
    assert values[f"{prefix}/cache/port"] == "6379"
    assert values[f"{prefix}/cache/mode"] == ("cluster" if stage in ("staging", "prod") else "single")
    attribute = values[f"{prefix}/cache/host"]["Fn::GetAtt"][1]
    assert attribute == ("ConfigurationEndPoint.Address" if stage in ("staging", "prod") else "PrimaryEndPoint.Address")
    assert f"{prefix}/images/bucket" in values


def _rotation(app: Synthesized) -> tuple[str, dict[str, Any]]:
    ((logical_id, function),) = (
        (id, function)
        for id, function in app.resources("DataStack", "AWS::Lambda::Function").items()
        if function["Properties"]["Handler"] == "rotation.handler.handle"
    )
    return logical_id, function["Properties"]


@pytest.mark.parametrize("stage", STAGES)
def test_three_secrets_rotate_every_30_days_by_our_function(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    function, _ = _rotation(app)
    schedules = app.resources("DataStack", "AWS::SecretsManager::RotationSchedule")
    names = {
        secret: resource["Properties"]["Name"]
        for secret, resource in app.resources("DataStack", "AWS::SecretsManager::Secret").items()
    }
    users = next(iter(app.resources("DataStack", "Custom::CloudMartDatabaseUsers")))
    permission = next(iter(app.resources("DataStack", "AWS::Lambda::Permission")))
    assert {names[each["Properties"]["SecretId"]["Ref"]] for each in schedules.values()} == {
        f"cloudmart-{stage}/{path}" for path in ("database/owner", "database/app", "cache/auth")
    }
    for schedule in schedules.values():
        properties = schedule["Properties"]
        assert properties["RotationLambdaARN"] == {"Fn::GetAtt": [function, "Arn"]}
        assert properties["RotationRules"] == {"ScheduleExpression": "rate(30 days)", "Duration": "4h"}
        assert properties["RotateImmediatelyOnUpdate"] is False
        # Secrets Manager tries a schedule when it is made: it has to be let in, and the users have to be there.
        assert set(schedule["DependsOn"]) == {users, permission}


@pytest.mark.parametrize("stage", STAGES)
def test_rotation_reaches_the_server_and_is_told_no_secret(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    _, properties = _rotation(app)
    variables = properties["Environment"]["Variables"]
    (server,) = app.resources("DataStack", "AWS::RDS::DBInstance")
    assert variables["DATABASE_HOST"] == {"Fn::GetAtt": [server, "Endpoint.Address"]}, "never the proxy"
    assert "resolve:" not in str(variables)
    assert properties["Timeout"] == 900
    assert len(properties["VpcConfig"]["SubnetIds"]) == 2
    assert len(properties["VpcConfig"]["SecurityGroupIds"]) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_rotation_may_what_it_does(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    role = app.resources("DataStack", "AWS::IAM::Role")[_rotation(app)[1]["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert "ManagedPolicyArns" not in role
    (policy,) = role["Policies"]
    granted = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        if not action.startswith("ec2:")
    }
    assert set(granted) == {
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecretVersionIds",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "elasticache:DescribeReplicationGroups",
        "elasticache:ModifyReplicationGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert len(granted["secretsmanager:PutSecretValue"]) == (5 if stage in ("staging", "prod") else 3)
    (cache,) = app.resources("DataStack", "AWS::ElastiCache::ReplicationGroup")
    assert {"Ref": cache} in granted["elasticache:ModifyReplicationGroup"][0]["Fn::Join"][1]
    assert "*" not in str(granted)


@pytest.mark.parametrize("stage", STAGES)
def test_users_are_there_before_the_stack_is(synthesized: Synthesize, stage: str) -> None:
    """The deploy's step runs after the server and the secrets' attachments, which change the secrets."""
    app = synthesized(stage)
    users = _only(app.resources("DataStack", "Custom::CloudMartDatabaseUsers"))
    (server,) = app.resources("DataStack", "AWS::RDS::DBInstance")
    attachments = app.resources("DataStack", "AWS::SecretsManager::SecretTargetAttachment")
    assert len(attachments) == 2
    assert {server, *attachments} <= set(users["DependsOn"])
    assert int(users["Properties"]["ServiceTimeout"]) < 3600


def test_the_proxy_has_a_secret_for_each_of_the_two_users(synthesized: Synthesize) -> None:
    """And not the owner's: rotation, the users' preparation and data moves go to the server itself."""
    app = synthesized("prod")
    secrets = app.resources("DataStack", "AWS::SecretsManager::Secret")
    proxy = _only(app.resources("DataStack", "AWS::RDS::DBProxy"))["Properties"]
    given = [secrets[each["SecretArn"]["Ref"]]["Properties"] for each in proxy["Auth"]]
    users = {json.loads(s["GenerateSecretString"]["SecretStringTemplate"])["username"]: s["Name"] for s in given}
    assert users == {
        "cloudmart_app": "cloudmart-prod/database/proxy/app",
        "cloudmart_app_clone": "cloudmart-prod/database/proxy/app-clone",
    }
    alternating = json.loads(
        next(s for s in secrets.values() if s["Properties"]["Name"] == "cloudmart-prod/database/app")["Properties"][
            "GenerateSecretString"
        ]["SecretStringTemplate"]
    )["username"]
    assert {alternating, roles.other(alternating)} <= set(users)


def test_images_stay_readable_and_only_through_cloudfront(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    buckets = app.resources("DataStack", "AWS::S3::Bucket").items()
    ((bucket, properties),) = (
        (id, each["Properties"]) for id, each in buckets if "BucketNamePrefix" in each["Properties"]
    )
    assert (properties["BucketNamePrefix"], properties["BucketNamespace"]) == (
        "cloudmart-prod-images",
        "account-regional",
    )
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    policies = app.resources("DataStack", "AWS::S3::BucketPolicy").values()
    (policy,) = (
        each["Properties"]["PolicyDocument"]["Statement"]
        for each in policies
        if each["Properties"]["Bucket"] == {"Ref": bucket}
    )
    allowed = [s for s in policy if s["Effect"] == "Allow"]
    key = _only(app.resources("DataStack", "AWS::KMS::Key"))["Properties"]["KeyPolicy"]["Statement"]
    decrypt = [s for s in key if s.get("Sid") == "DecryptForCloudFront"]
    for statement in (*allowed, *decrypt):
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        arn = str(statement["Condition"]["ArnLike"]["aws:SourceArn"])
        assert "AWS::AccountId" in arn
        assert "distribution/*" in arn
    assert len(allowed) == len(decrypt) == 1


@pytest.mark.parametrize(("stage", "planned"), [("lab", False), ("dev", False), ("staging", True), ("prod", True)])
def test_backup_plan_daily_and_weekly_by_tag(synthesized: Synthesize, stage: str, planned: bool) -> None:
    app = synthesized(stage)
    plans = app.resources("DataStack", "AWS::Backup::BackupPlan")
    assert bool(plans) is planned
    if planned:
        rules = _only(plans)["Properties"]["BackupPlan"]["BackupPlanRule"]
        assert {r["RuleName"]: r["Lifecycle"]["DeleteAfterDays"] for r in rules} == {"daily": 7, "weekly": 30}
        database = _only(app.resources("DataStack", "AWS::RDS::DBInstance"))["Properties"]
        assert {"Key": "Backup", "Value": f"cloudmart-{stage}"} in database["Tags"]
        vault = _only(app.resources("DataStack", "AWS::Backup::BackupVault"))["Properties"]
        assert vault["BackupVaultName"] == f"cloudmart-{stage}-backup", "CDK's own name is the same in every stage"
        selection = _only(app.resources("DataStack", "AWS::Backup::BackupSelection"))["Properties"]["BackupSelection"]
        assert selection["ListOfTags"][0]["ConditionValue"] == f"cloudmart-{stage}"


def test_copies_go_to_the_second_region_when_one_is_stated(synthesized: Synthesize) -> None:
    app = synthesized(**MATRIX["backup copies"])
    plan = _only(app.resources("DataStack", "AWS::Backup::BackupPlan"))["Properties"]["BackupPlan"]
    assert all("backup:ap-northeast-1:" in str(rule["CopyActions"]) for rule in plan["BackupPlanRule"])


@pytest.mark.parametrize("stage", STAGES)
def test_only_dev_stops_its_database_at_night(synthesized: Synthesize, stage: str) -> None:
    schedules = synthesized(stage).resources("DataStack", "AWS::Scheduler::Schedule").values()
    found = {
        (s["Properties"]["ScheduleExpression"], s["Properties"]["ScheduleExpressionTimezone"])
        for s in schedules
        if ":rds:" in s["Properties"]["Target"]["Arn"]
    }
    expected = {("cron(0 20 ? * MON-FRI *)", "Asia/Seoul"), ("cron(45 7 ? * MON-FRI *)", "Asia/Seoul")}
    assert found == (expected if stage == "dev" else set())


def test_a_read_replica_is_published_for_readers(synthesized: Synthesize) -> None:
    app = synthesized(**MATRIX["read replica in prod"])
    assert len(app.resources("DataStack", "AWS::RDS::DBInstance")) == 2
    values = _parameters(app.resources("DataStack", "AWS::SSM::Parameter"))
    assert "/cloudmart/prod/database/reader-host" in values
    assert values["/cloudmart/prod/database/reader-pool"] == "2"


def test_aurora_takes_the_place_of_the_instance(synthesized: Synthesize) -> None:
    app = synthesized("prod", **{"database.engine": "aurora", "backup.drill": "false"})
    cluster = _only(app.resources("DataStack", "AWS::RDS::DBCluster"))["Properties"]
    assert cluster["Engine"] == "aurora-postgresql"
    assert cluster["StorageEncrypted"] is True
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4}
    host = _rotation(app)[1]["Environment"]["Variables"]["DATABASE_HOST"]
    assert host == {"Fn::GetAtt": [next(iter(app.resources("DataStack", "AWS::RDS::DBCluster"))), "Endpoint.Address"]}
    assert {
        i["Properties"]["DBInstanceClass"] for i in app.resources("DataStack", "AWS::RDS::DBInstance").values()
    } == {"db.serverless"}


def test_valkey_takes_the_place_of_redis(synthesized: Synthesize) -> None:
    app = synthesized("prod", **{"cache.engine": "valkey"})
    group = _only(app.resources("DataStack", "AWS::ElastiCache::ReplicationGroup"))["Properties"]
    assert group["Engine"] == "valkey"
    assert group["TransitEncryptionEnabled"] is True


def test_people_find_the_stores_by_name(synthesized: Synthesize) -> None:
    records = synthesized().resources("DataStack", "AWS::Route53::RecordSet").values()
    assert {r["Properties"]["Name"] for r in records} == {
        "db.lab.cloudmart.internal.",
        "cache.lab.cloudmart.internal.",
    }
