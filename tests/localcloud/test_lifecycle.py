"""A stack with every type, from create to delete, in an emulator of its own: nothing of it stays."""

import json

import pytest

from localcloud.aws import Clients
from localcloud.leftovers import inventory
from localcloud.state import Cloud
from tests.localcloud import templates
from tests.localcloud.stacks import create, reasons, recorded_types, settle

pytestmark = pytest.mark.xdist_group("emulator")


def test_update_then_delete_leaves_nothing(cloud: Cloud, clients: Clients) -> None:
    cloudformation, scaling = clients.client("cloudformation"), clients.client("autoscaling")
    before = inventory(cloud)
    made = create(clients, "everything", templates.everything(recorded=recorded_types()))
    scaling.set_desired_capacity(AutoScalingGroupName=made["Group"], DesiredCapacity=3)
    body = json.dumps(templates.everything(recorded=recorded_types(), threshold=90))
    cloudformation.update_stack(StackName="everything", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stack = settle(cloudformation, "everything")
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation, stack["StackId"])
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["DesiredCapacity"] == 3, "an update must not reset the live size"
    cloudformation.delete_stack(StackName="everything")
    gone = settle(cloudformation, stack["StackId"])
    assert gone["StackStatus"] == "DELETE_COMPLETE", reasons(cloudformation, stack["StackId"])
    left = [line for line in inventory(cloud) if line not in before]
    assert left == [f"ap-northeast-2 cache snapshot {made['Cache']}-final-snapshot"]
