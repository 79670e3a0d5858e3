"""EdgeStack against specification sections 1 and 5."""

from tests.conftest import Synthesize

STACK = "EdgeStack"
DOMAIN = {"domain.name": "shop.example.com", "domain.zone_id": "Z0123456789ABC"}


def test_absent_when_it_would_be_empty(synthesized: Synthesize) -> None:
    for stage in ("lab", "dev"):
        assert STACK not in synthesized(stage).templates
    assert STACK not in synthesized("prod", skip="FrontendCdnStack,EdgeWatchStack").templates


def test_is_in_us_east_1_and_needs_nothing(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    assert app.stacks[STACK]["environment"] == "aws://unknown-account/us-east-1"
    assert app.dependencies[STACK] == set()


def test_web_acl_alone_without_a_domain(synthesized: Synthesize) -> None:
    app = synthesized("prod")
    (acl,) = app.resources(STACK, "AWS::WAFv2::WebACL").values()
    assert acl["Properties"]["Scope"] == "CLOUDFRONT"
    assert acl["Properties"]["Name"] == "cloudmart-prod-cdn"
    assert not app.resources(STACK, "AWS::CertificateManager::Certificate")


def test_certificate_alone_where_web_acls_are_off(synthesized: Synthesize) -> None:
    app = synthesized("lab", **DOMAIN)
    (certificate,) = app.resources(STACK, "AWS::CertificateManager::Certificate").values()
    assert certificate["Properties"]["DomainName"] == "shop.example.com"
    assert certificate["Properties"]["ValidationMethod"] == "DNS"
    assert certificate["Properties"]["DomainValidationOptions"] == [
        {"DomainName": "shop.example.com", "HostedZoneId": "Z0123456789ABC"}
    ]
    assert not app.resources(STACK, "AWS::WAFv2::WebACL")


def test_countries_are_blocked_where_the_setting_names_any(synthesized: Synthesize) -> None:
    def blocked(**context: str) -> list[list[str]]:
        (acl,) = synthesized("prod", **context).resources(STACK, "AWS::WAFv2::WebACL").values()
        statements = [rule["Statement"] for rule in acl["Properties"]["Rules"]]
        return [each["GeoMatchStatement"]["CountryCodes"] for each in statements if "GeoMatchStatement" in each]

    assert blocked() == []
    assert blocked(**{"frontend.geo_block": "KP,RU"}) == [["KP", "RU"]]
