"""How students, stages and stacks are told apart, by the rules alone."""

from typing import Final

import pytest

from cloudmart_cdk.settings.naming import Names
from labs.leftovers.whose import SCALING_GROUP, STACK_ID, STACK_NAME, Copy, Whose

_OURS: Final = {"Project": "CloudMart", "Stage": "lab", "Stack": "DataStack"}
_REGIONS: Final = ("ap-northeast-2", "us-east-1")
_GONE: Final = Copy(Names("team1", "lab"), {}, _REGIONS)
_THERE: Final = Copy(Names("team1", "lab"), {"team1-lab-DataStack": "arn:new"}, _REGIONS)


@pytest.mark.parametrize(
    "id",
    [
        "team1-lab",
        "team1-lab-backend-blue",
        "team1-lab/database/owner-AbCdEf",
        "/team1/lab/database/host",
        "team1-lab-datastack-cache",
        "/aws/eks/team1-lab-tiketi/cluster",
        "/aws/lambda/team1-lab-notifier",
        "/aws/containerinsights/team1-lab-tiketi/performance",
        "rds:team1-lab-db-2026-11-22",
        "Team1-lab-DataStack-X",
    ],
)
def test_names_that_are_ours(id: str) -> None:
    assert _GONE.begins(id)


@pytest.mark.parametrize(
    "id",
    [
        "",
        "team10-lab-backend",
        "team-lab-backend",
        "team1-labor-backend",
        "team1-lab2",
        "xteam1-lab-backend",
        "team1-dev-backend",
        "/team10/lab/database/host",
        "/team1/laboratory/x",
        "/aws/eks/team10-lab-tiketi/cluster",
        "team1-lab-x-lab-backend",
        "team1-lab-x-dev/images",
        "team1-lab-prod",
        "other/team1-lab-backend",
        "vpc-0123456789abcdef0",
    ],
)
def test_names_that_are_not_for_us_to_say(id: str) -> None:
    assert not _GONE.begins(id)


@pytest.mark.parametrize(
    ("id", "tags", "whose"),
    [
        ("vpc-1", {**_OURS, STACK_NAME: "team1-lab-DataStack"}, Whose.LEFT),
        ("vpc-1", {**_OURS, STACK_NAME: "team10-lab-DataStack"}, Whose.OTHERS),
        ("vpc-1", {**_OURS, STACK_NAME: "team1-lab-x-lab-DataStack"}, Whose.OTHERS),
        ("vpc-1", {**_OURS, STACK_NAME: "team1-lab-Mine"}, Whose.OTHERS),
        ("vpc-1", {**_OURS, "Stage": "dev", STACK_NAME: "team1-lab-DataStack"}, Whose.OTHERS),
        ("vpc-1", {**_OURS, "Project": "Other", STACK_NAME: "team1-lab-DataStack"}, Whose.OTHERS),
        ("vpc-1", {STACK_NAME: "team1-lab-DataStack"}, Whose.OTHERS),
        ("vpc-1", _OURS, Whose.UNCLEAR),
        ("vpc-1", {}, Whose.OTHERS),
        ("team1-lab-x", {}, Whose.UNTAGGED),
        ("team1-lab-x", _OURS, Whose.LEFT),
        ("team10-lab-x", _OURS, Whose.OTHERS),
        ("team1-lab-x", {"Name": "team1-lab-x"}, Whose.OTHERS),
        ("i-1", {**_OURS, SCALING_GROUP: "team1-lab-backend-blue"}, Whose.LEFT),
        ("i-1", {**_OURS, SCALING_GROUP: "team10-lab-backend-blue"}, Whose.OTHERS),
        ("vol-1", {**_OURS, "Name": "team1-lab-backend-blue"}, Whose.LEFT),
        ("vol-1", {**_OURS, "Name": "team10-lab-backend-blue"}, Whose.OTHERS),
        ("vol-1", {"KubernetesCluster": "team1-lab-tiketi"}, Whose.LEFT),
        ("vol-1", {**_OURS, "Cluster": "team1-lab-tiketi"}, Whose.LEFT),
        ("vol-1", {"KubernetesCluster": "team10-lab-tiketi"}, Whose.OTHERS),
        ("vol-1", {**_OURS, "Stage": "dev", "Cluster": "team1-lab-tiketi"}, Whose.OTHERS),
        ("vol-1", {"kubernetes.io/cluster/team1-lab-tiketi": "owned"}, Whose.LEFT),
        ("vol-1", {"kubernetes.io/cluster/team1-lab-tiketi-2": "owned"}, Whose.OTHERS),
        ("vol-1", {"kubernetes.io/cluster/team1-lab-tiketi": "shared"}, Whose.OTHERS),
        ("vol-1", {"kubernetes.io/cluster/team1-lab-tiketi": "owned", "KubernetesCluster": "b"}, Whose.UNCLEAR),
        (
            "vol-1",
            {"kubernetes.io/cluster/team1-lab-tiketi": "owned", "kubernetes.io/cluster/b": "owned"},
            Whose.UNCLEAR,
        ),
        (
            "vol-1",
            {"kubernetes.io/cluster/team1-lab-tiketi": "owned", "kubernetes.io/cluster/b": "shared"},
            Whose.LEFT,
        ),
        ("team10-lab-x", {**_OURS, "Name": "team1-lab-x"}, Whose.UNCLEAR),
        ("/team10/lab/x", {**_OURS, "Name": "team1-lab-x"}, Whose.UNCLEAR),
        ("i-1", {**_OURS, SCALING_GROUP: "team10-lab-blue", "Name": "team1-lab-blue"}, Whose.UNCLEAR),
        ("/team10/lab/x", _OURS, Whose.OTHERS),
        ("team1-lab-x", {**_OURS, STACK_NAME: "team10-lab-DataStack"}, Whose.OTHERS),
        ("team1-lab-x", {**_OURS, "Cluster": "team10-lab-tiketi"}, Whose.OTHERS),
    ],
)
def test_the_first_evidence_decides(id: str, tags: dict[str, str], whose: Whose) -> None:
    assert _GONE.claim(id, tags).whose is whose


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        ({**_OURS, STACK_NAME: "team1-lab-DataStack", STACK_ID: "arn:new"}, Whose.HELD),
        ({**_OURS, STACK_NAME: "team1-lab-DataStack", STACK_ID: "arn:old"}, Whose.LEFT),
        ({**_OURS, STACK_NAME: "team1-lab-DataStack"}, Whose.HELD),
        ({**_OURS, STACK_NAME: "team1-lab-VpcStack", STACK_ID: "arn:new"}, Whose.LEFT),
        (_OURS, Whose.HELD),
        ({**_OURS, "Stack": "VpcStack"}, Whose.LEFT),
        ({"Project": "CloudMart", "Stage": "lab"}, Whose.HELD),
        ({"Cluster": "team1-lab-tiketi"}, Whose.LEFT),
    ],
    ids=[
        "its own",
        "of the one before",
        "no ARN",
        "of another",
        "by name",
        "by name, other",
        "of which?",
        "the cluster's",
    ],
)
def test_what_a_stack_holds_is_no_left_over(tags: dict[str, str], whose: Whose) -> None:
    assert _THERE.claim("team1-lab-x", tags).whose is whose


@pytest.mark.parametrize(
    ("region", "whose"),
    [("ap-northeast-2", Whose.LEFT), ("us-east-1", Whose.LEFT), ("eu-west-1", Whose.OTHERS)],
)
def test_a_stack_of_the_same_name_in_another_region_keeps_what_it_has(region: str, whose: Whose) -> None:
    arn = f"arn:aws:cloudformation:{region}:123456789012:stack/team1-lab-DataStack/2b"
    tags = {**_OURS, STACK_NAME: "team1-lab-DataStack", STACK_ID: arn}
    assert _GONE.claim("distribution-1", tags).whose is whose


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        (_OURS, Whose.UNCLEAR),
        ({**_OURS, STACK_NAME: "team1-lab-DataStack"}, Whose.LEFT),
        ({"Cluster": "team1-lab-tiketi"}, Whose.LEFT),
    ],
    ids=["a name", "its stack", "its cluster"],
)
def test_while_the_copy_is_in_another_region_too_its_names_say_nothing(tags: dict[str, str], whose: Whose) -> None:
    copy = Copy(Names("team1", "lab"), {}, _REGIONS, elsewhere=True)
    assert copy.claim("team1-lab-DataStack-Role", tags).whose is whose
