"""Tiketi's load balancer against the service table of specification section 6."""

from typing import Any

import pytest

from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.support import Synthesized

STAGES = ("lab", "dev", "staging", "prod")
ROUTES = {
    "/api/auth": 3001,
    "/api/events": 3002,
    "/api/queue": 3003,
    "/api/reservations": 3004,
    "/api/payments": 3005,
    "/api/notifications": 3006,
}
WITH_DOMAIN = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789"}


def _attributes(properties: dict[str, Any], key: str) -> dict[str, Any]:
    return {attribute["Key"]: attribute["Value"] for attribute in properties[key]}


def _forward(rule: dict[str, Any]) -> dict[str, Any]:
    (action,) = rule["Properties"]["Actions"]
    forward: dict[str, Any] = action["ForwardConfig"]
    return forward


def _listeners(app: Synthesized) -> dict[int, dict[str, Any]]:
    made = app.resources(EKS, "AWS::ElasticLoadBalancingV2::Listener").values()
    return {listener["Properties"]["Port"]: listener["Properties"] for listener in made}


@pytest.mark.parametrize("stage", STAGES)
def test_load_balancer(synthesized: Synthesize, stage: str) -> None:
    (balancer,) = synthesized(stage).resources(EKS, "AWS::ElasticLoadBalancingV2::LoadBalancer").values()
    properties = balancer["Properties"]
    assert properties["Name"] == f"cloudmart-{stage}-tiketi"
    assert properties["Scheme"] == "internet-facing"
    assert all("PublicSubnet" in subnet["Fn::GetStackOutput"]["OutputName"] for subnet in properties["Subnets"])
    (group,) = properties["SecurityGroups"]
    assert "FirewallTiketiLoadBalancer" in group["Fn::GetStackOutput"]["OutputName"]
    attributes = _attributes(properties, "LoadBalancerAttributes")
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["access_logs.s3.prefix"] == "alb/tiketi"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["routing.http.desync_mitigation_mode"] == "defensive"
    assert attributes["deletion_protection.enabled"] == ("true" if stage == "prod" else "false")
    assert int(attributes["idle_timeout.timeout_seconds"]) > 60  # WebSockets of queue


@pytest.mark.parametrize("stage", STAGES)
def test_every_service_has_its_two_target_groups_and_its_path(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    groups = app.resources(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")
    routes = {}
    for rule in app.resources(EKS, "AWS::ElasticLoadBalancingV2::ListenerRule").values():
        (condition,) = rule["Properties"]["Conditions"]
        path, below = condition["PathPatternConfig"]["Values"]
        assert below == f"{path}/*"
        stable, canary = _forward(rule)["TargetGroups"]
        (port,) = {groups[group["TargetGroupArn"]["Ref"]]["Properties"]["Port"] for group in (stable, canary)}
        assert stable["TargetGroupArn"] != canary["TargetGroupArn"]
        routes[path] = port
    assert routes == ROUTES


def test_at_rest_everybody_meets_the_stable_track(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    groups = app.resources(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup")
    for rule in app.resources(EKS, "AWS::ElasticLoadBalancingV2::ListenerRule").values():
        weights = {}
        for group in _forward(rule)["TargetGroups"]:
            tags = _attributes(groups[group["TargetGroupArn"]["Ref"]]["Properties"], "Tags")
            weights[tags["cloudmart:track"]] = group["Weight"]
        assert weights == {"stable": 100, "canary": 0}


def test_sticky_targets_stand_behind_a_sticky_choice_that_a_way_back_outlasts(synthesized: Synthesize) -> None:
    """ELB refuses the one without the other; a choice that lasts would keep people on a version that was taken back."""
    app = synthesized("lab")
    sticky = {
        rule["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"][0]: _forward(rule)[
            "TargetGroupStickinessConfig"
        ]
        for rule in app.resources(EKS, "AWS::ElasticLoadBalancingV2::ListenerRule").values()
        if "TargetGroupStickinessConfig" in _forward(rule)
    }
    assert sticky == {"/api/queue": {"Enabled": True, "DurationSeconds": 1}}


@pytest.mark.parametrize("stage", STAGES)
def test_health_check_and_stickiness(synthesized: Synthesize, stage: str) -> None:
    for group in synthesized(stage).resources(EKS, "AWS::ElasticLoadBalancingV2::TargetGroup").values():
        properties = group["Properties"]
        assert (properties["TargetType"], properties["Protocol"]) == ("ip", "HTTP")
        assert properties["HealthCheckPath"] == "/health"
        assert (properties["HealthCheckIntervalSeconds"], properties["HealthCheckTimeoutSeconds"]) == (30, 5)
        assert (properties["HealthyThresholdCount"], properties["UnhealthyThresholdCount"]) == (2, 3)
        attributes = _attributes(properties, "TargetGroupAttributes")
        assert attributes["deregistration_delay.timeout_seconds"] == "30"
        assert attributes.get("stickiness.enabled") == ("true" if properties["Port"] == 3003 else None)


def test_without_a_domain_it_speaks_http_and_knows_only_its_paths(synthesized: Synthesize) -> None:
    ((port, listener),) = _listeners(synthesized("lab")).items()
    assert (port, listener["Protocol"]) == (80, "HTTP")
    (action,) = listener["DefaultActions"]
    assert action["FixedResponseConfig"] == {
        "StatusCode": "404",
        "ContentType": "application/json",
        "MessageBody": '{"error": "not found"}',
    }


def test_with_a_domain_it_speaks_https_and_redirects(synthesized: Synthesize) -> None:
    app = synthesized("lab", **WITH_DOMAIN)
    listeners = _listeners(app)
    assert set(listeners) == {80, 443}
    (redirect,) = listeners[80]["DefaultActions"]
    assert redirect["RedirectConfig"] == {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}
    assert listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    ((certificate, made),) = app.resources(EKS, "AWS::CertificateManager::Certificate").items()
    assert listeners[443]["Certificates"] == [{"CertificateArn": {"Ref": certificate}}]
    assert made["Properties"]["DomainName"] == "tiketi.shop.example.com"
    (record,) = app.resources(EKS, "AWS::Route53::RecordSet").values()
    assert record["Properties"]["Name"] == "tiketi.shop.example.com"
    assert "AliasTarget" in record["Properties"]
    for rule in app.resources(EKS, "AWS::ElasticLoadBalancingV2::ListenerRule").values():
        assert "Redirect" not in rule["Properties"]["ListenerArn"]["Ref"]


@pytest.mark.parametrize(("stage", "acls"), [("lab", 0), ("dev", 0), ("staging", 1), ("prod", 1)])
def test_web_acl(synthesized: Synthesize, stage: str, acls: int) -> None:
    app = synthesized(stage)
    made = app.resources(EKS, "AWS::WAFv2::WebACL")
    assert len(made) == acls
    for id, acl in made.items():
        assert acl["Properties"]["Scope"] == "REGIONAL"
        (rate,) = [
            rule["Statement"]["RateBasedStatement"]
            for rule in acl["Properties"]["Rules"]
            if "RateBasedStatement" in rule["Statement"]
        ]
        assert (rate["Limit"], rate["EvaluationWindowSec"], rate["AggregateKeyType"]) == (1000, 60, "IP")
        (balancer,) = app.resources(EKS, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        (association,) = app.resources(EKS, "AWS::WAFv2::WebACLAssociation").values()
        assert association["Properties"] == {
            "ResourceArn": {"Ref": balancer},
            "WebACLArn": {"Fn::GetAtt": [id, "Arn"]},
        }
