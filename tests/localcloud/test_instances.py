"""Instances of a scaling group: the artefact of their launch template runs, is replaced without a gap, and goes."""

import base64
import io
import json
import stat
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.aws import Clients
from localcloud.state import State
from tests.localcloud import templates
from tests.localcloud.stacks import create, reasons, settle

pytestmark = pytest.mark.xdist_group("emulator")

_BUCKET = "artefacts"
_SERVER = """#!{python}
import http.server, os, pathlib

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = pathlib.Path("version").read_text() + " " + os.environ["CLOUDMART_STAGE"]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def revision(version: str, start: str) -> bytes:
    """A revision whose application says its version."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        program = zipfile.ZipInfo("app/bin/start")
        program.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(program, start)
        archive.writestr("app/version", version)
    return content.getvalue()


def group(key: str, *, size: int = 2) -> dict[str, Any]:
    """The stack `colours`, with a user data that names an artefact."""
    template = templates.colours(minimum=size)
    script = f"#!/usr/bin/env bash\nexport CLOUDMART_STAGE=lab\nexport PORT=8080\nartefact=s3://{_BUCKET}/{key}\n"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::EC2::LaunchTemplate":
            resource["Properties"]["LaunchTemplateData"]["UserData"] = base64.b64encode(script.encode()).decode()
    return template


@pytest.fixture(scope="module")
def artefacts(clients: Clients) -> Any:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    server = _SERVER.format(python=sys.executable)
    for version in ("one", "two"):
        s3.put_object(Bucket=_BUCKET, Key=version, Body=revision(version, server))
    s3.put_object(
        Bucket=_BUCKET, Key="broken", Body=revision("broken", "#!/bin/sh\necho no database there >&2; exit 1")
    )
    return s3


@pytest.fixture
def asked(clients: Clients, artefacts: Any) -> Iterator[Callable[[], str]]:
    """A stack with version one; what it answers through the load balancer."""
    made = create(clients, "instances", group("one"))
    elb = clients.client("elbv2")
    balancers = elb.describe_load_balancers(LoadBalancerArns=[made["Alb"]])["LoadBalancers"]
    endpoint, host = clients.client("s3").meta.endpoint_url, balancers[0]["DNSName"]

    def ask() -> str:
        request = urllib.request.Request(f"{endpoint}/", headers={"Host": host})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return str(answer.read().decode())

    yield ask
    clients.client("cloudformation").delete_stack(StackName="instances")


def test_an_artefact_runs_and_is_replaced_new_before_old(
    clients: Clients, state: State, asked: Callable[[], str]
) -> None:
    assert {asked() for _ in range(4)} == {"one lab"}
    folders = set(state.instances.iterdir())
    assert len(folders) == 2
    cloudformation = clients.client("cloudformation")
    cloudformation.update_stack(StackName="instances", TemplateBody=json.dumps(group("two")))
    seen: set[str] = set()
    # By name the answer would be held until it is over.
    while any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in cloudformation.describe_stacks()["Stacks"]):
        seen.add(asked())
    assert settle(cloudformation, "instances")["StackStatus"] == "UPDATE_COMPLETE"
    assert seen <= {"one lab", "two lab"}, "somebody always answered"
    assert {asked() for _ in range(4)} == {"two lab"}
    deadline = time.monotonic() + 60
    while folders & set(state.instances.iterdir()):
        assert time.monotonic() < deadline, "their folders go with the old instances"
        time.sleep(0.05)


@pytest.mark.parametrize(("key", "words"), [("broken", "no database there"), ("no-such-key", "NoSuchKey")])
def test_an_application_that_does_not_start_fails_the_stack_in_its_own_words(
    clients: Clients, artefacts: Any, key: str, words: str
) -> None:
    cloudformation = clients.client("cloudformation")
    stack_id = cloudformation.create_stack(StackName=key, TemplateBody=json.dumps(group(key, size=1)))["StackId"]
    assert settle(cloudformation, stack_id)["StackStatus"].startswith("ROLLBACK")
    assert any(words in reason for reason in reasons(cloudformation, stack_id))
    groups = clients.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert groups == [], "a rollback leaves none"
