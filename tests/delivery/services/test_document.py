"""The Automation document does what the tool does by itself in the local cloud, and nothing else."""

import dataclasses

import pytest

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.constructs.service_document import content
from cloudmart_cdk.service_releases import Track
from delivery import place
from delivery.errors import DeliveryError
from delivery.place import Place
from delivery.services.commands import ServiceDelivery, Wishes
from tests.delivery.services.automation import Automation, InvalidParametersError
from tests.delivery.services.platform import Platform
from tests.delivery.services.scanner import ScanningRegistry
from tests.delivery.services.template import SERVICES, STACK

pytestmark = pytest.mark.xdist_group("services")


@dataclasses.dataclass(frozen=True)
class OnAws:
    """The platform as if it stood in an account of AWS: with Automation, and with a scanner."""

    place: Place
    automation: Automation
    registry: ScanningRegistry


@pytest.fixture
def on_aws(platform: Platform) -> OnAws:
    here = place.in_local_cloud(stage=None, name=None, folder=platform.state.root)
    document = content(
        "auth",
        role_arn="arn:aws:iam::111111111111:role/release",
        stack=STACK,
        every=releases.stack_parameters(list(SERVICES)),
        rule_arn=platform.rules["auth"],
        group_arns={track: platform.groups["auth", track] for track in Track},
        stickiness=None,
        largest=10,
    )
    automation = Automation(here.client, {"test-lab-release-auth": document})
    registry = ScanningRegistry(here.client("ecr"))
    instead = {"ssm": automation, "ecr": registry}
    aws = dataclasses.replace(here, local=False, client=lambda name: instead.get(name) or here.client(name))
    return OnAws(aws, automation, registry)


def _release(on_aws: OnAws, image: str, **options: object) -> None:
    wishes = dataclasses.replace(Wishes(image=image), **options)  # type: ignore[arg-type]  # by name
    ServiceDelivery(on_aws.place, "auth", deadline_minutes=3).release(wishes)


def test_each_strategy_goes_by_the_document(platform: Platform, on_aws: OnAws) -> None:
    one, two = (platform.push("auth", f"document {number}") for number in ("one", "two"))
    on_aws.registry.findings = {one: {"HIGH": 2}, two: {}}
    _release(on_aws, one)
    assert (set(platform.met("auth")), on_aws.automation.orders) == ({one}, ["release"])
    on_aws.automation.orders.clear()
    _release(on_aws, two, strategy="canary", canary_minutes=0.0)
    assert set(platform.met("auth")) == {two}
    assert on_aws.automation.orders == ["canary", "weights", "release", "weights", "end"]
    on_aws.automation.orders.clear()
    _release(on_aws, "stand-in")
    assert (set(platform.met("auth")), on_aws.automation.orders) == ({"stand-in"}, ["stand-in"])


def test_the_abort_needs_nobody(platform: Platform, on_aws: OnAws) -> None:
    image = platform.push("auth", "aborted")
    on_aws.registry.findings = {image: {}}
    _release(on_aws, image, strategy="blue-green")
    assert platform.weights("auth") == (0, 100)
    started = on_aws.automation.start_automation_execution(
        DocumentName="test-lab-release-auth", Parameters={"Order": ["abort"]}
    )
    execution = on_aws.automation.get_automation_execution(**started)["AutomationExecution"]
    assert execution == {"AutomationExecutionStatus": "Success"}
    assert platform.weights("auth") == (100, 0)
    platform.until(lambda: platform.targets("auth", Track.CANARY) == 0)
    assert platform.says("auth")["minimum"] == "0"


def test_the_stand_in_comes_back_when_the_first_release_fails(platform: Platform, on_aws: OnAws) -> None:
    assert platform.run("release", "auth", "--image", "stand-in").status == 0
    assert set(platform.met("auth")) == {"stand-in"}
    image = platform.push("auth", "first, and not ready")
    platform.pods.never_ready.add(image)
    on_aws.registry.findings = {image: {}}
    with pytest.raises(DeliveryError, match="went back to the stand-in, because no new pod has become ready"):
        ServiceDelivery(on_aws.place, "auth", deadline_minutes=0.01).release(Wishes(image=image))
    assert on_aws.automation.orders == ["release", "stand-in"]
    assert platform.says("auth")["image"] == ""


@pytest.mark.parametrize(
    "values",
    [
        {"Order": "release", "Image": "sha256:" + "0" * 63},
        {"Order": "release", "Image": "{{ Order }}"},
        {"Order": "release", "Image": "sha256:" + "0" * 64 + " x"},
        {"Order": "release", "Release": "20260101T000000Z from elsewhere"},
        {"Order": "weights", "Canary": "all"},
        {"Order": "canary", "Minimum": "11"},
        {"Order": "update"},
        {"Order": "release", "RoleArn": "x"},
    ],
)
def test_other_values_are_refused(platform: Platform, on_aws: OnAws, values: dict[str, str]) -> None:
    with pytest.raises(InvalidParametersError):
        on_aws.automation.start_automation_execution(
            DocumentName="test-lab-release-auth", Parameters={key: [value] for key, value in values.items()}
        )


def test_critical_findings_stop_a_release_unless_somebody_gives_a_reason(
    platform: Platform, on_aws: OnAws, capsys: pytest.CaptureFixture[str]
) -> None:
    image = platform.push("auth", "with a hole", tag="holed")
    on_aws.registry.findings = {image: {"CRITICAL": 2, "LOW": 1}}
    with pytest.raises(DeliveryError, match=r"whose scan found 2 critical; allowed: none"):
        _release(on_aws, "holed")
    assert on_aws.automation.orders == []
    on_aws.registry.unfinished = 1
    _release(on_aws, "holed", accept_findings="CVE-2026-1: not reachable here")
    told = capsys.readouterr().out
    assert "waiting for the scan" in told
    assert "released all the same: CVE-2026-1: not reachable here" in told


def test_of_an_index_its_images_are_looked_at(platform: Platform, on_aws: OnAws) -> None:
    """ECR scans no index: buildx pushes one as soon as there is provenance."""
    child, attestation = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    index = platform.push_index("auth", {child: ("linux", "amd64"), attestation: ("unknown", "unknown")})
    on_aws.registry.findings = {child: {"CRITICAL": 1}}
    with pytest.raises(DeliveryError, match="whose scan found 1 critical"):
        _release(on_aws, index)
