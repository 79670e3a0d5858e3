"""A team's deployment in an emulator of the tests' own, with two backends that answer."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import pytest

from labs.grade.deployed import Deployed
from labs.grade.parts import Parts
from labs.grade.shop import Shop
from localcloud import emulator, environment
from localcloud.aws import Clients
from localcloud.state import Cloud, State
from tests.labs.grade import template
from tests.localcloud.stacks import reasons, settle

TAGS = {"Project": "CloudMart", "Stage": "lab", "Owner": "team3", "CostCenter": "course"}


class _Backend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Team:
    """What the team has deployed. `ids`: logical id -> physical id."""

    state: State
    cloud: Cloud
    clients: Clients
    ids: dict[str, str]

    def client(self, service: str, region: str | None = None) -> Any:
        return self.clients.client(service, region)

    def deployed(self, prefix: str = template.PREFIX) -> Deployed:
        """Read anew."""
        return Deployed(self.client, prefix=prefix, region=self.cloud.region)

    def parts(self) -> Parts:
        """Read anew."""
        return Parts(self.deployed(), Shop(self.cloud.endpoint))

    def create(
        self, name: str, content: template.Template, region: str | None = None, tags: Mapping[str, str] = TAGS
    ) -> dict[str, str]:
        """A stack; logical id -> physical id."""
        cloudformation = self.client("cloudformation", region)
        id = cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(content),
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["StackId"]
        assert settle(cloudformation, name)["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, id)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            r["LogicalResourceId"]: r["PhysicalResourceId"] for page in pages for r in page["StackResourceSummaries"]
        }


@pytest.fixture(scope="session")
def backends() -> Iterator[tuple[int, int]]:
    """Ports on 127.0.0.1 and 127.0.0.2."""
    servers = [ThreadingHTTPServer((f"127.0.0.{number}", 0), _Backend) for number in (1, 2)]
    for server in servers:
        threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
    yield servers[0].server_address[1], servers[1].server_address[1]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory, backends: tuple[int, int]) -> Iterator[Team]:
    """Deployed once; whoever breaks something puts it right again."""
    with mock.patch.dict(os.environ):
        environment.forget_aws_settings()
        state = State(tmp_path_factory.mktemp("grade"))
        with emulator.empty(state, name="team3") as cloud:
            team = Team(state, cloud, Clients(cloud), {})
            edge = team.create("team3-lab-EdgeStack", template.edge(), "us-east-1")
            acl = _output(team.client("cloudformation", "us-east-1"), "team3-lab-EdgeStack", "Acl")
            shop = team.create("team3-lab-ShopStack", template.shop(web_acl=acl, ports=backends))
            watching = team.create("team3-lab-WatchingStack", template.watching())
            team.client("s3").put_object(Bucket=shop["Site"], Key="index.html", Body=b"<html>", ContentType="text/html")
            team.ids.update({f"Edge{key}": value for key, value in edge.items()} | shop | watching)
            yield team


def _output(cloudformation: Any, stack: str, key: str) -> str:
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return next(str(each["OutputValue"]) for each in outputs if each["OutputKey"] == key)
