"""Who may call the emulator: whoever has its token, and no web page."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.aws import Clients
from localcloud.proxy import MARK, Proxy
from localcloud.state import Cloud
from tests.localcloud import templates
from tests.localcloud.stacks import create

pytestmark = pytest.mark.xdist_group("emulator")

_FUNCTIONS = "/2015-03-31/functions"
_TOKEN = "X-Amz-Security-Token"
_HEALTH = "/_ministack/health"
_API_PATHS = ("/_ministack/health", "/_ministack/reset", "/v2/email/identities", "/iceberg/v1/config", "/v2/")
"""Paths that MiniStack takes for its own under any name."""


@contextmanager
def answer(
    cloud: Cloud, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=60)
    try:
        body = b"{}" if method in ("POST", "PUT") else None
        connection.request(method, path, body, {"Content-Type": "text/plain", **(headers or {})})
        yield connection.getresponse()
    finally:
        connection.close()


def refusal(cloud: Cloud, path: str, **request: Any) -> str:
    with answer(cloud, path, **request) as response:
        text = response.read().decode()
        assert response.status == 403, text
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    return text


@pytest.fixture(scope="module")
def balancer(clients: Clients) -> str:
    """The name of a load balancer that forwards to nobody."""
    made = create(clients, "guarded", templates.colours(minimum=0))
    listed = clients.client("elbv2").describe_load_balancers(LoadBalancerArns=[made["Alb"]])["LoadBalancers"]
    return str(listed[0]["DNSName"])


@pytest.mark.parametrize(
    "page",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_web_page_calls_it(cloud: Cloud, balancer: str, page: dict[str, str]) -> None:
    """Not even with the token, nor with the proxy's mark: that is for the shop alone."""
    assert "page" in refusal(cloud, _FUNCTIONS, method="POST", headers=page)
    known = {_TOKEN: cloud.token, MARK: cloud.token}
    for method in ("GET", "POST", "OPTIONS"):
        assert "page" in refusal(cloud, _FUNCTIONS, method=method, headers=page | known)
    assert "page" in refusal(cloud, _HEALTH, headers=page)
    assert "page" in refusal(cloud, "/", headers=page | {"Host": balancer})
    assert "page" in refusal(cloud, "/", headers=page | {"Host": balancer, MARK: "guessed"})
    with answer(cloud, "/", headers=page | {"Host": balancer, MARK: cloud.token}) as response:
        assert response.status != 403, "this is the shop, through the proxy"


def test_only_its_own_names_are_answered(cloud: Cloud) -> None:
    for host in ("evil.example", f"evil.example:{cloud.port}", "127.0.0.1.evil.example", "bucket.localhost", ""):
        assert "Host" in refusal(cloud, _FUNCTIONS, headers={"Host": host, _TOKEN: cloud.token})
    for host in ("127.0.0.1", f"127.0.0.1:{cloud.port}", f"LOCALHOST:{cloud.port}"):
        with answer(cloud, _FUNCTIONS, headers={"Host": host, _TOKEN: cloud.token}) as response:
            assert response.status == 200


def test_nobody_calls_without_the_token(cloud: Cloud, clients: Clients) -> None:
    """Other users of the machine reach the port, and know the account's number."""
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={cloud.account}/20260101/x/lambda/aws4_request"}
    for given in ({}, {_TOKEN: ""}, {_TOKEN: "guessed"}, {_TOKEN: cloud.token[:-1]}, {MARK: cloud.token}):
        assert "token" in refusal(cloud, _FUNCTIONS, method="POST", headers=signed | given)
        assert "token" in refusal(cloud, "/_ministack/reset", method="POST", headers=signed | given)
    stranger = boto3.Session(cloud.account, "local", "guessed", region_name=cloud.region)
    with pytest.raises(ClientError, match="403"):
        stranger.client("lambda", endpoint_url=cloud.endpoint).list_functions()
    with answer(cloud, _HEALTH) as response:
        assert response.status == 200, "that it is alive is no secret"
    assert clients.client("lambda").list_functions()["Functions"] == []


def test_a_presigned_address_carries_the_token(cloud: Cloud, clients: Clients) -> None:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="presigned", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="presigned", Key="x", Body=b"content")
    session = boto3.Session(cloud.account, "local", cloud.token, region_name=cloud.region)
    signing = session.client("s3", endpoint_url=cloud.endpoint, config=Config(signature_version="s3v4"))
    address = signing.generate_presigned_url("get_object", {"Bucket": "presigned", "Key": "x"})
    path = address.removeprefix(cloud.endpoint)
    with answer(cloud, path) as response:
        assert (response.read(), response.status) == (b"content", 200)
    assert "token" in refusal(cloud, path.replace(cloud.token, "guessed"))


def test_who_takes_on_a_role_stays_a_caller(cloud: Cloud, clients: Clients) -> None:
    role = clients.client("sts").assume_role(RoleArn=f"arn:aws:iam::{cloud.account}:role/any", RoleSessionName="x")
    given = role["Credentials"]
    session = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=cloud.region
    )
    assert session.client("sts", endpoint_url=cloud.endpoint).get_caller_identity()["Account"] == cloud.account


def test_a_public_name_has_what_it_serves_and_no_api(cloud: Cloud, balancer: str) -> None:
    """Neither known names nor unknown ones; not even with the token."""
    for host in (balancer, "d1234567890123.cloudfront.net", "nobody.alb.localhost", "x.y.elb.amazonaws.com"):
        for path in (*_API_PATHS, _FUNCTIONS):
            served = 503 if host == balancer else 404
            expected = 403 if path.startswith("/_ministack/") else served
            with answer(cloud, path, headers={"Host": host, _TOKEN: cloud.token}) as response:
                assert response.status == expected, f"{host}{path}"


def test_the_proxy_opens_no_other_door(cloud: Cloud, balancer: str) -> None:
    with Proxy(port=0, emulator_port=cloud.port, domain=balancer, token=cloud.token) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        door, own = replace(cloud, port=proxy.server_port), {"Origin": f"http://{proxy.addresses[0]}"}
        try:
            with answer(door, "/", headers=own) as response:
                assert response.status == 503, "the load balancer, which has nobody to ask"
            for path in ("/_ministack/reset", "/_ministack/cfn-response/x", "/%5Fministack/health"):
                assert "path" in refusal(door, path, method="PUT", headers=own)
        finally:
            proxy.shutdown()
            thread.join()


def test_a_custom_resource_answers_without_the_token(cloud: Cloud) -> None:
    with answer(cloud, "/_ministack/cfn-response/nobody-waits", method="PUT") as response:
        assert response.status == 200
    refusal(cloud, "/_ministack/cfn-response/nobody-waits", method="POST")


def test_no_answer_invites_other_sites(cloud: Cloud) -> None:
    with answer(cloud, _FUNCTIONS, headers={_TOKEN: cloud.token}) as response:
        assert json.loads(response.read())["Functions"] == []
        assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control-")]
