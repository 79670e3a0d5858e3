"""The cache's token rotates on a real Redis, through the emulated ElastiCache."""

import http.client
import io
import json
import os
import socket
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cloudmart_cdk.assets.rotation import cache as cache_module
from cloudmart_cdk.assets.rotation import handler, trust, versions
from cloudmart_cdk.assets.rotation.errors import RotationError
from cloudmart_cdk.constructs.rotation import bundle
from localcloud.aws import Clients
from localcloud.engines.certificates import Authority
from localcloud.state import Cloud, State

from .conftest import STEPS, Remaining, Stage

FIRST_TOKEN = "Token-of-the-first-deploy-of-the-stage"


@dataclass(frozen=True, kw_only=True)
class Cache:
    """An emulated replication group, and the secret of its token."""

    group: str
    host: str
    port: int
    hosts: tuple[str, ...]
    ca_file: str
    secrets: Any
    secret: str

    def token(self, stage: str = "AWSCURRENT") -> str:
        return str(self.secrets.get_secret_value(SecretId=self.secret, VersionStage=stage)["SecretString"])

    def accepts(self, token: str) -> bool:
        """At every shard, as an independent client sees it."""
        answers = {self._accepts(host, token) for host in self.hosts}
        assert len(answers) == 1
        return answers.pop()

    def _accepts(self, host: str, token: str) -> bool:
        client = redis.Redis(
            host=host,
            port=self.port,
            password=token,
            ssl=True,
            ssl_ca_certs=self.ca_file,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return False
        finally:
            client.close()

    def step(self, name: str, version: str, context: Any = None) -> None:
        handler.handle({"Step": name, "SecretId": self.secret, "ClientRequestToken": version}, context or Remaining())

    def rotate(self, *, version: str = "", steps: tuple[str, ...] = STEPS) -> str:
        version = version or str(uuid.uuid4())
        for name in steps:
            self.step(name, version)
        return version


def _template(*, shards: int = 0, token: str = FIRST_TOKEN, **more: object) -> str:
    """As DataStack makes it."""
    properties = {
        "ReplicationGroupDescription": "test",
        "Engine": "redis",
        "EngineVersion": "7.1",
        "CacheNodeType": "cache.t3.micro",
        "Port": 6379,
        "TransitEncryptionEnabled": True,
        "AuthToken": token,
        **more,
    } | (
        {"NumNodeGroups": shards, "ReplicasPerNodeGroup": 1, "AutomaticFailoverEnabled": True}
        if shards
        else {"NumCacheClusters": 1}
    )
    return json.dumps(
        {"Resources": {"Group": {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": properties}}}
    )


def _deploy(clients: Clients, template: str, *, update: str = "") -> tuple[str, dict[str, Any]]:
    """The stack's name, and its replication group. `update`: a stack that exists."""
    name = update or f"cache-{uuid.uuid4().hex[:8]}"
    cloudformation = clients.client("cloudformation")
    if update:
        cloudformation.update_stack(StackName=name, TemplateBody=template)
    else:
        cloudformation.create_stack(StackName=name, TemplateBody=template)
    deadline = time.monotonic() + 60
    while (status := cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("_PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert status == ("UPDATE_COMPLETE" if update else "CREATE_COMPLETE")
    (resource,) = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    (group,) = clients.client("elasticache").describe_replication_groups(
        ReplicationGroupId=resource["PhysicalResourceId"]
    )["ReplicationGroups"]
    return name, dict(group)


@pytest.fixture(scope="module", params=[0, 2], ids=["single", "cluster"])
def group(request: pytest.FixtureRequest, clients: Clients) -> dict[str, Any]:
    """Ends with the module's emulator."""
    return _deploy(clients, _template(shards=request.param))[1]


@pytest.fixture
def cache(group: dict[str, Any], aws: Clients, state: State, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """With its first token only: as new, SET is refused."""
    for strategy in ("ROTATE", "SET"):
        aws.client("elasticache").modify_replication_group(
            ReplicationGroupId=group["ReplicationGroupId"], AuthToken=FIRST_TOKEN, AuthTokenUpdateStrategy=strategy
        )
    secret = _new_secret(aws)
    return _cache(group, secret, aws, state, monkeypatch)


def _new_secret(aws: Clients) -> str:
    secrets = aws.client("secretsmanager")
    return str(secrets.create_secret(Name=f"test/{uuid.uuid4()}/cache/auth", SecretString=FIRST_TOKEN)["ARN"])


def _cache(group: dict[str, Any], secret: str, aws: Clients, state: State, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """What the function finds in its environment, and we beside it."""
    endpoints = [node_group["PrimaryEndpoint"] for node_group in group["NodeGroups"]]
    entry = group.get("ConfigurationEndpoint") or endpoints[0]
    for name, value in {
        "DATABASE_HOST": "none",
        "DATABASE_PORT": "1",
        "DATABASE_NAME": "none",
        "OWNER_SECRET_ARN": "arn:none",
        "APP_SECRET_ARN": "arn:none",
        "CACHE_GROUP": group["ReplicationGroupId"],
        "CACHE_HOST": entry["Address"],
        "CACHE_PORT": str(entry["Port"]),
        "CACHE_SECRET_ARN": secret,
        "CA_FILE": str(state.ca_file),
    }.items():
        monkeypatch.setenv(name, value)
    trust.authorities.cache_clear()
    monkeypatch.setattr(cache_module, "_PAUSE", 0.01)
    return Cache(
        group=group["ReplicationGroupId"],
        host=entry["Address"],
        port=entry["Port"],
        hosts=tuple(endpoint["Address"] for endpoint in endpoints),
        ca_file=str(state.ca_file),
        secrets=aws.client("secretsmanager"),
        secret=secret,
    )


single = pytest.mark.parametrize("group", [0], ids=["single"], indirect=True, scope="module")


def test_a_token_stays_good_until_the_next_rotation(cache: Cache) -> None:
    tokens = [cache.token()]
    assert cache.accepts(FIRST_TOKEN)
    for _ in range(3):
        cache.rotate()
        tokens.append(cache.token())
        assert cache.token("AWSPREVIOUS") == tokens[-2]
        assert cache.accepts(tokens[-1])
        assert cache.accepts(tokens[-2]), "who has not read the secret since must still get in"
        assert not any(cache.accepts(token) for token in tokens[:-2])
    assert len(set(tokens)) == len(tokens)
    assert all(16 <= len(token) <= 128 and token.isalnum() for token in tokens[1:])


@single
@pytest.mark.parametrize("done", range(1, len(STEPS) + 1))
def test_interrupted_after_any_step_it_finishes(cache: Cache, done: int) -> None:
    cache.rotate()
    before = cache.token()
    version = cache.rotate(steps=STEPS[:done])
    assert cache.accepts(cache.token())
    assert cache.accepts(before)
    cache.rotate(version=version)
    assert cache.token() != before
    assert cache.accepts(cache.token())
    assert cache.accepts(before)


@single
def test_killed_between_its_two_changes_it_finishes(cache: Cache, aws: Clients) -> None:
    """The current token is the only one already, the new one is not there yet."""
    cache.rotate()
    before = cache.token()
    version = cache.rotate(steps=STEPS[:1])
    aws.client("elasticache").modify_replication_group(
        ReplicationGroupId=cache.group, AuthToken=before, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
    )
    cache.rotate(version=version)
    assert cache.accepts(before)
    assert cache.accepts(cache.token())
    assert cache.token() != before


@single
@pytest.mark.parametrize("rotations", [0, 1, 2], ids=["the first", "the second", "a later one"])
def test_a_rotation_that_was_given_up_leaves_the_current_token_alone(cache: Cache, rotations: int) -> None:
    """Its token is in the cache when the next one begins: of three, the current one must not be the one that goes."""
    for _ in range(rotations):
        cache.rotate()
    before = cache.token()
    version = cache.rotate(steps=STEPS[:3])
    given_up = cache.token("AWSPENDING")
    cache.secrets.update_secret_version_stage(
        SecretId=cache.secret, VersionStage="AWSPENDING", RemoveFromVersionId=version
    )
    cache.rotate()
    assert cache.accepts(before)
    assert cache.accepts(cache.token())
    assert not cache.accepts(given_up)


@single
def test_a_token_that_the_cache_does_not_know_is_one_clear_line(cache: Cache) -> None:
    cache.secrets.put_secret_value(SecretId=cache.secret, SecretString="changed-by-hand-in-the-secret-only")
    with pytest.raises(RotationError) as refused:
        cache.rotate()
    assert "cache/auth" in str(refused.value)
    assert "AWSCURRENT" in str(refused.value)
    assert "changed-by-hand" not in str(refused.value)
    assert cache.accepts(FIRST_TOKEN)


@single
def test_a_pending_token_that_does_not_get_in_is_never_made_current(cache: Cache) -> None:
    version = cache.rotate(steps=STEPS[:1])
    with pytest.raises(RotationError, match="AWSPENDING"):
        cache.step("testSecret", version)
    assert cache.token() == FIRST_TOKEN


@single
def test_nobody_is_refused_while_it_rotates(cache: Cache) -> None:
    """Who reads the token at every login gets in every time; so does who read it once, before."""
    read_once = cache.token()
    stop, refused, count = threading.Event(), [], [0, 0]

    def keep_logging_in(number: int, token: Callable[[], str]) -> None:
        while not stop.is_set():
            if not cache.accepts(token()):
                refused.append(number)
            count[number] += 1

    threads = [
        threading.Thread(target=keep_logging_in, args=(number, token))
        for number, token in enumerate((cache.token, lambda: read_once))
    ]
    for thread in threads:
        thread.start()
    try:
        _until(lambda: min(count) > 0)
        cache.rotate()
        after = list(count)
        _until(lambda: all(now > then for now, then in zip(count, after, strict=True)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not refused


def test_a_later_deploy_sets_no_old_token_back(aws: Clients, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template refers to the secret, not to a version: what CloudFormation reads is what the cache knows."""
    secret = _new_secret(aws)
    reference = f"{{{{resolve:secretsmanager:{secret}:SecretString:::}}}}"
    stack, group = _deploy(aws, _template(token=reference))
    cache = _cache(group, secret, aws, state, monkeypatch)
    assert cache.accepts(FIRST_TOKEN)
    cache.rotate()
    _, after = _deploy(aws, _template(token=reference, SnapshotWindow="17:00-18:00"), update=stack)
    assert after["SnapshotWindow"] == "17:00-18:00"
    assert after["ReplicationGroupId"] == cache.group
    assert cache.accepts(cache.token())
    cache.rotate()
    assert cache.accepts(cache.token())


@single
def test_a_stranger_s_certificate_gets_no_token(
    cache: Cache, rotation_authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CA_FILE", str(rotation_authority.ca_file))
    with pytest.raises(RotationError, match="certificate verify failed"):
        cache.rotate()


@single
def test_no_token_in_the_log(cache: Cache, capfd: pytest.CaptureFixture[str]) -> None:
    cache.rotate()
    printed = "".join(capfd.readouterr())
    assert '"step": "finishSecret"' in printed
    assert cache.token() not in printed
    assert FIRST_TOKEN not in printed


@dataclass
class _Slow:
    """What happens to the calls that pass: ElastiCache takes its time."""

    upstream: tuple[str, int]
    modifying: int = 0
    """So many of the next descriptions say that the group is being modified."""
    busy: int = 0
    """So many of the next changes are refused."""
    actions: list[str] = field(default_factory=list)


@pytest.fixture
def slow(aws: Clients, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Slow]:
    """ElastiCache's API by way of a server that makes it slow."""
    manner = _Slow(("127.0.0.1", cloud.port))

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (action,) = parse_qs(body.decode())["Action"]
            manner.actions.append(action)
            if action.startswith("Modify") and manner.busy:
                manner.busy -= 1
                code = "<Code>InvalidReplicationGroupState</Code><Message>not available</Message>"
                self._answer(400, f"<ErrorResponse><Error>{code}</Error></ErrorResponse>".encode())
                return
            upstream = http.client.HTTPConnection(*manner.upstream, timeout=60)
            upstream.request("POST", self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            text = answer.read()
            upstream.close()
            if action.startswith("Describe") and manner.modifying:
                manner.modifying -= 1
                text = text.replace(b"<Status>available</Status>", b"<Status>modifying</Status>")
            self._answer(answer.status, text)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Between) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_ELASTICACHE", f"http://127.0.0.1:{server.server_port}")
        versions.client.cache_clear()
        yield manner
        versions.client.cache_clear()
        server.shutdown()
        thread.join()


@single
def test_a_group_that_is_being_modified_is_waited_for(slow: _Slow, cache: Cache) -> None:
    slow.modifying, slow.busy = 3, 2
    cache.rotate()
    assert cache.accepts(cache.token())
    assert slow.actions.count("ModifyReplicationGroup") == 3, "two refused, ROTATE: there is nothing to SET yet"
    assert slow.modifying == slow.busy == 0


@single
def test_killed_while_the_group_takes_the_token_in_it_is_waited_for(slow: _Slow, cache: Cache) -> None:
    """One node takes it already; the others may not, until the group is available."""
    version = cache.rotate(steps=STEPS[:2])
    slow.modifying = 2
    cache.step("setSecret", version)
    assert slow.modifying == 0


@single
def test_out_of_time_it_says_so_and_goes_on_at_the_next_try(slow: _Slow, cache: Cache) -> None:
    class NoTime:
        def get_remaining_time_in_millis(self) -> int:
            return 15_000

    version = cache.rotate(steps=STEPS[:1])
    slow.modifying = 1
    with pytest.raises(RotationError, match=r"given modifying, and no time left"):
        cache.step("setSecret", version, NoTime())
    assert cache.token() == FIRST_TOKEN
    cache.rotate(version=version)
    assert cache.accepts(cache.token())


def test_a_cache_that_says_nothing_is_not_waited_for(
    aws: Clients, rotation_authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silently = cache_module.Cache(
            group="none",
            host="127.0.0.1",
            port=port,
            region="ap-northeast-2",
            trust=trust.authorities("ap-northeast-2", str(rotation_authority.ca_file)),
            remaining=lambda: 60,
        )
        with pytest.raises(RotationError, match=rf"^error: cache connection at 127\.0\.0\.1:{port}: given .*timed out"):
            silently.accepts("token")


def test_the_archive_rotates_as_a_function_that_secrets_manager_calls(
    stage: Stage, aws: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is deployed, unpacked and started by the emulated Lambda, called step by step."""
    stage.prepare()
    before = stage.login(stage.app)
    bundle(tmp_path)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(tmp_path.rglob("*.py")) + sorted(tmp_path.rglob("METADATA")):
            packed.write(path, path.relative_to(tmp_path))
    names = ("DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "OWNER_SECRET_ARN", "APP_SECRET_ARN", "CA_FILE")
    variables = {name: os.environ[name] for name in names}
    function = aws.client("lambda").create_function(
        FunctionName=f"rotation-{uuid.uuid4().hex[:8]}",
        Runtime="python3.14",
        Role=f"arn:aws:iam::{'1' * 12}:role/test",
        Handler="rotation.handler.handle",
        Timeout=60,
        Code={"ZipFile": archive.getvalue()},
        Environment={
            "Variables": variables
            | {"CACHE_GROUP": "none", "CACHE_HOST": "none", "CACHE_PORT": "1", "CACHE_SECRET_ARN": "arn:none"}
        },
    )["FunctionArn"]
    for arn in (stage.app, stage.owner):
        old = stage.login(arn)
        stage.secrets.rotate_secret(
            SecretId=arn, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30}
        )
        _until(lambda arn=arn, old=old: stage.login(arn) != old)  # type: ignore[misc]
        assert stage.accepts(stage.login(arn))
    assert stage.accepts(before)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
