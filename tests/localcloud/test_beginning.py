"""`start`: what it finds in a cloud that is up. Starting one from nothing is part of the labs' rehearsal."""

import json

import pytest

from commands.errors import CommandLineError
from localcloud import beginning, command_line, emulator
from localcloud.aws import Clients
from localcloud.errors import CloudError
from localcloud.state import Cloud, State

pytestmark = pytest.mark.xdist_group("emulator")

_TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"ShopUrl": {"Value": "https://d123.cloudfront.net/"}},
}


def test_shop_is_that_of_this_copy(cloud: Cloud, clients: Clients) -> None:
    cloudformation = clients.client("cloudformation")
    assert beginning.shop_domain(cloud) == ""
    cloudformation.create_stack(StackName="another-lab-FrontendCdnStack", TemplateBody=json.dumps(_TEMPLATE))
    assert beginning.shop_domain(cloud) == ""
    name = f"{cloud.prefix}-FrontendCdnStack"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(_TEMPLATE))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert beginning.shop_domain(cloud) == "d123.cloudfront.net"


def test_a_cloud_that_is_up_stays_and_another_is_refused(
    cloud: Cloud, state: State, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "shop_domain", lambda _: "")
    processes = [process.pid for process in cloud.processes]
    beginning.start(state, command_line.options(command_line.parse(["start"])))
    assert capsys.readouterr().out == f"AWS: {cloud.endpoint}\n"
    with pytest.raises(CloudError, match="--stage dev does not fit"):
        beginning.start(state, command_line.options(command_line.parse(["start", "-c", "stage=dev"])))
    assert emulator.alive(cloud)
    assert [process.pid for process in cloud.processes] == processes


@pytest.mark.parametrize("arguments", [["start", "--port", "0"], ["start", "--concurrency", "2"], ["start", "--force"]])
def test_what_start_does_not_take_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandLineError):
        command_line.options(command_line.parse(arguments))
