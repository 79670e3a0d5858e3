"""RDS, ElastiCache and Secrets Manager of the emulator: what a template asks for really answers, and rotates."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from localcloud import inspection
from localcloud.aws import Clients
from localcloud.engines import probes
from localcloud.state import Cloud, State
from tests.localcloud import templates
from tests.localcloud.stacks import create, reasons, settle

pytestmark = pytest.mark.xdist_group("emulator")

_PASSWORD = "a-password-of-the-template"
_TOKEN = "a-token-of-the-template"


def _database(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Delete",
        "Properties": {"DBInstanceClass": "db.t3.micro", **properties},
    }


def _template() -> dict[str, Any]:
    """A database with a replica and a proxy, Aurora, a single cache, and a secret that rotates."""
    data = templates.everything(recorded=[])["Resources"]
    credentials = {"MasterUsername": "owner", "MasterUserPassword": _PASSWORD}
    resources = {
        **{name: data[name] for name in ("Vpc", "SubnetA", "SubnetC")},
        "Role": data["Role"],
        "RotatorLog": data["RotatorLog"],
        "Rotator": data["Rotator"],
        "Database": _database(Engine="postgres", EngineVersion="16.9", DBName="shop", **credentials),
        "Alone": _database(Engine="postgres", EngineVersion="16.9", DBName="shop", **credentials),
        "Replica": _database(SourceDBInstanceIdentifier={"Ref": "Database"}),
        "Proxy": {
            "Type": "AWS::RDS::DBProxy",
            "Properties": {
                "DBProxyName": "stores",
                "EngineFamily": "POSTGRESQL",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "VpcSubnetIds": [{"Ref": "SubnetA"}, {"Ref": "SubnetC"}],
                "Auth": [{"AuthScheme": "SECRETS", "SecretArn": {"Ref": "Secret"}, "IAMAuth": "DISABLED"}],
            },
        },
        "Targets": {
            "Type": "AWS::RDS::DBProxyTargetGroup",
            "Properties": {
                "DBProxyName": {"Ref": "Proxy"},
                "TargetGroupName": "default",
                "DBInstanceIdentifiers": [{"Ref": "Database"}],
            },
        },
        "Aurora": {
            "Type": "AWS::RDS::DBCluster",
            "DeletionPolicy": "Delete",
            "Properties": {
                "Engine": "aurora-postgresql",
                "DatabaseName": "shop",
                "DBClusterParameterGroupName": {"Ref": "AuroraParameters"},
                **credentials,
            },
        },
        "AuroraParameters": {
            "Type": "AWS::RDS::DBClusterParameterGroup",
            "Properties": {
                "Description": "TLS only",
                "Family": "aurora-postgresql16",
                "Parameters": {"rds.force_ssl": "1"},
            },
        },
        "Cache": {
            "Type": "AWS::ElastiCache::ReplicationGroup",
            "DeletionPolicy": "Delete",
            "Properties": {
                "ReplicationGroupDescription": "single",
                "ReplicationGroupId": "stores",
                "Engine": "redis",
                "CacheNodeType": "cache.t3.micro",
                "NumCacheClusters": 1,
                "TransitEncryptionEnabled": True,
                "AuthToken": _TOKEN,
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "GenerateSecretString": {
                    "PasswordLength": 64, "ExcludePunctuation": True, "ExcludeLowercase": True, "ExcludeCharacters": "0"
                }
            },
        },
        "Schedule": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Properties": {
                "SecretId": {"Ref": "Secret"},
                "RotationLambdaARN": {"Fn::GetAtt": ["Rotator", "Arn"]},
                "RotationRules": {"ScheduleExpression": "rate(30 days)"},
                "RotateImmediatelyOnUpdate": False,
            },
        },
    }  # fmt: skip
    endpoints = {
        "Host": ["Database", "Endpoint.Address"],
        "AloneHost": ["Alone", "Endpoint.Address"],
        "ReplicaHost": ["Replica", "Endpoint.Address"],
        "ProxyHost": ["Proxy", "Endpoint"],
        "AuroraHost": ["Aurora", "Endpoint.Address"],
        "AuroraReader": ["Aurora", "ReadEndpoint.Address"],
        "CacheHost": ["Cache", "PrimaryEndPoint.Address"],
    }
    outputs: dict[str, Any] = {name: {"Value": {"Fn::GetAtt": place}} for name, place in endpoints.items()}
    return {"Resources": resources, "Outputs": outputs | {"Secret": {"Value": {"Ref": "Secret"}}}}


@pytest.fixture(scope="module")
def outputs(clients: Clients, state: State) -> Iterator[dict[str, str]]:
    create(clients, "stores", _template())
    cloudformation = clients.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName="stores")["Stacks"][0]
    yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    cloudformation.delete_stack(StackName="stores")
    assert settle(cloudformation, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert [path.name for path in state.engines.iterdir()] == [state.ca_file.name], "engines go with their resources"


def _connect(state: State, host: str, **more: str) -> "psycopg.Connection[Any]":
    options = {"dbname": "shop", "user": "owner", "password": _PASSWORD, "sslmode": "verify-full"} | more
    return psycopg.connect(host=host, sslrootcert=str(state.ca_file), connect_timeout=60, **options)  # type: ignore[arg-type]  # a dict


def test_every_endpoint_of_a_database_answers_with_its_data(state: State, outputs: dict[str, str]) -> None:
    hosts = {outputs[name] for name in ("Host", "ReplicaHost", "ProxyHost")}
    assert len(hosts) == 3
    with _connect(state, outputs["Host"]) as connection:
        connection.execute("CREATE TABLE seen (n int)")
    for host in hosts:
        with _connect(state, host) as connection:
            assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)
        with pytest.raises(psycopg.OperationalError, match="no encryption"):
            _connect(state, host, sslmode="disable")
    with _connect(state, outputs["Host"]) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("80",)


def test_aurora_says_which_parameters_it_has(clients: Clients, outputs: dict[str, str]) -> None:
    rds = clients.client("rds")
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    found = rds.describe_db_cluster_parameters(
        DBClusterParameterGroupName=cluster["DBClusterParameterGroup"], Source="user"
    )
    assert [(each["ParameterName"], each["ParameterValue"]) for each in found["Parameters"]] == [("rds.force_ssl", "1")]


def test_aurora_is_another_database(state: State, outputs: dict[str, str]) -> None:
    for name in ("AuroraHost", "AuroraReader"):
        with _connect(state, outputs[name]) as connection:
            assert connection.execute("SELECT to_regclass('seen')").fetchone() == (None,)


def test_tokens_of_the_cache_change_through_the_api(clients: Clients, state: State, outputs: dict[str, str]) -> None:
    elasticache, new = clients.client("elasticache"), "another-token-of-the-api"

    def accepted(token: str) -> bool:
        options: dict[str, Any] = {
            "port": 6379,
            "ssl": True,
            "ssl_ca_certs": str(state.ca_file),
            "retry": Retry(NoBackoff(), 0),
        }
        with redis.Redis(host=outputs["CacheHost"], password=token, **options) as cache:
            try:
                return bool(cache.ping())
            except redis.AuthenticationError:
                return False

    assert (accepted(_TOKEN), accepted(new)) == (True, False)
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*only after ROTATE"):
        elasticache.modify_replication_group(
            ReplicationGroupId="stores", AuthToken=new, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
        )
    assert (accepted(_TOKEN), accepted(new)) == (True, False)
    for strategy, expected in (("ROTATE", (True, True)), ("SET", (False, True))):
        elasticache.modify_replication_group(
            ReplicationGroupId="stores", AuthToken=new, AuthTokenUpdateStrategy=strategy, ApplyImmediately=True
        )
        assert (accepted(_TOKEN), accepted(new)) == expected, strategy


def test_replicas_of_a_cache_come_and_go(clients: Clients, outputs: dict[str, str]) -> None:
    cloudformation, elasticache = clients.client("cloudformation"), clients.client("elasticache")
    template = _template()
    for nodes in (2, 1):
        failover = nodes > 1
        template["Resources"]["Cache"]["Properties"] |= {
            "NumCacheClusters": nodes,
            "AutomaticFailoverEnabled": failover,
            "MultiAZEnabled": failover,
        }
        cloudformation.update_stack(
            StackName="stores", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        stack = settle(cloudformation, "stores")
        assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation, stack["StackId"])
        group = elasticache.describe_replication_groups(ReplicationGroupId="stores")["ReplicationGroups"][0]
        clusters = elasticache.describe_cache_clusters()["CacheClusters"]
        zones = {c["CacheClusterId"]: c["PreferredAvailabilityZone"] for c in clusters}
        assert list(zones) == group["MemberClusters"]
        assert len(set(zones.values())) == nodes
        (shard,) = group["NodeGroups"]
        assert {m["ReadEndpoint"]["Address"] for m in shard["NodeGroupMembers"]} == {outputs["CacheHost"]}


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _all_answer(state: State, outputs: dict[str, str]) -> bool:
    answers = [probes.database(outputs[name], 5432, ca_file=state.ca_file) for name in ("Host", "AloneHost")]
    answers.append(probes.cache(outputs["CacheHost"], 6379, ca_file=state.ca_file))
    return set(answers) == {probes.ANSWERS}


def _servers(state: State) -> set[int]:
    """Process ids of the engines' programs."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
            inside = (folder / "cwd").resolve().is_relative_to(state.engines)
        except OSError:
            continue
        if inside and Path(words[0].split(" ")[0]).name in ("postgres", "redis-server"):
            found.add(int(folder.name))
    return found


def test_killed_engines_come_back_by_themselves(
    cloud: Cloud, state: State, outputs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with _connect(state, outputs["Host"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    killed = _servers(state)
    assert len(killed) >= 3, "databases and a cache"
    for pid in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _until(lambda: _all_answer(state, outputs), "engines do not come back")
    assert not killed & _servers(state)
    with _connect(state, outputs["Host"]) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
    inspection.status(state)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {line[-1] for line in lines if line[:1] in (["database"], ["cache"])} == {"answers"}


def _started_at(state: State, host: str) -> Any:
    with _connect(state, host) as connection:
        return connection.execute("SELECT pg_postmaster_start_time()").fetchone()


def test_a_database_stops_starts_and_reboots(clients: Clients, state: State, outputs: dict[str, str]) -> None:
    rds = clients.client("rds")
    names = {d["Endpoint"]["Address"]: d["DBInstanceIdentifier"] for d in rds.describe_db_instances()["DBInstances"]}
    for output, why in (("ReplicaHost", "is a read replica"), ("Host", "has a read replica")):
        with pytest.raises(ClientError, match=f"InvalidDBInstanceState.*{why}"):
            rds.stop_db_instance(DBInstanceIdentifier=names[outputs[output]])
    host = outputs["AloneHost"]
    name = {"DBInstanceIdentifier": names[host]}

    def available() -> bool:
        return bool(rds.describe_db_instances(**name)["DBInstances"][0]["DBInstanceStatus"] == "available")

    first = _started_at(state, host)
    rds.reboot_db_instance(**name)
    _until(available, "the reboot does not end")
    assert _started_at(state, host) != first
    rds.stop_db_instance(**name)
    assert not available()
    assert probes.database(host, 5432, ca_file=state.ca_file) == probes.SILENT
    with pytest.raises(ClientError, match=r"InvalidDBInstanceState.*stopped"):
        rds.stop_db_instance(**name)
    rds.start_db_instance(**name)
    assert available()
    assert probes.database(host, 5432, ca_file=state.ca_file) == probes.ANSWERS


def test_a_rebooted_cache_is_empty(clients: Clients, state: State, outputs: dict[str, str]) -> None:
    options: dict[str, Any] = {"port": 6379, "ssl": True, "ssl_ca_certs": str(state.ca_file)}
    elasticache = clients.client("elasticache")
    group = elasticache.describe_replication_groups(ReplicationGroupId="stores")["ReplicationGroups"][0]
    token = "a-token-that-outlives-a-reboot"
    elasticache.modify_replication_group(
        ReplicationGroupId="stores", AuthToken=token, AuthTokenUpdateStrategy="ROTATE", ApplyImmediately=True
    )
    with redis.Redis(host=outputs["CacheHost"], password=token, **options) as cache:
        cache.set("a", "b")
        elasticache.reboot_cache_cluster(CacheClusterId=group["MemberClusters"][0], CacheNodeIdsToReboot=["0001"])
        assert cache.get("a") is None


def test_a_secret_is_known_by_its_arn_and_made_of_what_was_asked_for(clients: Clients, outputs: dict[str, str]) -> None:
    assert outputs["Secret"].startswith("arn:aws:secretsmanager:")
    answer = clients.client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])
    value, stages = answer["SecretString"], answer["VersionStages"]
    assert len(value) == 64
    assert set(value) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789")
    assert stages == ["AWSCURRENT"], "the trial of the schedule leaves nothing"


def _rotated(secrets: Any, arn: str, version: str) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while secrets.get_secret_value(SecretId=arn)["VersionId"] != version:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(secrets.describe_secret(SecretId=arn))


def test_a_rotation_runs_the_function_and_moves_the_labels(clients: Clients, outputs: dict[str, str]) -> None:
    secrets, arn = clients.client("secretsmanager"), outputs["Secret"]
    before = secrets.get_secret_value(SecretId=arn)
    version = secrets.rotate_secret(SecretId=arn)["VersionId"]
    described = _rotated(secrets, arn, version)
    assert "AWSCURRENT" in described["VersionIdsToStages"][version]
    assert described["VersionIdsToStages"][before["VersionId"]] == ["AWSPREVIOUS"]
    previous = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == before["SecretString"]


def test_an_unfinished_rotation_is_tried_again_not_begun_anew(clients: Clients, outputs: dict[str, str]) -> None:
    """The function refuses a value with this word; its staged version stays, as on AWS."""
    secrets, arn = clients.client("secretsmanager"), outputs["Secret"]
    secrets.put_secret_value(SecretId=arn, SecretString="broken")
    version = secrets.rotate_secret(SecretId=arn)["VersionId"]
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=arn, VersionId=version, VersionStage="AWSPENDING")
    deadline = time.monotonic() + 90
    while {"Key": "refused", "Value": version} not in secrets.describe_secret(SecretId=arn)["Tags"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "broken"
    secrets.put_secret_value(SecretId=arn, SecretString="whole again")
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="isn't complete"):
        secrets.rotate_secret(SecretId=arn)
    _rotated(secrets, arn, version)


def test_labels_and_tokens_of_versions(clients: Clients) -> None:
    secrets = clients.client("secretsmanager")
    arn = secrets.create_secret(Name="labels", SecretString="first")["ARN"]
    tokens = [f"{number}" * 32 for number in range(3)]
    for token in tokens[:2]:
        secrets.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"]
        )
    assert secrets.describe_secret(SecretId=arn)["VersionIdsToStages"][tokens[1]] == ["AWSPENDING"]
    assert secrets.get_secret_value(SecretId=arn, VersionStage="AWSPENDING")["SecretString"] == tokens[1]
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="not associated"):
        secrets.get_secret_value(SecretId=arn, VersionId=tokens[0], VersionStage="AWSPENDING")
    again = {"SecretId": arn, "ClientRequestToken": tokens[1]}
    assert secrets.put_secret_value(**again, SecretString=tokens[1])["VersionId"] == tokens[1]
    with pytest.raises(secrets.exceptions.ResourceExistsException):
        secrets.put_secret_value(**again, SecretString="other")
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="No Lambda rotation function"):
        secrets.rotate_secret(SecretId=arn)


def test_a_function_that_cannot_rotate_fails_the_stack(clients: Clients) -> None:
    cloudformation = clients.client("cloudformation")
    template = _template()
    resources = {key: template["Resources"][key] for key in ("Role", "RotatorLog", "Rotator", "Secret", "Schedule")}
    resources["Rotator"]["Properties"]["Code"] = {
        "ZipFile": "def handle(event, context):\n    raise ValueError('no')\n"
    }
    body = json.dumps({"Resources": resources})
    stack_id = cloudformation.create_stack(StackName="cannot", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])[
        "StackId"
    ]
    assert settle(cloudformation, stack_id)["StackStatus"].startswith("ROLLBACK")
