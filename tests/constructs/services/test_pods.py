"""A service's Deployment: how its pods run, start, stop and spread."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.load_balancing import DEREGISTRATION_S
from cloudmart_cdk.constructs.services import stand_in
from cloudmart_cdk.constructs.services.pods import deployment
from cloudmart_cdk.service_releases import Track
from cloudmart_cdk.settings import Settings
from tests.constructs.services.tables import SERVICES, settings

IMAGE = "registry/auth@sha256:abc"
SPOT_NOTICE_S = 120


def _deployment(name: str, of: Settings, *, image: str = IMAGE, release: str = "") -> dict[str, Any]:
    return deployment(name, Track.STABLE, of, image=image, release=release)


def _pod(name: str, of: Settings, *, image: str = IMAGE) -> dict[str, Any]:
    spec: dict[str, Any] = _deployment(name, of, image=image)["spec"]["template"]["spec"]
    return spec


def _container(name: str, of: Settings, *, image: str = IMAGE) -> dict[str, Any]:
    (container,) = _pod(name, of, image=image)["containers"]
    found: dict[str, Any] = container
    return found


def _environment(name: str, of: Settings) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in _container(name, of)["env"]}


@pytest.mark.parametrize("name", SERVICES)
def test_resources_and_port_are_the_table_s(name: str) -> None:
    of = settings()
    row = of.eks.services[name]
    container = _container(name, of)
    assert container["resources"] == {
        "requests": {"cpu": f"{row.cpu_request}m", "memory": f"{row.memory_request}Mi"},
        "limits": {"cpu": f"{row.cpu_limit}m", "memory": f"{row.memory_limit}Mi"},
    }
    assert container["ports"] == [{"name": "http", "containerPort": row.port}]
    assert _environment(name, of)["PORT"] == str(row.port)


def test_a_rollout_never_has_a_pod_less_and_leaves_their_number_to_the_autoscaler() -> None:
    spec = _deployment("auth", settings())["spec"]
    assert "replicas" not in spec
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": "25%"}


def test_a_pod_stops_after_the_load_balancer_has_and_before_a_spot_node_does() -> None:
    pod = _pod("auth", settings())
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pause > DEREGISTRATION_S
    assert pause < pod["terminationGracePeriodSeconds"] < SPOT_NOTICE_S


def test_a_slow_pod_leaves_traffic_long_before_it_is_restarted() -> None:
    container = _container("auth", settings())

    def patience(probe: str) -> int:
        figures = container[probe]
        seconds: int = figures["periodSeconds"] * figures["failureThreshold"]
        return seconds

    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    for probe in ("livenessProbe", "startupProbe"):
        assert container[probe]["httpGet"] == {"path": "/health", "port": "http"}
    assert 3 * patience("readinessProbe") <= patience("livenessProbe")


def test_each_version_is_spread_by_itself_and_never_waits_for_it() -> None:
    spread = _pod("auth", settings())["topologySpreadConstraints"]
    assert [constraint["topologyKey"] for constraint in spread] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    labels = _deployment("auth", settings())["spec"]["template"]["metadata"]["labels"]
    for constraint in spread:
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["labelSelector"]["matchLabels"].items() <= labels.items()
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_must_not_move_stays_off_spot_nodes(name: str) -> None:
    affinity = _pod(name, settings())["affinity"]["nodeAffinity"]
    if name in ("queue", "payment"):
        ((term,),) = [affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]]
        assert term["matchExpressions"][0]["values"] == ["on-demand"]
    else:
        (wish,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
        assert wish["preference"]["matchExpressions"][0]["values"] == ["spot"]
        assert "requiredDuringSchedulingIgnoredDuringExecution" not in affinity


def test_the_stand_in_serves_its_files_and_a_release_knows_nothing_of_it() -> None:
    of = settings()
    container = _container("queue", of, image="")
    assert container["image"] == of.eks.stand_in
    assert container["args"] == ["httpd", "-f", "-p", "3003", "-h", "/stand-in"]
    assert {"name": "stand-in", "mountPath": "/stand-in", "readOnly": True} in container["volumeMounts"]
    files: Any = stand_in.CONFIG_MAP["data"]
    assert files.keys() == {"health", "ready", "metrics"}
    assert "stand-in" not in str(_deployment("queue", of))


def test_the_same_image_released_again_makes_new_pods() -> None:
    first, second = (_deployment("auth", settings(), release=when)["spec"]["template"] for when in ("one", "two"))
    assert first != second
    assert first["spec"] == second["spec"]


def test_the_environment_holds_names_of_exactly_what_the_service_uses() -> None:
    lab = settings()
    assert {name: value for name, value in _environment("queue", lab).items() if not name.startswith("OTEL_")} == {
        "PORT": "3003",
        "STAGE": "lab",
        "AWS_REGION": "ap-northeast-2",
        "CACHE_HOST_PARAMETER": "/cloudmart/lab/cache/host",
        "CACHE_PORT_PARAMETER": "/cloudmart/lab/cache/port",
        "CACHE_MODE_PARAMETER": "/cloudmart/lab/cache/mode",
        "CACHE_SECRET_NAME": "cloudmart-lab/cache/auth",
        "RESERVATION_URL": "http://reservation:3004",
        "NODE_IP": "",
    }
    auth = _environment("auth", lab)
    assert auth["JWT_SECRET_NAME"] == "cloudmart-lab/jwt"
    assert auth["OAUTH_CLIENT_SECRET_NAME"] == "cloudmart-lab/oauth-client"
    assert auth["DB_SECRET_NAME"] == "cloudmart-lab/database/app"
    assert auth["DB_POOL_SIZE"] == str(lab.database.service_pool)
    assert _environment("event", lab)["IMAGES_BUCKET_PARAMETER"] == "/cloudmart/lab/images/bucket"
    assert _environment("payment", lab)["PAYMENT_GATEWAY_SECRET_NAME"] == "cloudmart-lab/payment-gateway"


def test_mail_is_sent_from_the_identity_or_not_at_all() -> None:
    assert "MAIL_IDENTITY" not in _environment("notification", settings())
    with_mail = settings(eks__mail_identity="tickets@example.com")
    assert _environment("notification", with_mail)["MAIL_IDENTITY"] == "tickets@example.com"
    assert "MAIL_IDENTITY" not in _environment("auth", with_mail)
