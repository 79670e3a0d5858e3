"""FrontendCdnStack and EdgeStack: what a browser gets through the emulated CDN."""

import http.client
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from cloudmart_cdk.revision import SHOP
from cloudmart_cdk.settings.topology import EDGE, EDGE_REGION, FRONTEND
from localcloud.verify.table import Check
from localcloud.verify.view import View

_PIXEL = b"not really a picture"
_KEY = "images/localcloud-verify.png"
_HEADERS = (
    "content-security-policy",
    "strict-transport-security",
    "x-frame-options",
    "referrer-policy",
    "x-content-type-options",
)


def checks(view: View) -> Iterator[Check]:
    if view.stack(FRONTEND) is None:
        return
    yield from _distribution(view)
    domain = view.distribution_domain()
    yield from _pages(view, domain)
    yield from _api(view, domain)
    if view.images():
        yield from _images(view, domain)
    if view.settings.web_acls:
        yield from _web_acls(view)


def _get(
    view: View, path: str, *, host: str, secure: bool = True, token: str = ""
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", view.cloud.port, timeout=30)
    headers = {"Host": host, "X-Forwarded-Proto": "https" if secure else "http"}
    if token:
        headers["X-Amz-Security-Token"] = token
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def _distribution(view: View) -> Iterator[Check]:
    entry = view.of(FRONTEND, "AWS::CloudFront::Distribution")[0]
    config = view.client("cloudfront").get_distribution(Id=entry.physical_id)["Distribution"]["DistributionConfig"]
    behaviours = {b["PathPattern"]: b for b in config.get("CacheBehaviors", {}).get("Items", [])}
    figures: dict[str, tuple[Any, Any]] = {
        "is enabled": (True, config["Enabled"]),
        "HTTP versions": ("http2and3", str(config.get("HttpVersion", "")).lower()),
        "sends to HTTPS": ("redirect-to-https", config["DefaultCacheBehavior"]["ViewerProtocolPolicy"]),
        "compresses": (True, config["DefaultCacheBehavior"]["Compress"]),
        "paths": (["/api/*", "/images/*"], sorted(behaviours)),
        "price class includes Seoul": (True, config["PriceClass"] in ("PriceClass_200", "PriceClass_All")),
        "logs": (True, bool(config.get("Logging", {}).get("Bucket"))),
    }
    for what, (expected, found) in figures.items():
        yield Check(f"CDN {what}", expected, found)


def _pages(view: View, domain: str) -> Iterator[Check]:
    status, headers, _ = _get(view, "/", host=domain)
    yield Check("front page", (200, True), (status, "html" in headers.get("content-type", "")))
    missing = [name for name in _HEADERS if name not in headers]
    yield Check("front page lacks security headers", [], missing)
    status, headers, _ = _get(view, "/basket/42", host=domain)
    yield Check(
        "a page of the single-page application", (200, True), (status, "html" in headers.get("content-type", ""))
    )
    status, headers, _ = _get(view, "/", host=domain, secure=False)
    yield Check("plain HTTP is sent to", (301, True), (status, headers.get("location", "").startswith("https://")))
    status, _, body = _get(view, "/config.json", host=domain)
    yield Check("configuration of the page", (200, True), (status, body.startswith(b"{")))


def _api(view: View, domain: str) -> Iterator[Check]:
    if view.settings.backend.application != SHOP:
        # Whatever another backend answers there: that it does is what can be asked (docs/backend.md).
        status, _, _ = _get(view, "/api/", host=domain)
        yield Check("API through CDN and load balancer", True, status < HTTPStatus.BAD_GATEWAY or status)
        return
    status, _, _ = _get(view, "/api/health", host=domain)
    yield Check("API through CDN and load balancer", 200, status)
    status, _, body = _get(view, "/api/products?limit=1", host=domain)
    yield Check("the shop has something to sell", (200, 1), (status, len(json.loads(body).get("items", []))))
    status, headers, _ = _get(view, "/api/there-is-no-such-thing", host=domain)
    yield Check(
        "an API's 404 stays one, not the front page", (404, False), (status, "html" in headers.get("content-type", ""))
    )


def _images(view: View, domain: str) -> Iterator[Check]:
    """An object is put, read through the CDN, refused without it, and removed again."""
    s3, bucket = view.client("s3"), view.images()[0].physical_id
    version = s3.put_object(Bucket=bucket, Key=_KEY, Body=_PIXEL).get("VersionId")
    try:
        status, _, body = _get(view, f"/{_KEY}", host=domain)
        yield Check("an image through the CDN", (200, _PIXEL), (status, body))
        # Past the emulator's guard, but with nobody's signature.
        here, token = f"127.0.0.1:{view.cloud.port}", view.cloud.token
        status, _, _ = _get(view, f"/{bucket}/{_KEY}", host=here, token=token)
        yield Check("an image without the CDN", 403, status)
    finally:
        s3.delete_object(Bucket=bucket, Key=_KEY, **({"VersionId": version} if version else {}))


def _web_acls(view: View) -> Iterator[Check]:
    entries = view.of(EDGE, "AWS::WAFv2::WebACL")
    yield Check("web ACLs of the CDN", 1, len(entries))
    waf = view.client("wafv2", EDGE_REGION)
    for acl in waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]:
        rules = waf.get_web_acl(Name=acl["Name"], Id=acl["Id"], Scope="CLOUDFRONT")["WebACL"]["Rules"]
        rates = [r["Statement"]["RateBasedStatement"] for r in rules if "RateBasedStatement" in r["Statement"]]
        found = [(rate["Limit"], rate.get("EvaluationWindowSec")) for rate in rates]
        yield Check("requests a minute and address", [(view.settings.frontend.requests_per_minute, 60)], found)
