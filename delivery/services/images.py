"""The image that is released: in the service's own repository, there, and scanned.

Owns what may be named and what is refused. The stack takes a digest only, so what was tested is what runs.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_cdk.service_releases import DIGEST, STAND_IN
from delivery.errors import DeliveryError
from delivery.place import Place

_TAG: Final = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
_DIGEST: Final = re.compile(DIGEST)
_SCAN_S: Final = 300.0
"""A basic scan takes seconds to a minute; it is started by the push."""
_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_SCANNED: Final = ("COMPLETE", "ACTIVE")
"""Of basic and of enhanced scanning."""
_FAILED: Final = ("FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED")
_STOPS: Final = "CRITICAL"
_MOST_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image of a service's repository, or the stand-in, which has no digest. `tags`: for people."""

    digest: str
    tags: tuple[str, ...]

    @property
    def title(self) -> str:
        """`sha256:0123456789ab (v1.4.2)`."""
        return short(self.digest) + (f" ({', '.join(self.tags[:_MOST_NAMED])})" if self.tags else "")


def short(digest: str) -> str:
    """The first twelve characters, as tools show it; empty: the stand-in."""
    return digest[:19] or f"the {STAND_IN}"


def find(place: Place, service: str, given: str) -> Image:
    """`given`: a digest, a tag, a URI of the service's repository, or `stand-in`. Raises `DeliveryError`."""
    if given == STAND_IN:
        return Image(digest="", tags=())
    repository = place.settings.names.repository(service)
    name, separator, digest = given.partition("@")
    if not separator and _DIGEST.fullmatch(given):
        name, digest = "", given
    tag = ""
    if "/" in name:
        path, colon, tag = name.partition("/")[2].partition(":")
        if path != repository or not (digest or tag) or (colon and not tag):
            raise _refused(given, f"an image of {repository}, by digest or tag")
    elif not digest:
        tag = name
    if (digest and not _DIGEST.fullmatch(digest)) or (tag and not _TAG.fullmatch(tag)) or not (digest or tag):
        raise _refused(given, "a digest (sha256: and 64 hexadecimal digits), a tag, or a URI that ends with one")
    ecr = place.client("ecr")
    if "/" in name:
        _same_registry(place, given, name.partition("/")[0])
    try:
        answer = ecr.describe_images(
            repositoryName=repository, imageIds=[{"imageDigest": digest} if digest else {"imageTag": tag}]
        )["imageDetails"]
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        answer = []
    if not answer:
        raise DeliveryError(
            "--image", why=f"given {given}, which is not in {repository}", do="push it, or name one that is there"
        )
    return Image(digest=answer[0]["imageDigest"], tags=tuple(answer[0].get("imageTags", [])))


def refuse_critical(place: Place, service: str, image: Image, *, accepted: str, say: Callable[[str], None]) -> None:
    """Waits for the scan that the push has started. Raises `DeliveryError` on critical findings, unless `accepted`."""
    if not image.digest:
        return
    if not place.scans:
        say("the local cloud has no scanner: findings are not looked at")
        return
    found: dict[str, int] = {}
    for digest in _platforms(place, service, image.digest):
        for severity, count in _findings(place, service, digest, say=say).items():
            found[severity] = found.get(severity, 0) + count
    counts = ", ".join(f"{count} {severity.lower()}" for severity, count in sorted(found.items())) or "nothing"
    say(f"scan of {image.title}: {counts}")
    if not found.get(_STOPS):
        return
    if not accepted:
        raise DeliveryError(
            "--image",
            why=f"given {image.title}, whose scan found {found[_STOPS]} critical; allowed: none",
            do="mend them, or add --accept-findings with the reason",
        )
    say(f"released all the same: {accepted}")


def _refused(given: str, allowed: str) -> DeliveryError:
    return DeliveryError("--image", why=f"given {given}; allowed: {allowed}", do="correct it")


def _same_registry(place: Place, given: str, registry: str) -> None:
    account = place.client("sts").get_caller_identity()["Account"]
    ours = f"{account}.dkr.ecr.{place.settings.region}."
    if not registry.startswith(ours):
        raise _refused(given, f"an image of this account's registry ({ours}...)")


def _platforms(place: Place, service: str, digest: str) -> list[str]:
    """What is scanned: ECR scans the images of an index, each by itself, and not the index (nor attestations)."""
    answer = place.client("ecr").batch_get_image(
        repositoryName=place.settings.names.repository(service),
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=[*_INDEXES, "application/vnd.oci.image.manifest.v1+json"],
    )
    for image in answer.get("images", []):
        manifest: dict[str, Any] = json.loads(image["imageManifest"])
        if manifest.get("mediaType", image.get("imageManifestMediaType")) in _INDEXES:
            return [
                entry["digest"]
                for entry in manifest["manifests"]
                if entry.get("platform", {}).get("os", "unknown") != "unknown"
            ]
    return [digest]


def _findings(place: Place, service: str, digest: str, *, say: Callable[[str], None]) -> dict[str, int]:
    """Severity -> number."""
    ecr, repository = place.client("ecr"), place.settings.names.repository(service)
    deadline = time.monotonic() + _SCAN_S
    while True:
        try:
            answer = ecr.describe_image_scan_findings(
                repositoryName=repository, imageId={"imageDigest": digest}, maxResults=1
            )
            status = str(answer["imageScanStatus"]["status"])
        except ecr.exceptions.ScanNotFoundException:
            answer, status = {}, "not begun"
        if status in _SCANNED:
            return dict(answer["imageScanFindings"].get("findingSeverityCounts", {}))
        if status in _FAILED or time.monotonic() > deadline:
            why = answer.get("imageScanStatus", {}).get("description", "")
            raise DeliveryError(
                "--image",
                why=f"given {short(digest)}, whose scan is {status}{f' ({why})' if why else ''}; allowed: a scan",
                do="start one (aws ecr start-image-scan), run this again",
            )
        say(f"waiting for the scan of {short(digest)} ({status.lower()})")
        time.sleep(place.poll_s)
