"""FrontendCdnStack against specification sections 1, 5 and 8."""

import json
from typing import Any

import pytest

from tests.conftest import Synthesize
from tests.support import Synthesized

STACK = "FrontendCdnStack"
STAGES = ("lab", "dev", "staging", "prod")
DOMAIN = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789ABC"}

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's managed policies (CloudFront developer guide, "Use managed cache/origin request policies")."""


def _only(app: Synthesized, type: str) -> dict[str, Any]:
    ((_, resource),) = app.resources(STACK, type).items()
    return resource


def _config(app: Synthesized) -> dict[str, Any]:
    config: dict[str, Any] = _only(app, "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
    return config


def _behaviours(app: Synthesized) -> dict[str, dict[str, Any]]:
    config = _config(app)
    return {"*": config["DefaultCacheBehavior"]} | {each["PathPattern"]: each for each in config["CacheBehaviors"]}


def _origin(app: Synthesized, path: str) -> dict[str, Any]:
    target = _behaviours(app)[path]["TargetOriginId"]
    (origin,) = [each for each in _config(app)["Origins"] if each["Id"] == target]
    return dict(origin)


@pytest.mark.parametrize("stage", STAGES)
def test_distribution(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    config = _config(app)
    assert config["HttpVersion"] == "http2and3"
    assert config["IPV6Enabled"] is True
    assert config["PriceClass"] == "PriceClass_200", "PriceClass_100 leaves Seoul out"
    assert config["DefaultRootObject"] == "index.html"
    assert "CustomErrorResponses" not in config, "they hold for every origin: an API's 404 would become a page"
    assert set(_behaviours(app)) == {"*", "/api/*", "/images/*"}
    for behaviour in _behaviours(app).values():
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
        assert behaviour["Compress"] is True
        assert "ResponseHeadersPolicyId" in behaviour


def test_access_logs_go_to_the_log_bucket(synthesized: Synthesize) -> None:
    app = synthesized()
    logging = _config(app)["Logging"]
    assert logging["Prefix"] == "cloudfront/"
    assert logging["Bucket"]["Fn::Join"][1][0]["Fn::GetStackOutput"]["StackName"] == "cloudmart-lab-VpcStack"
    (log_bucket,) = app.resources("VpcStack", "AWS::S3::Bucket").values()
    ownership = log_bucket["Properties"]["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerPreferred"}], "legacy logs are delivered by ACL"


def test_api_is_never_cached_and_gets_all_but_the_host(synthesized: Synthesize) -> None:
    behaviour = _behaviours(synthesized())["/api/*"]
    assert behaviour["CachePolicyId"] == CACHING_DISABLED
    assert behaviour["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER
    assert set(behaviour["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    assert "FunctionAssociations" not in behaviour


@pytest.mark.parametrize(("context", "protocol"), [({}, "http-only"), (DOMAIN, "https-only")])
def test_api_origin_proves_itself(synthesized: Synthesize, context: dict[str, str], protocol: str) -> None:
    app = synthesized("lab", **context)
    origin = _origin(app, "/api/*")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == protocol
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]
    assert origin["CustomOriginConfig"]["OriginKeepaliveTimeout"] < 60, "the load balancer's idle timeout"
    (header,) = origin["OriginCustomHeaders"]
    (rule,) = app.resources("BackendAsgStack", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    (checked,) = [each["HttpHeaderConfig"] for each in rule["Properties"]["Conditions"] if "HttpHeaderConfig" in each]
    assert header["HeaderName"] == checked["HttpHeaderName"]
    # One secret: by name here, by reference in the stack that owns it.
    assert header["HeaderValue"] == "{{resolve:secretsmanager:cloudmart-lab/origin-header:SecretString:::}}"
    ((secret_id, secret),) = app.resources("BackendAsgStack", "AWS::SecretsManager::Secret").items()
    assert secret["Properties"]["Name"] == "cloudmart-lab/origin-header"
    assert {"Ref": secret_id} in checked["Values"][0]["Fn::Join"][1]


def test_with_a_domain_the_origin_has_a_name_that_a_certificate_bears(synthesized: Synthesize) -> None:
    app = synthesized("lab", **DOMAIN)
    host = _origin(app, "/api/*")["DomainName"]
    certificates = app.resources("BackendAsgStack", "AWS::CertificateManager::Certificate").values()
    assert host in [each["Properties"]["DomainName"] for each in certificates]
    assert host in [
        each["Properties"]["Name"].rstrip(".")
        for each in app.resources("BackendAsgStack", "AWS::Route53::RecordSet").values()
    ]


def test_buckets_are_reached_with_origin_access_control_only(synthesized: Synthesize) -> None:
    app = synthesized()
    for path in ("*", "/images/*"):
        origin = _origin(app, path)
        assert "OriginAccessControlId" in origin
        assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    control = _only(app, "AWS::CloudFront::OriginAccessControl")["Properties"]["OriginAccessControlConfig"]
    assert (control["SigningBehavior"], control["SigningProtocol"]) == ("always", "sigv4")
    assert _origin(app, "/images/*")["DomainName"]["Fn::GetStackOutput"]["StackName"] == "cloudmart-lab-DataStack"
    assert _behaviours(app)["/images/*"]["CachePolicyId"] == CACHING_OPTIMIZED


def test_site_bucket_is_private(synthesized: Synthesize) -> None:
    app = synthesized()
    ((bucket_id, bucket),) = app.resources(STACK, "AWS::S3::Bucket").items()
    properties = bucket["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]
    assert "BucketName" not in properties
    assert properties["LoggingConfiguration"]["LogFilePrefix"] == "s3/site/"
    statements = _only(app, "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert any(each["Effect"] == "Deny" and "aws:SecureTransport" in json.dumps(each) for each in statements)
    by_cloudfront = [each for each in statements if each["Principal"] == {"Service": "cloudfront.amazonaws.com"}]
    assert {each["Action"] for each in by_cloudfront} == {"s3:GetObject", "s3:ListBucket"}
    ((distribution_id, _),) = app.resources(STACK, "AWS::CloudFront::Distribution").items()
    for each in by_cloudfront:
        assert {"Ref": distribution_id} in each["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Join"][1]
        assert bucket_id in json.dumps(each["Resource"])


def test_site_is_cached_as_its_objects_say(synthesized: Synthesize) -> None:
    app = synthesized()
    policy = _only(app, "AWS::CloudFront::CachePolicy")["Properties"]["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 365 * 24 * 3600)
    parameters = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert parameters["EnableAcceptEncodingBrotli"] is True
    assert parameters["EnableAcceptEncodingGzip"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_security_headers(synthesized: Synthesize, stage: str) -> None:
    policy = _only(synthesized(stage), "AWS::CloudFront::ResponseHeadersPolicy")
    headers = policy["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 24 * 3600
    assert headers["ContentTypeOptions"] == {"Override": True}
    assert headers["FrameOptions"] == {"FrameOption": "DENY", "Override": True}
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "strict-origin-when-cross-origin"
    directives = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "default-src 'none'" in directives
    assert "frame-ancestors 'none'" in directives
    assert "unsafe" not in directives


def test_content_security_policy_is_a_setting(synthesized: Synthesize) -> None:
    app = synthesized("lab", **{"frontend.content_security_policy": "default-src 'self'"})
    policy = _only(app, "AWS::CloudFront::ResponseHeadersPolicy")["Properties"]["ResponseHeadersPolicyConfig"]
    given = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert given == "default-src 'self'"


def test_pages_are_routed_by_a_function_on_the_site_alone(synthesized: Synthesize) -> None:
    app = synthesized()
    ((function_id, function),) = app.resources(STACK, "AWS::CloudFront::Function").items()
    assert function["Properties"]["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    (association,) = _behaviours(app)["*"]["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"]["Fn::GetAtt"][0] == function_id


def test_names_that_are_unique_in_an_account_begin_with_the_prefix(synthesized: Synthesize) -> None:
    """Twelve students share an account: CDK's own names come from the construct path, which they share too."""
    app = synthesized("lab", name="team3")
    names = [
        _only(app, "AWS::CloudFront::Function")["Properties"]["Name"],
        _only(app, "AWS::CloudFront::CachePolicy")["Properties"]["CachePolicyConfig"]["Name"],
        _only(app, "AWS::CloudFront::OriginAccessControl")["Properties"]["OriginAccessControlConfig"]["Name"],
        _only(app, "AWS::CloudFront::ResponseHeadersPolicy")["Properties"]["ResponseHeadersPolicyConfig"]["Name"],
    ]
    assert all(name.startswith("team3-lab-") for name in names), names


def test_custom_domain(synthesized: Synthesize) -> None:
    app = synthesized("prod", **DOMAIN)
    config = _config(app)
    assert config["Aliases"] == ["shop.example.com"]
    certificate = config["ViewerCertificate"]
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert certificate["SslSupportMethod"] == "sni-only"
    assert certificate["AcmCertificateArn"]["Fn::GetStackOutput"]["Region"] == "us-east-1"
    records = [each["Properties"] for each in app.resources(STACK, "AWS::Route53::RecordSet").values()]
    assert {each["Type"] for each in records} == {"A", "AAAA"}
    for record in records:
        assert record["Name"] == "shop.example.com."
        assert record["HostedZoneId"] == "Z0123456789ABC"
        assert record["AliasTarget"]["DNSName"]["Fn::GetAtt"][1] == "DomainName"


def test_without_a_domain_nothing_of_it(synthesized: Synthesize) -> None:
    app = synthesized()
    assert not {"Aliases", "ViewerCertificate"} & _config(app).keys()
    assert not app.resources(STACK, "AWS::Route53::RecordSet")


@pytest.mark.parametrize(("stage", "protected"), [("lab", False), ("dev", False), ("staging", True), ("prod", True)])
def test_web_acl_by_stage(synthesized: Synthesize, stage: str, protected: bool) -> None:
    app = synthesized(stage)
    acl = _config(app).get("WebACLId")
    assert (acl is not None) is protected
    assert ("EdgeStack" in app.templates) is protected
    if acl:
        assert acl["Fn::GetStackOutput"]["StackName"] == f"cloudmart-{stage}-EdgeStack"
        assert acl["Fn::GetStackOutput"]["Region"] == "us-east-1"


@pytest.mark.parametrize(
    ("stage", "context", "needs"),
    [
        ("lab", {}, {"VpcStack", "DataStack", "BackendAsgStack"}),
        ("lab", DOMAIN, {"VpcStack", "DataStack", "BackendAsgStack", "EdgeStack"}),
        ("prod", {}, {"VpcStack", "DataStack", "BackendAsgStack", "EdgeStack"}),
    ],
)
def test_dependencies(synthesized: Synthesize, stage: str, context: dict[str, str], needs: set[str]) -> None:
    assert synthesized(stage, **context).dependencies[STACK] == needs


@pytest.mark.parametrize(
    ("stage", "policy"), [("lab", "Delete"), ("dev", "Delete"), ("staging", "Retain"), ("prod", "Retain")]
)
def test_everything_goes_or_the_site_stays(synthesized: Synthesize, stage: str, policy: str) -> None:
    app = synthesized(stage)
    assert _only(app, "AWS::S3::Bucket")["DeletionPolicy"] == policy
    assert bool(app.resources(STACK, "Custom::S3AutoDeleteObjects")) is (policy == "Delete")


@pytest.mark.parametrize(("stage", "days"), [("lab", 7), ("dev", 7), ("staging", 30), ("prod", 30)])
def test_every_function_logs_into_a_group_of_the_stack(synthesized: Synthesize, stage: str, days: int) -> None:
    app = synthesized(stage)
    groups = app.resources(STACK, "AWS::Logs::LogGroup")
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == days
        assert group.get("DeletionPolicy", "Delete") == "Delete"
    functions = app.resources(STACK, "AWS::Lambda::Function").values()
    assert {each["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for each in functions} == groups.keys()


def test_outputs(synthesized: Synthesize) -> None:
    plain = synthesized().templates[STACK]["Outputs"]
    assert {"ShopUrl", "DistributionId", "SiteBucketName"} <= plain.keys()
    assert synthesized("lab", **DOMAIN).templates[STACK]["Outputs"]["ShopUrl"]["Value"] == "https://shop.example.com/"
